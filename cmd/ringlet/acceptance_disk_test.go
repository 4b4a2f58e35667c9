//go:build testbed

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// unwritable is what holds where nothing can be written: the proxy serves, what
// only reads works, and what has to write is refused and changes nothing.
func unwritable(b *bed, alias string, refused [][]string, words ...string) {
	b.t.Helper()
	c, before := b.client(alias, false), b.tree()
	for range 3 {
		c.answered(b.t, "any", "first")
	}
	b.is(alias, "running")
	b.ok("proxy", "route", "list", alias)
	for _, args := range append(refused,
		[]string{"proxy", "route", "add", alias, "more", `model == "more"`, "second/more"},
		[]string{"proxy", "enable", alias, "--port", fmt.Sprint(b.spare())},
		[]string{"profiles", "create", "claude", alias + "-more", "--proxy", "-p", "first"}) {
		b.refused(1, words, args...)
		b.same(before, strings.Join(args, " "))
		c.answered(b.t, "any", "first")
	}
	if s := b.is(alias, "running"); len(s.Problems) > 0 || s.Restarts != 0 {
		b.t.Errorf("afterwards: %+v", s)
	}
}

// small is a disk of 4 MiB.
const small = "/srv/small"

// smallHome is a home on the small disk.
func smallHome(t *testing.T) string {
	t.Helper()
	home, err := os.MkdirTemp(small, "home")
	if err != nil {
		t.Fatalf("%v; these tests run in packaging/testbed", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	return home
}

// fillDisk fills the small disk to its last byte, until free is called.
func fillDisk(t *testing.T) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(small, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	free = func() { _ = os.Remove(f.Name()) }
	t.Cleanup(free)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return free
}

// On a full disk a proxy goes on serving; commands say that there is no room, and
// leave nothing half-written. With room again, all works.
func TestAcceptanceDiskFull(t *testing.T) {
	b := newBedIn(t, "ringlet", smallHome(t))
	alias := b.alias("full")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")

	free := fillDisk(t)
	unwritable(b, alias, nil, "no space left on device", "make room")
	free()
	b.rule(alias, "more", `model == "more"`, "second/more")
	b.client(alias, false).answered(t, "more", "second")
	b.ok("proxy", "restart", alias)
	b.client(alias, false).answered(t, "more", "second")
}

// On a full disk disable and delete work: they make room before they write.
func TestAcceptanceDiskFullCanBeLeft(t *testing.T) {
	b := newBedIn(t, "ringlet", smallHome(t))
	alias := b.alias("leave")
	b.create(alias)
	defer fillDisk(t)()
	b.ok("proxy", "disable", alias)
	b.nothingLeft(alias)
	b.ok("profiles", "delete", alias)
}

// The same where the home has become read-only.
func TestAcceptanceReadOnlyHome(t *testing.T) {
	b := newBed(t)
	alias := b.alias("ro")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	ask := asks + "read-only"
	if err := os.WriteFile(ask+"-new", []byte(b.home), 0o644); err != nil {
		t.Fatalf("%v; these tests run in packaging/testbed", err)
	}
	writable := func() error { return os.WriteFile(b.path("probe"), nil, 0o600) }
	release := func() {
		if err := os.Remove(ask); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		eventually(t, patience, writable)
		_ = os.Remove(b.path("probe"))
	}
	t.Cleanup(release)
	if err := os.Rename(ask+"-new", ask); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, func() error {
		if err := writable(); !errors.Is(err, syscall.EROFS) {
			return fmt.Errorf("the home is not read-only: %v", err)
		}
		return nil
	})
	unwritable(b, alias, [][]string{{"proxy", "disable", alias}}, "read-only file system")
	release()
	b.rule(alias, "more", `model == "more"`, "second/more")
	b.client(alias, false).answered(t, "more", "second")
}
