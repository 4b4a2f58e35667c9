//go:build testbed

package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// Limits are set, changed and taken back: the unit has them, the engine is
// restarted for them and says so, and status shows those in force, a drop-in's too.
func TestAcceptanceLimitsAreSetAndTakenBack(t *testing.T) {
	b := newBed(t)
	alias := b.alias("limited")
	b.create(alias)
	const restarted = "It was restarted for what was changed"
	for _, step := range []struct {
		flags              []string
		memory, tasks, cpu string
		restarts           bool
		shown              []string
	}{
		{[]string{"--memory-max", "64m", "--tasks-max", "40", "--cpu-quota", "50%"}, "67108864", "40", "500ms", true, []string{" of 64 MiB", ", at most 50% of a processor"}},
		{[]string{"--memory-max", "96MiB"}, "100663296", "40", "500ms", true, []string{" of 96 MiB", ", at most 50% of a processor"}},
		{[]string{"--memory-max", "96M"}, "100663296", "40", "500ms", false, []string{" of 96 MiB", "Tasks: "}},
		{[]string{"--memory-max", "default", "--tasks-max", "default", "--cpu-quota", "default"}, "536870912", "512", "infinity", true, []string{" of 512 MiB", " s\n"}},
	} {
		o := b.ok(append([]string{"proxy", "enable", alias}, step.flags...)...)
		if strings.Contains(o.stderr, restarted) != step.restarts {
			t.Errorf("a restart is wanted, and said: %t\n%v", step.restarts, o)
		}
		for name, want := range map[string]string{"MemoryMax": step.memory, "TasksMax": step.tasks, "CPUQuotaPerSecUSec": step.cpu} {
			if got := property(t, unit(alias), name); got != want {
				t.Errorf("after %v %s is %s, not %s", step.flags, name, got, want)
			}
		}
		// The garbage collector and the bodies have their shares of it.
		var max int64
		if _, err := fmt.Sscan(step.memory, &max); err != nil {
			t.Fatal(err)
		}
		if h := b.client(alias, false).health(t); h.MemoryLimit != max/8*5 || h.BodyBudget != max/8*3 {
			t.Errorf("of %d bytes the collector has %d and bodies %d", max, h.MemoryLimit, h.BodyBudget)
		}
		if o := b.ok("proxy", "status", alias); true {
			for _, words := range step.shown {
				if !strings.Contains(o.stdout, words) {
					t.Errorf("after %v %q is not in\n%v", step.flags, words, o)
				}
			}
		}
	}
	dropIn(t, alias, "[Service]\nMemoryMax=300M\n")
	b.ok("proxy", "restart", alias)
	if o := b.ok("proxy", "status", alias); !strings.Contains(o.stdout, " of 300 MiB") {
		t.Errorf("the limit of a drop-in is in force\n%v", o)
	}
}

// The bounds of proxy.log are taken up by the running engine.
func TestAcceptanceLogBounds(t *testing.T) {
	b := newBed(t)
	alias := b.alias("logged")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	pid := b.is(alias, "running").PID
	c := b.client(alias, true)
	logs := strings.TrimSuffix(b.path(logFile(alias)), "/proxy.log")
	fill := func() {
		t.Helper()
		for range 600 { // some 200 bytes each
			if a, err := c.post(t.Context(), message("plain", false)); err != nil || a.status != http.StatusOK {
				t.Fatalf("%v, status %d", err, a.status)
			}
		}
	}
	are := func(want string) {
		t.Helper()
		eventually(t, patience, func() error {
			entries, err := os.ReadDir(logs)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if got := strings.Join(names, " "); err != nil || got != want {
				return fmt.Errorf("there are %q, not %q (%v)", got, want, err)
			}
			return nil
		})
	}
	b.ok("proxy", "enable", alias, "--log-size", "64K", "--log-keep", "1")
	fill()
	are("proxy.log proxy.log.1")
	if info, err := os.Stat(logs + "/proxy.log.1"); err != nil || info.Size() > 64<<10 {
		t.Errorf("%v, %v", info, err)
	}
	b.ok("proxy", "enable", alias, "--log-keep", "0")
	are("proxy.log")
	b.ok("proxy", "enable", alias, "--log-size", "default", "--log-keep", "default")
	if now := b.is(alias, "running").PID; now != pid {
		t.Errorf("the engine was restarted: pid %d, then %d", pid, now)
	}
	if text := b.read(configFile(alias)); strings.Contains(text, "max_bytes") {
		t.Errorf("what is default is written out:\n%s", text)
	}
}
