package agentstest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// put writes the agent's settings, as a user has them.
func (p place) put(text string, perm fs.FileMode) {
	p.t.Helper()
	path := p.agent.SettingsPath(p.home)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), perm); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Chmod(path, perm); err != nil { // whatever the umask
		p.t.Fatal(err)
	}
}

// text is the settings as they are.
func (p place) text() string {
	p.t.Helper()
	b, err := os.ReadFile(p.agent.SettingsPath(p.home))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// is makes sure of the settings' bytes and permissions.
func (p place) is(text string, perm fs.FileMode) {
	p.t.Helper()
	if got := p.text(); got != text {
		p.t.Fatalf("the settings are\n%s\nand should be\n%s", got, text)
	}
	mode(p.t, p.agent.SettingsPath(p.home), perm)
}

// gone makes sure that neither settings nor record are left.
func (p place) gone() {
	p.t.Helper()
	absent(p.t, p.agent.SettingsPath(p.home))
	p.noRecord()
}

func (p place) noRecord() {
	p.t.Helper()
	absent(p.t, p.dir)
}

// private makes sure that nobody else can read the settings or the record.
func (p place) private() {
	p.t.Helper()
	path := p.agent.SettingsPath(p.home)
	mode(p.t, path, 0o600)
	mode(p.t, filepath.Dir(path), 0o700)
	mode(p.t, p.dir, 0o700)
	entries, err := os.ReadDir(p.dir)
	if err != nil || len(entries) == 0 {
		p.t.Fatalf("no restore record: %v", err)
	}
	for _, e := range entries {
		record := filepath.Join(p.dir, e.Name())
		mode(p.t, record, 0o600)
		b, err := os.ReadFile(record)
		if err != nil {
			p.t.Fatal(err)
		}
		noToken(p.t, string(b)) // sums of it, not itself
	}
}

func mode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %04o, want %04o", path, got, want)
	}
}

func absent(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		b, _ := os.ReadFile(path)
		t.Fatalf("%s is still there: %s", path, bytes.TrimSpace(b))
	}
}

func noToken(t *testing.T, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if strings.Contains(s, tokenA) || strings.Contains(s, tokenB) {
			t.Errorf("a token is shown: %s", s)
		}
	}
}
