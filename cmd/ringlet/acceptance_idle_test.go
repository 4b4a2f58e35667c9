//go:build testbed

package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
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
	b.rule(alias, "held", `model == "held"`, "first/held", "--priority", "5")
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
		eventually(t, patience, func() error {
			if got := property(t, unit(alias), "ActiveState"); got != "inactive" {
				return fmt.Errorf("the engine is %s", got)
			}
			return nil
		})
	}
	send()
	// The one that runs or, while none does, the one that ran last.
	engine := func() string { t.Helper(); return property(t, unit(alias), "ExecMainPID") }
	pid := engine()
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
	// While a request is open the engine does not leave, and can be looked at.
	release := b.hold()
	open := openStream(t, c, "held")
	if s := b.becomes(alias, "running"); s.PID == 0 || s.Memory == 0 || s.CPU == 0 || s.Restarts != 0 {
		t.Errorf("after it was woken: %+v", s)
	}
	pid = engine()
	release()
	open.whole(t)
	// Who looks on while it leaves does not wake it.
	eventually(t, patience, func() error {
		if out := b.ok("proxy", "status").stdout; !strings.Contains(out, " listening ") {
			return fmt.Errorf("it says %s", out)
		}
		return nil
	})
	asleep()
	if now := engine(); now != pid {
		t.Errorf("looking on woke it: it was pid %s, and then %s", pid, now)
	}
	// A change while it sleeps is kept for when it wakes.
	if o := b.rule(alias, "more", "thinking", "second/other"); !strings.Contains(o.stderr, "used at the next request") {
		t.Error(o)
	}
	send()

	// A stream that takes longer is waited for, and a connection that is kept after
	// it does not keep the engine: of a few times it leaves soon at least once, on a
	// machine that stands still for seconds as well.
	kept := b.client(alias, true)
	for again := 3; ; again-- {
		release = b.hold()
		open = openStream(t, kept, "held")
		pid = engine()
		<-time.After(1500 * time.Millisecond) // longer than the idle time
		release()
		open.whole(t)
		asleep()
		if now := engine(); now != pid {
			t.Errorf("a stream longer than the idle time was answered by pid %s, and then pid %s ran", pid, now)
		}
		took := b.left(alias)
		if took < 4*time.Second {
			break
		}
		if again == 0 {
			t.Fatalf("with a kept connection the engine needed %v to leave; without a request it is kept for 0.3 s", took)
		}
	}

	// Clients that send at the moment of leaving, in turn on a connection of their
	// own and on one that is kept, without a retry. The gap before a request is shorter
	// after one that found no engine and longer after one that did: so they come close
	// to that moment, on a machine that is slow as well. One that crosses the end of its
	// connection is lost with any server; it takes a client that is slower than that word.
	woke, met, sent, crossed := 0, 0, 0, 0
	gaps := [2]time.Duration{980 * time.Millisecond, 1150 * time.Millisecond}
	for i := 0; i < 16 || (woke == 0 || met == 0) && i < 80; i++ {
		was := engine()
		<-time.After(gaps[i%2])
		if i%2 == 0 {
			send()
		} else {
			sent++
			ctx, late := crossing(t.Context())
			if a, err := kept.post(ctx, message("plain", false)); err != nil && a.status == 0 && late(err) {
				crossed++
			} else if err != nil || a.status != http.StatusOK {
				t.Errorf("on a kept connection: %v, status %d: %.200s", err, a.status, a.body)
			}
		}
		if engine() != was {
			woke++
			gaps[i%2] -= 25 * time.Millisecond
		} else {
			met++
			gaps[i%2] += 25 * time.Millisecond
		}
	}
	if woke == 0 || met == 0 {
		t.Errorf("%d requests woke an engine, %d met one: the moment of leaving was not met", woke, met)
	}
	if crossed > sent/2 {
		t.Errorf("%d of %d requests on a kept connection were sent when it had ended: too many to be this machine's doing", crossed, sent)
	}
	t.Logf("gaps around the idle time, at last %v: %d requests woke an engine, %d met one, %d crossed the end of a connection that was kept", gaps, woke, met, crossed)

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

// left is how long an engine that has left needed, from its own word that it leaves
// to its end.
func (b *bed) left(alias string) time.Duration {
	b.t.Helper()
	at := func(name string) int64 {
		n, err := strconv.ParseInt(property(b.t, unit(alias), name), 10, 64)
		if err != nil {
			b.t.Fatal(err)
		}
		return n
	}
	return time.Duration(at("InactiveEnterTimestampMonotonic")-at("ActiveExitTimestampMonotonic")) * time.Microsecond
}
