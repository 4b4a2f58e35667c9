package safefile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// The next writer of a file removes what a killed one left, and nothing else.
func TestSweepsLeftovers(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(path string) error
	}{
		{"write", func(path string) error { return Write(path, []byte("new"), 0o600) }},
		{"remove", Remove},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			keep := []string{".token", ".token12x", ".tokens123", "token123", ".token-5", ".token123.bak", ".token9999999999999999999"}
			for _, name := range append(keep, ".token123", ".token9223372036854775807") {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("secret"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink("token123", filepath.Join(dir, ".token77")); err != nil {
				t.Fatal(err)
			}
			if err := tc.do(filepath.Join(dir, "token")); err != nil {
				t.Fatal(err)
			}
			for _, name := range append(keep, ".token77") {
				if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
					t.Errorf("%s is none of a writer's: %v", name, err)
				}
			}
			for _, name := range []string{".token123", ".token9223372036854775807"} {
				if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
}

// Writers that are alive are not swept by each other, in this process or another.
func TestWritersDoNotSweepEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if os.Getenv("SAFEFILE_TEST_PATH") != "" {
		path = os.Getenv("SAFEFILE_TEST_PATH")
	} else {
		other := exec.Command(os.Args[0], "-test.run=^TestWritersDoNotSweepEachOther$")
		other.Env = append(os.Environ(), "SAFEFILE_TEST_PATH="+path)
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := other.Wait(); err != nil {
				t.Errorf("the other process: %v", err)
			}
			if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
				t.Errorf("in the folder: %v, %v", entries, err)
			}
		}()
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 100 {
				if err := Write(path, fmt.Appendf(nil, "%d %d", i, j), 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
