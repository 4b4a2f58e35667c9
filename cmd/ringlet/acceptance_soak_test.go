//go:build testbed

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// Mixed load for SOAKTIME (15 s; `make soak`: 30 minutes): memory and goroutines are
// in the last quarter what they were in the second one, but for 16 MiB and 20.
func TestAcceptanceSoak(t *testing.T) {
	length := 15 * time.Second
	if text := os.Getenv("SOAKTIME"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil || length < 10*time.Second {
			t.Fatalf("SOAKTIME=%q is not a time from 10s on", text)
		}
	}
	b := newBed(t)
	alias := b.alias("soak")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	b.rule(alias, "fails", `model matches "^fail-"`, "second/fail-529", "--priority", "5")
	pid := b.is(alias, "running").PID
	clients := startLoad(b, alias, 4)
	ctx, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	odd := b.client(alias, false)
	large := strings.Replace(message("any", false), "say hi", strings.Repeat("word ", 1<<20/5), 1)
	clients.wg.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			// What goes wrong on ordinary days: a client that leaves, a provider that
			// breaks off, fails or is silent, a large body.
			some, cancel := context.WithTimeout(context.WithoutCancel(ctx), 300*time.Millisecond)
			_, _ = odd.post(some, message([]string{"slow-20x100", "cut-mid", "fail-503", "hang", "silent", "error-event"}[n%6], n%2 == 0))
			cancel()
			if n%10 == 0 {
				_, _ = odd.post(t.Context(), large)
			}
		}
	})

	var memory, goroutines [4]int // the most in each quarter
	sample := time.NewTicker(max(length/120, 250*time.Millisecond))
	defer sample.Stop()
	began, n := time.Now(), 0
	for q := range 4 { // each has a sample, however slow the machine is
		for first := true; first || time.Since(began) < length*time.Duration(q+1)/4; first = false {
			<-sample.C
			memory[q] = max(memory[q], statusOf(t, pid, "VmRSS"))
			goroutines[q] = max(goroutines[q], odd.health(t).Goroutines)
			name := fmt.Sprintf("soak-%d", n)
			if n++; n%10 == 0 {
				b.rule(alias, name, fmt.Sprintf("model == %q", name), "second/plain")
				b.ok("proxy", "route", "remove", alias, name)
			}
		}
	}
	clients.end()
	clients.lost(t)
	t.Logf("%v, %d requests, %d failed; in each quarter at most %v KiB of memory, %v goroutines",
		length, clients.requests.Load(), clients.failures.Load(), memory, goroutines)
	if memory[3] > memory[1]+16<<10 {
		t.Errorf("memory grows: %v KiB", memory)
	}
	if goroutines[3] > goroutines[1]+20 || goroutines[1] == 0 {
		t.Errorf("goroutines grow, or are not counted: %v", goroutines)
	}
	if s := b.is(alias, "running"); s.PID != pid || s.Restarts != 0 {
		t.Errorf("the engine is not the one that it was: %+v", s)
	}
}
