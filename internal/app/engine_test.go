package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The documented order: the cache, ~/.local/bin, PATH.
func TestFindUltrallm(t *testing.T) {
	home, first, second := t.TempDir(), t.TempDir(), t.TempDir()
	put := func(dir string, mode os.FileMode) string {
		t.Helper()
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "ultrallm")
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	path := "relative:" + first + ":" + second
	found, looked := findUltrallm(home, path)
	if why := strings.Join(looked, "; "); found != "" || !strings.Contains(why, filepath.Join(home, ".cache/ringlet/binaries/ultrallm")+" is not there") ||
		!strings.Contains(why, filepath.Join(home, ".local/bin/ultrallm")+" is not there") || !strings.Contains(why, "PATH") {
		t.Errorf("%q, %s", found, why)
	}
	put(first, 0o644)
	want := put(second, 0o755)
	for _, dir := range []string{"", ".local/bin", ".cache/ringlet/binaries"} {
		if dir != "" {
			want = put(filepath.Join(home, dir), 0o755)
		}
		if found, _ := findUltrallm(home, path); found != want {
			t.Errorf("found %s, want %s", found, want)
		}
	}
	for mode, says := range map[os.FileMode]string{0o777: "written by others", 0o755 | 0o020: "written by others", 0o644: "not executable"} {
		file := put(t.TempDir(), mode)
		if why := unusable(file); !strings.Contains(why, says) {
			t.Errorf("%v: %q", mode, why)
		}
	}
	if why := unusable(home); why != "is not a file" {
		t.Errorf("a folder: %q", why)
	}
}
