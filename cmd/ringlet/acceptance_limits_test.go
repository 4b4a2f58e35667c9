//go:build testbed

package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// exhausted makes a profile whose engine has no file descriptor left: connections
// hold them, and more of those wait in the port's queue, until release.
func exhausted(b *bed, name, dropin string) (alias string, kept *client, pid int, release func()) {
	b.t.Helper()
	alias = b.alias(name)
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	dropIn(b.t, alias, "[Service]\nLimitNOFILE=48\n"+dropin)
	b.ok("proxy", "restart", alias)
	s := b.is(alias, "running")
	kept = b.client(alias, true)
	kept.answered(b.t, "any", "first")
	var conns []net.Conn
	release = func() {
		for _, conn := range conns {
			conn.Close()
		}
	}
	b.t.Cleanup(release)
	for range 100 {
		conn, err := (&net.Dialer{}).DialContext(b.t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
		if err != nil {
			b.t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	eventually(b.t, patience, func() error {
		list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.PID))
		if err == nil && len(list) < 47 {
			return fmt.Errorf("only %d descriptors are open", len(list))
		}
		return err
	})
	return alias, kept, s.PID, release
}

// An engine that has no file descriptor left answers on the connections that it
// has, and takes new ones again by itself when there are some.
func TestAcceptanceDescriptorLimit(t *testing.T) {
	b := newBed(t)
	alias, kept, pid, release := exhausted(b, "nofile", "")
	answers := map[int]int{}
	for began := time.Now(); time.Since(began) < 2*time.Second; {
		a, err := kept.post(t.Context(), message("any", false))
		if err != nil {
			t.Fatalf("a request on a connection that was there: %v", err)
		}
		answers[a.status]++
	}
	release()
	began := time.Now()
	b.client(alias, false).answered(t, "any", "first")
	took := time.Since(began)
	if s := b.is(alias, "running"); s.PID != pid || s.Restarts != 0 {
		t.Errorf("afterwards: %+v, was pid %d", s, pid)
	}
	t.Logf("answers meanwhile, by status: %v; a new connection was answered %v after there were descriptors again", answers, took.Round(time.Millisecond))
}

// One that stays without is restarted by the watchdog, whose check needs a
// connection as agents do.
func TestAcceptanceDescriptorLimitWatched(t *testing.T) {
	b := newBed(t)
	began := time.Now()
	alias, _, pid, _ := exhausted(b, "nofile-watched", "WatchdogSec=5s\n")
	restartedByWatchdog(b, alias, pid, b.client(alias, false), began)
}

// An engine that runs out of memory ends and serves again. The limit is one on its
// address space, set while it runs: not every machine has control groups that can
// enforce MemoryMax=. The kernel's own way to end it, SIGKILL, is tested beside this.
func TestAcceptanceMemoryLimit(t *testing.T) {
	b := newBed(t)
	alias := b.alias("memory")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	c := b.client(alias, false)
	c.answered(t, "any", "first")
	pid := b.is(alias, "running").PID
	limit := uint64(statusOf(t, pid, "VmSize")+24<<10) << 10
	if err := unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: limit, Max: limit}, nil); err != nil {
		t.Fatal(err)
	}
	body := strings.Replace(message("any", false), "say hi", strings.Repeat("word é ", 50<<20/8), 1)
	began := time.Now()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { _, _ = c.post(t.Context(), body) }) // lost with the engine
	}
	wg.Wait()
	eventually(t, patience, func() error {
		if now := b.status(alias); now.Restarts == 0 || now.PID == pid {
			return fmt.Errorf("it was not ended by its limit: %+v", now)
		}
		return nil
	})
	eventually(t, patience, func() error {
		a, err := c.post(t.Context(), message("any", false))
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("status %d", a.status)
		}
		return err
	})
	t.Logf("serving again %v after the bodies that were too much", time.Since(began).Round(time.Millisecond))
	if s := b.becomes(alias, "running"); s.Restarts != 1 {
		t.Errorf("%+v; it should have been restarted once", s)
	}
}

// statusOf is a line of /proc/PID/status, in KiB.
func statusOf(t testing.TB, pid int, name string) (kib int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, name+": %d kB", &kib); err == nil {
			return kib
		}
	}
	t.Fatalf("no %s in %s", name, text)
	return 0
}
