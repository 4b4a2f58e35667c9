//go:build testbed

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A unit of that name that ringlet did not write is in nobody's way: enable and
// disable refuse before they change anything.
func TestAcceptanceForeignUnit(t *testing.T) {
	b := newBed(t)
	alias := b.alias("foreign")
	b.deleteAtEnd(alias)
	b.ok("profiles", "create", "claude", alias, "-p", "first")
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, ".config", "systemd", "user", unit(alias)+".service")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "[Service]\nExecStart=/bin/true\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(path) })
	before := b.tree()
	b.refused(4, []string{path, "was not written by ringlet"}, "proxy", "enable", alias)
	b.same(before, "an enable that was refused")
	b.refused(4, []string{path, "was not written by ringlet"}, "proxy", "disable", alias)
	b.same(before, "a disable that was refused")

	// One that is refused keeps none of the others from running.
	other := b.alias("neighbour")
	b.deleteAtEnd(other)
	b.ok("profiles", "create", "claude", other, "-p", "first")
	o := b.try("proxy", "enable", alias, other)
	if o.code != 4 || !strings.Contains(o.stderr, path+" was not written by ringlet") || !strings.Contains(o.stderr, fmt.Sprintf("The proxy of %q runs", other)) {
		t.Errorf("%v", o)
	}
	b.is(other, "running")
	b.client(other, false).answered(t, "any", "first")
	if got := b.status(alias).Status; got != "disabled" {
		t.Errorf("the one that was refused is %s", got)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("the foreign unit is (%v)\n%s", err, got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	b.ok("proxy", "enable", alias)
}
