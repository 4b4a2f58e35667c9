package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckDir(t *testing.T) {
	tmp := t.TempDir()
	good := filepath.Join(tmp, "good")
	open := filepath.Join(tmp, "open")
	link := filepath.Join(tmp, "link")
	file := filepath.Join(tmp, "file")
	if err := errors.Join(os.Mkdir(good, 0o755), os.Mkdir(open, 0o700), os.Chmod(open, 0o770),
		os.Symlink(good, link), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{good, filepath.Join(tmp, "missing")} {
		if err := CheckDir(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for path, why := range map[string]string{open: "written by others (mode 0770)", link: "symbolic link", file: "not a folder"} {
		err := CheckDir(path)
		var trust *TrustError
		if !errors.As(err, &trust) || !strings.Contains(err.Error(), why) || trust.Hint() == "" {
			t.Errorf("%s: got %v; want it to say %q, and what to do", path, err, why)
		}
	}
}
