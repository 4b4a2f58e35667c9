//go:build testbed

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// mendUnit is the unit that makes a profile's service start without its sandbox.
func mendUnit(alias string) string { return "ringlet-mend@" + alias + ".service" }

// A boot after which services may have no user namespaces any more: the proxies
// mend themselves, without a person and without losing who asks meanwhile. Once
// they are allowed again, doctor says so, and a restart takes them back.
func TestAcceptanceNamespacesTakenAway(t *testing.T) {
	b := newBed(t)
	probe := os.Getenv("XDG_RUNTIME_DIR") + "/ringlet-probe.json"
	t.Cleanup(func() { os.Remove(probe) })
	runs, sleeps := b.alias("ns-runs"), b.alias("ns-sleeps")
	both := []string{runs, sleeps}
	for _, alias := range both {
		b.create(alias)
		b.rule(alias, "default", "always", "first/plain")
		if got := property(t, unit(alias), "PrivateUsers"); got != "yes" {
			t.Fatalf("PrivateUsers of %s is %s, where the testbed allows them", alias, got)
		}
	}
	b.ok("proxy", "enable", sleeps, "--idle", "1s")
	clients := map[string]*client{runs: b.client(runs, false), sleeps: b.client(sleeps, false)}

	allowed := false
	t.Cleanup(func() {
		if !allowed {
			restartUserManager(t)
		}
	})
	restartUserManagerWith(t, "no-user-namespaces")
	// No ringlet command until here: what answers has mended itself.
	for _, alias := range both {
		clients[alias].answered(t, "plain", "first")
		if got := property(t, unit(alias), "PrivateUsers"); got != "no" {
			t.Errorf("PrivateUsers of %s is %s, and they are not to be had", alias, got)
		}
		said := journal(t, alias, func(fields map[string]any) bool {
			text, _ := fields["MESSAGE"].(string)
			return strings.Contains(text, "exit status 217; its unit does without user namespaces")
		})
		if len(said) != 1 {
			t.Errorf("of %s it is said %d times that it was mended", alias, len(said))
		}
		if o := b.ok("proxy", "unit", alias); strings.Count(o.stdout, " current ") != 4 {
			t.Errorf("a mended unit is what ringlet writes here\n%v", o)
		}
	}
	b.becomes(runs, "running")
	if o := b.ok("doctor", "--offline", runs); !strings.Contains(o.stdout, "where services may have no user namespaces") {
		t.Errorf("doctor should say how it is\n%v", o)
	}

	restartUserManager(t)
	allowed = true
	for _, alias := range both {
		clients[alias].answered(t, "plain", "first")
	}
	if o := b.ok("doctor", "--offline", runs); !strings.Contains(o.stdout, "a stricter one is to be had") {
		t.Errorf("doctor should say that they are allowed again\n%v", o)
	}
	b.ok("proxy", "restart", runs)
	b.ok("daemon", "restart")
	for _, alias := range both {
		if got := property(t, unit(alias), "PrivateUsers"); got != "yes" {
			t.Errorf("PrivateUsers of %s is %s after the restart", alias, got)
		}
		clients[alias].answered(t, "plain", "first")
		b.ok("proxy", "disable", alias)
		if left := unitFilesOf(t, alias); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
		if got := property(t, mendUnit(alias), "LoadState"); got != "not-found" {
			t.Errorf("%s is %s", mendUnit(alias), got)
		}
	}
}

// What fails otherwise, or for a drop-in of the user's, is left as it is, and
// tried a bounded number of times.
func TestAcceptanceOtherFailuresAreNotMended(t *testing.T) {
	b := newBed(t)
	for name, tc := range map[string]struct{ dropIn, says string }{
		"exits":   {"[Unit]\nStartLimitBurst=2\n[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=50ms\n", ""},
		"drop-in": {"[Service]\nReadWritePaths=/is/not/there\n", "it is left as it is: look at its drop-ins"},
	} {
		alias := b.alias("unmended-" + name)
		b.create(alias)
		before := map[string]string{}
		for _, path := range unitFilesOf(t, alias) {
			before[path] = readText(t, path)
		}
		b.ok("proxy", "stop", alias)
		dropIn(t, alias, tc.dropIn)
		systemctl(t, "start", unit(alias))
		eventually(t, patience, func() error {
			if err := b.state(alias, "failed"); err != nil {
				return err
			}
			if state := property(t, mendUnit(alias), "ActiveState"); state == "activating" {
				return fmt.Errorf("%s is %s", mendUnit(alias), state)
			}
			return nil
		})
		if result := property(t, mendUnit(alias), "Result"); result != "success" && (name == "exits" || result != "start-limit-hit") {
			t.Errorf("%s: the result of %s is %s", name, mendUnit(alias), result)
		}
		for path, text := range before {
			if now := readText(t, path); now != text {
				t.Errorf("%s: %s was changed to\n%s", name, path, now)
			}
		}
		if tc.says != "" {
			journal(t, alias, func(fields map[string]any) bool {
				text, _ := fields["MESSAGE"].(string)
				return strings.Contains(text, tc.says)
			})
		}
	}
}
