//go:build testbed

package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// An idle engine leaves and costs nothing; its port stays and wakes it; nobody
// who sends just then loses a request.
func TestAcceptanceIdleExit(t *testing.T) {
	b := newBed(t)
	alias := b.alias("idle")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	b.ok("proxy", "enable", alias, "--idle", "1s")
	if s := b.status(alias); s.Idle != "1s" {
		t.Fatalf("idle is %q", s.Idle)
	}
	c := b.client(alias, false)
	send := func() {
		t.Helper()
		a, err := c.post(t.Context(), message("plain", false))
		if err != nil || a.status != http.StatusOK {
			t.Fatalf("%v, status %d: %.200s", err, a.status, a.body)
		}
	}
	asleep := func() {
		t.Helper()
		eventually(t, 10*time.Second, func() error {
			if got := property(t, unit(alias), "ActiveState"); got != "inactive" {
				return fmt.Errorf("the engine is %s", got)
			}
			return nil
		})
	}
	send()
	pid := property(t, unit(alias), "MainPID")
	asleep()
	if _, err := os.Stat("/proc/" + pid); err == nil {
		t.Errorf("the engine's process %s is still there", pid)
	}
	s := b.is(alias, "listening")
	if s.PID != 0 || s.Memory != 0 || len(s.Problems) > 0 {
		t.Errorf("while it sleeps: %+v", s)
	}
	if got := property(t, unit(alias), "ActiveState"); got != "inactive" {
		t.Errorf("status woke it: %s", got)
	}
	began := time.Now()
	send()
	wakes := []time.Duration{time.Since(began)}
	// It answers a moment before it has told systemd that it is ready.
	eventually(t, 5*time.Second, func() error {
		if got := property(t, unit(alias), "ActiveState"); got != "active" {
			return fmt.Errorf("the engine is %s", got)
		}
		return nil
	})
	if s := b.is(alias, "running"); s.PID == 0 || s.Memory == 0 || s.CPU == 0 || s.Restarts != 0 {
		t.Errorf("after it was woken: %+v", s)
	}
	// Who looks on while it leaves does not wake it.
	eventually(t, 10*time.Second, func() error {
		if out := b.ok("proxy", "status").stdout; !strings.Contains(out, " listening ") {
			return fmt.Errorf("it says %s", out)
		}
		return nil
	})
	if got := property(t, unit(alias), "ActiveState"); got != "inactive" {
		t.Errorf("looking on woke it: it is %s", got)
	}
	// A change while it sleeps is kept for when it wakes.
	asleep()
	if o := b.rule(alias, "more", "thinking", "second/other"); !strings.Contains(o.stderr, "used at the next request") {
		t.Error(o)
	}
	send()

	// A stream that takes longer is waited for, and a connection that is kept after
	// it does not keep the engine.
	kept := b.client(alias, true)
	a, err := kept.post(t.Context(), message("slow-5x500", true))
	if err != nil || !strings.Contains(a.text(), "message_stop") {
		t.Fatalf("a stream longer than the idle time: %v: %s", err, a.body)
	}
	ended := time.Now()
	asleep()
	if took := time.Since(ended); took > 4*time.Second {
		t.Errorf("with a kept connection the engine left after %v; want 1 s, and the drain", took)
	}

	// Clients that send at the moment of leaving, in turn on a connection of their
	// own and on one that is kept, without a retry: gaps around the idle time, and
	// over the drain after it.
	starts := 0
	last := ""
	for i := range 16 {
		if i%2 == 0 {
			<-time.After(860*time.Millisecond + time.Duration(i*12)*time.Millisecond)
			send()
		} else {
			<-time.After(960*time.Millisecond + time.Duration(i*27)*time.Millisecond)
			if a, err := kept.post(t.Context(), message("plain", false)); err != nil || a.status != http.StatusOK {
				t.Errorf("on a kept connection: %v, status %d: %.200s", err, a.status, a.body)
			}
		}
		if now := property(t, unit(alias), "MainPID"); now != last {
			last, starts = now, starts+1
		}
	}
	if starts < 3 || starts > 15 {
		t.Errorf("the engine was started %d times in 16 gaps: the moment of leaving was not met", starts)
	}
	t.Logf("16 gaps around the idle time: %d engines, 0 requests lost", starts)

	for range 3 {
		asleep()
		began := time.Now()
		send()
		wakes = append(wakes, time.Since(began))
	}
	t.Logf("a request that wakes the engine took %v (median)", median(wakes).Round(time.Millisecond))

	b.ok("proxy", "enable", alias, "--idle", "off")
	if s := b.status(alias); s.Idle != "off" || strings.Contains(property(t, unit(alias), "ExecStart"), "--idle") {
		t.Errorf("after --idle off: %+v", s)
	}
	b.refused(2, []string{"ultrallm engine cannot leave when it is idle"}, "proxy", "enable", alias, "--idle", "5m", "--engine", "ultrallm")
}
