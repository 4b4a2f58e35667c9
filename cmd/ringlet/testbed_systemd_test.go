//go:build testbed

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// systemctl runs systemctl --user and returns its exit code and what it said.
func systemctl(t testing.TB, args ...string) (code int, out string) {
	t.Helper()
	cmd := exec.Command("systemctl", append([]string{"--user", "--no-pager"}, args...)...)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("systemctl --user %s: %v", strings.Join(args, " "), err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// mustSystemctl runs systemctl --user, which has to succeed.
func mustSystemctl(t testing.TB, args ...string) string {
	t.Helper()
	code, out := systemctl(t, args...)
	if code != 0 {
		t.Fatalf("systemctl --user %s: exit %d: %s", strings.Join(args, " "), code, out)
	}
	return out
}

// unit is what users type for a profile's proxy.
func unit(alias string) string { return "ringlet-proxy@" + alias }

// property is one property of a profile's service or socket.
func property(t testing.TB, unit, name string) string {
	t.Helper()
	return strings.TrimSpace(mustSystemctl(t, "show", "--property="+name, "--value", unit))
}

// unitDir is where the tester's manager has its units, whatever a test's HOME.
func unitDir(t testing.TB) string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(home, ".config", "systemd", "user")
}

// dropIn adds a drop-in to a profile's service until the end of the test.
func dropIn(t testing.TB, alias, text string) {
	t.Helper()
	dir := filepath.Join(unitDir(t), unit(alias)+".service.d")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(filepath.Join(dir, "test.conf"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	mustSystemctl(t, "daemon-reload")
}

// unitFilesOf lists what lies in the manager's folder under a profile's name,
// links of enabled units and half-written files included.
func unitFilesOf(t testing.TB, alias string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(unitDir(t), func(path string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if strings.Contains(filepath.Base(path), alias) {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// journal reads the records of a profile's unit that ask accepts, waiting for
// at least one: the journal is written a moment later, by another process.
func journal(t testing.TB, alias string, ask func(fields map[string]any) bool) []map[string]any {
	t.Helper()
	var found []map[string]any
	eventually(t, patience, func() error {
		found = nil
		out, err := exec.Command("journalctl", "--user", "-u", unit(alias), "-o", "json", "--all", "--quiet").Output()
		if err != nil {
			return fmt.Errorf("journalctl: %w", err)
		}
		for line := range strings.Lines(string(out)) {
			fields := map[string]any{}
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				return fmt.Errorf("%w in %s", err, line)
			}
			if ask(fields) {
				found = append(found, fields)
			}
		}
		if len(found) == 0 {
			return fmt.Errorf("no such record of %s in the journal, among:\n%s", unit(alias), out)
		}
		return nil
	})
	return found
}

// eventually fails the test unless ask succeeds in time.
func eventually(t testing.TB, within time.Duration, ask func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), within)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %v", within, err)
		case <-again.C:
		}
	}
}
