package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestCreateNeverReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "token")
	if err := Create(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	data, err := os.ReadFile(path)
	if err != nil || string(data) != "one" {
		t.Errorf("%q, %v", data, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if list, err := os.ReadDir(filepath.Dir(path)); err != nil || len(list) != 1 {
		t.Errorf("beside it there is something left: %v, %v", list, err)
	}
}

func TestFoldersComeAndGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := MakeDirs(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MakeDirs(filepath.Join(dir, "file", "below"), 0o700); err == nil {
		t.Error("a folder was made in a file")
	}
	for range 2 {
		if err := RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if err := Remove(filepath.Join(dir, "file")); err != nil {
		t.Errorf("removing what is in a folder that is gone: %v", err)
	}
}

func TestRemoveEmpty(t *testing.T) {
	dir := t.TempDir()
	empty, used := filepath.Join(dir, "empty"), filepath.Join(dir, "used")
	for _, path := range []string{empty, filepath.Join(used, "below")} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for path, gone := range map[string]bool{empty: true, used: false, filepath.Join(dir, "never", "there"): true} {
		if RemoveEmpty(path) != gone {
			t.Errorf("%s: gone should be %t", path, gone)
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) != gone {
			t.Errorf("%s: %v", path, err)
		}
	}
}
