//go:build ringlet_faults

package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFaultsOnDemand: the fault comes at the change that was asked for, and what
// is there stays as it was.
func TestFaultsOnDemand(t *testing.T) {
	for at, want := range map[string]error{"1": syscall.EIO, "3": syscall.EIO, "4": syscall.EIO, "5": nil, "6": syscall.EIO, "7": nil} {
		dir := t.TempDir()
		path, log := filepath.Join(dir, "file"), filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("RINGLET_FAULTS_LOG", log)
		t.Setenv("RINGLET_FAULTS_AT", at)
		t.Setenv("RINGLET_FAULTS_DO", "fail")
		if err := Write(path, []byte("new"), 0o600); !errors.Is(err, want) {
			t.Errorf("at %s: %v, not %v", at, err, want)
		}
		data, err := os.ReadFile(path)
		if replaced := at > "4"; err != nil || string(data) != map[bool]string{true: "new", false: "old"}[replaced] {
			t.Errorf("at %s: %q, %v", at, data, err)
		}
		if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
			t.Errorf("at %s there is something left: %v, %v", at, list, err)
		}
		text, err := os.ReadFile(log)
		if err != nil || at == "7" && strings.Count(string(text), "\n") != 6 {
			t.Errorf("at %s: %v\n%s", at, err, text)
		}
	}
}
