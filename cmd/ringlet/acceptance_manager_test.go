//go:build testbed

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A user manager that replaces itself (daemon-reexec, as an upgrade of systemd
// does) costs no request, and commands find the proxies as they were.
func TestAcceptanceManagerReexec(t *testing.T) {
	b := newBed(t)
	alias := b.alias("reexec")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	pid := b.is(alias, "running").PID
	clients := startLoad(b, alias, 4)
	watched, end := b.watch("proxy", "status", alias, "--watch")
	watched.sees(t, 0, alias+" ")
	for range 3 {
		mustSystemctl(t, "daemon-reexec")
		if s := b.is(alias, "running"); s.PID != pid || s.Restarts != 0 {
			t.Errorf("after a daemon-reexec: %+v", s)
		}
	}
	b.ok("proxy", "restart", alias)
	clients.lost(t)
	// Who watches is told of what comes after it.
	n := len(watched.since(0))
	b.ok("proxy", "stop", alias)
	watched.sees(t, n, "- stopped")
	end()
	t.Logf("%d requests, %d failed, over 3 times daemon-reexec and a restart", clients.requests.Load(), clients.failures.Load())
}

// Without the user's bus all works, for ringlet asks the manager itself. Where the
// manager cannot be asked either, commands say so, and proxies go on.
func TestAcceptanceBusGone(t *testing.T) {
	b := newBed(t)
	alias := b.alias("bus")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	runtime := os.Getenv("XDG_RUNTIME_DIR")
	hide := func(t *testing.T, name string) {
		path := filepath.Join(runtime, name)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.Rename(path+".away", path); err != nil {
				t.Error(err)
			}
		})
	}
	clients := startLoad(b, alias, 2)
	t.Run("without the bus", func(t *testing.T) {
		hide(t, "bus")
		b.is(alias, "running")
		b.rule(alias, "more", `model == "more"`, "second/more")
		b.client(alias, false).answered(t, "more", "second")
		b.ok("proxy", "restart", alias)
	})
	c := b.client(alias, false)
	hide(t, "bus")
	hide(t, "systemd/private")
	for _, args := range [][]string{{"proxy", "restart", alias}, {"proxy", "stop", alias}} {
		b.refused(4, []string{"user manager", "no socket"}, args...)
	}
	c.answered(t, "any", "first")
	clients.lost(t)
	t.Logf("%d requests, %d failed, while the manager could not be asked", clients.requests.Load(), clients.failures.Load())
}

// A journal that is restarted costs no request, and has the records of the
// requests after it.
func TestAcceptanceJournaldRestarted(t *testing.T) {
	b := newBed(t)
	alias := b.alias("journald")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	clients := startLoad(b, alias, 2)
	b.rule(alias, "noted", `model matches "the-journal"`, "second/noted")
	b.client(alias, false).answered(t, "before-the-journal", "second")
	followed, end := b.watch("proxy", "logs", alias, "--follow", "--grep", "^noted -> ")
	followed.sees(t, 0, "noted -> second/noted")
	for range 2 {
		if err := os.WriteFile(asks+"journald", nil, 0o644); err != nil {
			t.Fatalf("%v; these tests run in packaging/testbed", err)
		}
		eventually(t, patience, func() error {
			if _, err := os.Stat(asks + "journald"); err == nil {
				return fmt.Errorf("the journal's service is not restarted")
			}
			return nil
		})
	}
	clients.lost(t)
	c := b.client(alias, false)
	c.answered(t, "after-the-journal", "second")
	journal(t, alias, func(f map[string]any) bool { return f["RINGLET_MODEL"] == "after-the-journal" })
	if s := b.is(alias, "running"); s.Restarts != 0 {
		t.Errorf("the engine was restarted: %+v", s)
	}
	// Who follows the log has not missed it.
	followed.sees(t, 1, "noted -> second/noted")
	end()
	t.Logf("%d requests, %d failed, while the journal was restarted twice", clients.requests.Load(), clients.failures.Load())
}
