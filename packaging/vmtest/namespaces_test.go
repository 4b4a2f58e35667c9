//go:build vm

package vmtest

import (
	"strings"
	"testing"
)

// Proxies that are hardened by user namespaces, then a boot of a kernel that has
// none: they answer before anybody types a command, without the sandbox. enable
// works there; and with the next boot, which has them, the sandbox can be had back.
func TestNamespacesTakenAway(t *testing.T) {
	m := newMachine(t)
	m.settle()
	both := []string{"one", "two"}
	for _, alias := range both {
		m.create(alias, "plain")
		m.answered(alias)
		if got := m.property("ringlet-proxy@"+alias+".service", "PrivateUsers"); got != "yes" {
			t.Fatalf("PrivateUsers of %s is %s in a machine that has them", alias, got)
		}
	}
	m.ringlet("proxy enable two --idle 1s")
	t.Log(m.ok("systemd-analyze --user --no-pager security ringlet-proxy@one.service | tail -n 1"))
	without := "sysctl.user.max_user_namespaces=0"
	m.extra = without
	m.restart()
	m.upstream()
	if got := m.try("unshare --user true"); got.code == 0 {
		t.Fatalf("this kernel has user namespaces all the same: %v", got)
	}
	// No command of ringlet's until here.
	for _, alias := range both {
		s := m.answered(alias)
		t.Logf("%s: answered %d ms after it was asked", alias, s.SlowestMS)
		if got := m.property("ringlet-proxy@"+alias+".service", "PrivateUsers"); got != "no" {
			t.Errorf("PrivateUsers of %s is %s, and they are not to be had", alias, got)
		}
	}
	if s := m.status("one"); s.Status != "running" || len(s.Problems) > 0 {
		t.Errorf("%+v", s)
	}
	m.said(m.ringlet("proxy logs one -n 50"), "217", "does without user namespaces")
	m.said(m.ringlet("doctor --offline one"), "where services may have no user namespaces")
	m.create("three", "plain")
	m.answered("three")
	if text := m.ok("cat ~/.config/systemd/user/ringlet-proxy@three.service"); strings.Contains(text, "PrivateUsers=yes") {
		t.Errorf("it was enabled with a sandbox that cannot be had:\n%s", text)
	}
	m.ringlet("proxy restart one")
	m.answered("one")

	m.extra = ""
	m.restart()
	m.upstream()
	for _, alias := range append(both, "three") {
		m.answered(alias)
	}
	m.said(m.ringlet("doctor --offline one"), "a stricter one is to be had")
	m.ringlet("daemon restart")
	for _, alias := range append(both, "three") {
		m.answered(alias)
		if got := m.property("ringlet-proxy@"+alias+".service", "PrivateUsers"); got != "yes" {
			t.Errorf("PrivateUsers of %s is %s after the restart", alias, got)
		}
	}

	// Switched off in a machine that runs: what runs goes on, and a restart mends.
	m.root("sysctl -q user.max_user_namespaces=0")
	m.answered("one")
	pid := m.status("one").PID
	m.ok("kill -KILL " + m.property("ringlet-proxy@one.service", "MainPID"))
	s := m.post("one", "-posts 1")
	if s.Outcomes["200"] != 1 {
		s = m.post("one", "-for 20s")
		t.Logf("after it was killed: %+v", s)
	}
	if now := m.status("one"); now.Status != "running" || now.PID == pid || s.Outcomes["200"] == 0 {
		t.Errorf("a proxy that is killed where user namespaces were switched off: %+v, %+v", now, s)
	}
	m.ringlet("proxy restart two")
	m.answered("two")
	for _, alias := range append(both, "three") {
		m.ringlet("proxy disable " + alias)
	}
	if left := m.ok("ls -R ~/.config/systemd/user | grep ringlet || true"); left != "" {
		t.Errorf("left: %s", left)
	}
}
