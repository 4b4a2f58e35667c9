package safefile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWriteThenRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	for _, content := range []string{"one", "two"} {
		if err := Write(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path, true)
		if err != nil || string(got) != content {
			t.Fatalf("%q, %v", got, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("temporary files stay: %v, %v", left, err)
	}
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	check := func(name, path string, private bool, want string) {
		t.Helper()
		_, err := Read(path, private)
		var te *TrustError
		if !errors.As(err, &te) || !strings.Contains(err.Error(), want) || te.Hint() == "" {
			t.Errorf("%s: %v; want …%s…", name, err, want)
		}
	}
	check("link", link, false, "symbolic link")
	check("directory", dir, false, "not a regular file")
	if err := os.Chmod(file, 0o620); err != nil {
		t.Fatal(err)
	}
	check("group can write", file, false, "written by others")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	check("others can read a secret", file, true, "others can read")
	if _, err := Read(file, false); err != nil {
		t.Errorf("a file that others may read: %v", err)
	}
	if _, err := Read(filepath.Join(dir, "none"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := Write(link, []byte("y"), 0o600); err == nil {
		t.Error("a link was replaced")
	}
}

func TestLockExcludes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second lock: %v", err)
	}
	release()
	again, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestWriteDoesNotKeepLooserPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, perm := range []fs.FileMode{0o644, 0o600, 0o664} {
		if err := Write(path, []byte("x"), perm); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != perm {
			t.Errorf("mode %v, want %v (%v)", info.Mode(), perm, err)
		}
	}
}
