package profiles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
)

func TestDelete(t *testing.T) {
	s, _ := open(t)
	create(t, s, "work")
	create(t, s, "home")
	kept := filepath.Join(s.dirs.ClaudeConfigDir("claude", "work"), "history.jsonl")
	if err := errors.Join(
		os.MkdirAll(filepath.Dir(kept), 0o700), os.WriteFile(kept, []byte("mine"), 0o600),
		os.MkdirAll(s.dirs.LogsDir("claude", "work"), 0o700), os.WriteFile(s.dirs.ProxyLog("claude", "work"), nil, 0o600),
		os.MkdirAll(s.dirs.RestoreDir("work"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	left, err := s.Delete(t.Context(), "work")
	if err != nil || left != s.dirs.ProfileHome("claude", "work") {
		t.Errorf("%q, %v", left, err)
	}
	for path := range tree(t, s) {
		if strings.Contains(path, "work") && !strings.HasSuffix(path, "history.jsonl") {
			t.Errorf("left behind: %s", path)
		}
	}
	if data, err := os.ReadFile(kept); err != nil || string(data) != "mine" {
		t.Errorf("the user's file: %q, %v", data, err)
	}
	if port, err := s.Port("work"); port != 0 || err != nil || s.tokens.(fakeTokens)["work"] {
		t.Errorf("port %d, %v, token %v", port, err, s.tokens)
	}
	if port, _ := s.Port("home"); port != 8082 {
		t.Errorf("the other profile's port is %d", port)
	}
	if _, err := s.Delete(t.Context(), "work"); fault.ExitCode(err) != 3 {
		t.Errorf("again: %v", err)
	}
	if left, err := s.Delete(t.Context(), "home"); err != nil || left != "" {
		t.Errorf("a home with nothing in it: %q, %v", left, err)
	}
	if _, err := os.Stat(s.dirs.ProfileHome("claude", "home")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty home stays: %v", err)
	}
}

func TestDeleteDoesNotFollowLinks(t *testing.T) {
	s, _ := open(t)
	create(t, s, "work")
	outside := filepath.Join(s.dirs.Home, "precious")
	engine := s.dirs.EngineDir("claude", "work")
	if err := errors.Join(os.Mkdir(outside, 0o700), os.WriteFile(filepath.Join(outside, "f"), nil, 0o600),
		os.RemoveAll(engine), os.Symlink(outside, engine)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(t.Context(), "work"); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(outside, "f")); err != nil {
		t.Error(err)
	}
}
