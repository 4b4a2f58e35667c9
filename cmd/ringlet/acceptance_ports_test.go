//go:build testbed

package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// holdPort listens on a port of its own choice until the end of the test.
func holdPort(t testing.TB) (port int, holder string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).Port, fmt.Sprintf("(pid %d)", os.Getpid())
}

// A port that is taken is refused with its holder's name, and nothing changes.
func TestAcceptanceTakenPort(t *testing.T) {
	b := newBed(t)
	port, holder := holdPort(t)

	running := b.alias("pin")
	b.create(running)
	b.rule(running, "default", "always", "first/plain")
	before, files := b.is(running, "running"), b.tree()
	b.refused(1, []string{fmt.Sprint(port), holder}, "proxy", "enable", running, "--port", fmt.Sprint(port))
	if s := b.is(running, "running"); s.Port != before.Port || s.PID != before.PID || s.Health.Seq != before.Health.Seq {
		t.Errorf("the refusal changed the running proxy: %+v, before %+v", s, before)
	}
	b.same(files, "a refused enable --port")
	b.client(running, false).answered(t, "any", "first")

	idle := b.alias("pin-idle")
	b.deleteAtEnd(idle)
	b.ok("profiles", "create", "claude", idle, "-p", "first")
	files = b.tree()
	b.refused(1, []string{fmt.Sprint(port), holder}, "proxy", "enable", idle, "--port", fmt.Sprint(port))
	b.same(files, "a refused enable --port of a profile without a proxy")
	if units := unitFilesOf(t, idle); len(units) > 0 {
		t.Errorf("it left %v", units)
	}
	// That of another profile is named by the profile.
	b.refused(1, []string{fmt.Sprint(before.Port), running}, "proxy", "enable", idle, "--port", fmt.Sprint(before.Port))
	b.same(files, "enable --port with another profile's port")

	// A port that is free is taken, and kept.
	free := b.spare()
	b.ok("proxy", "enable", running, "--port", fmt.Sprint(free))
	if s := b.is(running, "running"); s.Port != free {
		t.Errorf("it runs on %d, not on the pinned %d", s.Port, free)
	}
	if listening(t, before.Port) {
		t.Errorf("the old port %d is still open", before.Port)
	}
	b.client(running, false).answered(t, "any", "first")
	if !strings.Contains(b.read(settingsFile(running)), fmt.Sprintf("http://127.0.0.1:%d", free)) {
		t.Errorf("the agent points elsewhere: %s", b.read(settingsFile(running)))
	}
}
