package app

import (
	"os"
	"path/filepath"
	"testing"
)

// What Homebrew replaces is named by the link that it keeps (docs.brew.sh: opt prefix).
func TestKeptPath(t *testing.T) {
	prefix := t.TempDir()
	cellar := filepath.Join(prefix, "Cellar", "ringlet", "1.2.3")
	exe := filepath.Join(cellar, "bin", "ringlet")
	opt := filepath.Join(prefix, "opt", "ringlet")
	for _, dir := range []string{filepath.Dir(exe), filepath.Dir(opt)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(exe, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := keptPath(exe); got != exe {
		t.Errorf("without the link it is %s, not %s", got, exe)
	}
	if err := os.Symlink(cellar, opt); err != nil {
		t.Fatal(err)
	}
	if got, want := keptPath(exe), filepath.Join(opt, "bin", "ringlet"); got != want {
		t.Errorf("it is %s, not %s", got, want)
	}
	if got := keptPath("/usr/bin/ringlet"); got != "/usr/bin/ringlet" {
		t.Errorf("it is %s", got)
	}
}
