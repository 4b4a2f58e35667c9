//go:build testbed

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// dpkg has the testbed's root run dpkg, which has to succeed, and returns what it
// printed.
func dpkg(t testing.TB, args ...string) string {
	t.Helper()
	began := time.Now()
	// Nothing is done before all of it is there.
	if err := os.WriteFile(asks+"dpkg.new", []byte(strings.Join(args, " ")), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(asks+"dpkg.new", asks+"dpkg"); err != nil {
		t.Fatal(err)
	}
	eventually(t, 3*patience, func() error {
		_, err := os.Lstat(asks + "dpkg")
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("dpkg %s has not ended (%v)", strings.Join(args, " "), err)
	})
	t.Logf("dpkg %s took %v", args[0], time.Since(began).Round(time.Millisecond))
	said, err := os.ReadFile(asks + "dpkg-log")
	if err != nil {
		t.Fatal(err)
	}
	if code, err := os.ReadFile(asks + "dpkg-code"); err != nil || string(code) != "0\n" {
		t.Fatalf("dpkg %s: exit %s (%v): %s", strings.Join(args, " "), code, err, said)
	}
	return string(said)
}

// debOf is the package of a version, as make testbed-packages builds it.
func debOf(t testing.TB, version string) string {
	t.Helper()
	found, err := filepath.Glob("../../build/testbed/packages-" + version + "/ringlet_" + version + "_*.deb")
	if err != nil || len(found) != 1 {
		t.Fatalf("one package of version %s is wanted, there is %q (%v); run: make testbed-packages", version, found, err)
	}
	path, err := filepath.Abs(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return path
}
