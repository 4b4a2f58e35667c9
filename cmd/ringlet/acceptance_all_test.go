//go:build testbed

package main

import (
	"strings"
	"testing"
)

// All proxies of a home at once; those of another home are not its business.
func TestAcceptanceAllAtOnce(t *testing.T) {
	other := newBed(t)
	stays := other.alias("all-other")
	other.create(stays)
	pid := other.is(stays, "running").PID

	b := newBed(t)
	one, two, off := b.alias("all-one"), b.alias("all-two"), b.alias("all-off")
	for _, alias := range []string{one, two, off} {
		b.create(alias)
	}
	b.ok("proxy", "disable", off)
	port := map[string]int{one: b.is(one, "running").Port, two: b.is(two, "running").Port}
	for _, verbs := range [][2][]string{{{"proxy", "stop-all"}, {"daemon", "start"}}, {{"daemon", "stop"}, {"daemon", "start"}}} {
		b.ok(verbs[0]...)
		for alias, port := range port {
			staysStopped(b, alias, port)
		}
		b.ok(verbs[0]...)
		o := b.ok(verbs[1]...)
		if !strings.Contains(o.stderr, "2 enabled proxies run") {
			t.Errorf("it should count the two\n%v", o)
		}
		for alias, port := range port {
			if s := b.is(alias, "running"); s.Port != port {
				t.Errorf("%s came back on port %d, not %d", alias, s.Port, port)
			}
			b.client(alias, false).answered(t, "any", "first")
		}
		b.is(off, "disabled")
	}
	before := map[string]int{one: b.is(one, "running").PID, two: b.is(two, "running").PID}
	b.ok("daemon", "restart")
	for alias, was := range before {
		if now := b.is(alias, "running"); now.PID == was {
			t.Errorf("daemon restart left the engine of %s as it was", alias)
		}
	}
	o := b.ok("daemon", "status")
	for _, word := range []string{one, two, "running"} {
		if !strings.Contains(o.stdout, word) {
			t.Errorf("%q is not in\n%v", word, o)
		}
	}
	for _, word := range []string{off, stays} {
		if strings.Contains(o.stdout, word) {
			t.Errorf("%q should not be in\n%v", word, o)
		}
	}
	if s := other.is(stays, "running"); s.PID != pid {
		t.Errorf("the proxy of another home was restarted, or stopped and started: pid %d after %d", s.PID, pid)
	}
	// By its alias alone it is out of reach, too.
	b.refused(3, []string{stays}, "proxy", "stop", stays)
}
