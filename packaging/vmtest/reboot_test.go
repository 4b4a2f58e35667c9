//go:build vm

package vmtest

import (
	"testing"
	"time"
)

// After a restart of the machine the enabled proxies answer, with nobody logged in
// and before a command is typed; disabled ones stay away.
func TestReboot(t *testing.T) {
	m := newMachine(t)
	m.settle()
	for _, alias := range []string{"runs", "stopped", "idle", "off"} {
		m.create(alias, "plain")
	}
	m.ringlet("proxy stop stopped")
	m.ringlet("proxy enable idle --idle 1s")
	m.ringlet("proxy disable off")
	// A machine without polkit: who is not root cannot change lingering, and is told who can.
	if r := m.try("~/.local/bin/ringlet daemon linger off"); r.code != 4 {
		t.Errorf("exit code 4 is wanted: %v", r)
	} else {
		m.said(r.stderr, "does not let tester change lingering", "sudo loginctl disable-linger tester")
	}
	port := m.port("runs")
	boot := m.root("cat /proc/sys/kernel/random/boot_id")
	began := time.Now()
	m.reboot()
	if m.root("cat /proc/sys/kernel/random/boot_id") == boot {
		t.Fatal("it did not restart")
	}
	m.upstream()
	back := time.Since(began)
	for _, alias := range []string{"runs", "stopped", "idle"} {
		s := m.answered(alias)
		t.Logf("%s: answered %d ms after it was asked", alias, s.SlowestMS)
	}
	// From 256 on the user manager itself has a session.
	if who := m.root("loginctl list-sessions --no-legend | grep -v ' manager ' || true"); who != "" {
		t.Errorf("somebody is logged in: %s", who)
	}
	t.Logf("the machine was back after %v; the engine was ready %s after the kernel's start", back.Round(100*time.Millisecond),
		m.property("ringlet-proxy@runs.service", "ActiveEnterTimestampMonotonic")+" µs")
	if now := m.port("runs"); now != port {
		t.Errorf("its port is %d, and was %d", now, port)
	}
	for alias, word := range map[string]string{"runs": "running", "stopped": "running", "off": "disabled"} {
		if s := m.status(alias); s.Status != word || s.Restarts != 0 || len(s.Problems) > 0 {
			t.Errorf("%s is not %s: %+v", alias, word, s)
		}
	}
}
