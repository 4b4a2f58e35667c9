//go:build testbed

package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// Lingering goes off and on over D-Bus, as an unprivileged user and without a
// password; enable --at-boot switches it on.
func TestAcceptanceLinger(t *testing.T) {
	b := newBed(t)
	alias := b.alias("linger")
	b.deleteAtEnd(alias)
	mark := "/var/lib/systemd/linger/" + os.Getenv("USER")
	lingers := func() bool { _, err := os.Stat(mark); return err == nil }
	if !lingers() {
		t.Fatal("the tester does not linger; the testbed sets that up")
	}
	// Only for a moment: ten seconds later logind would end the user manager.
	t.Cleanup(func() { b.ok("daemon", "linger", "on") })
	if out := b.ok("daemon", "linger", "off"); lingers() {
		t.Errorf("it still lingers: %v", out)
	}
	var s struct {
		User   string
		Linger bool
	}
	o := b.ok("daemon", "linger", "status", "--json")
	if err := json.Unmarshal([]byte(o.stdout), &s); err != nil || s.Linger || s.User != os.Getenv("USER") {
		t.Errorf("status says %v", o)
	}
	b.ok("profiles", "create", "claude", alias, "-p", "first")
	b.ok("proxy", "enable", alias, "--at-boot")
	if !lingers() {
		t.Error("enable --at-boot did not switch it on")
	}
	if out := b.ok("daemon", "linger", "on"); !strings.Contains(out.stderr, "so already") {
		t.Errorf("a second on says %v", out)
	}
}
