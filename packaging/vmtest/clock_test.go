//go:build vm

package vmtest

import (
	"testing"
	"time"
)

// The machine's clock jumps two hours ahead and then a day back, under traffic, with
// a target that is left alone for a while and with systemd's watchdog: no request
// fails, the engine is not restarted, and each request is in the sums once.
func TestClockJumps(t *testing.T) {
	m := newMachine(t)
	m.settle()
	m.create("work", "plain")
	m.ringlet("proxy route add work broken always first/fail-529-retry-after-600 --priority 10")
	m.answered("work") // the broken target first, then plain; now it is on cooldown
	before := m.status("work")

	s := m.beside("work", "-for 45s", func() {
		told := time.NewTicker(time.Second)
		defer told.Stop()
		for i, jump := range []string{"+2 hours", "-1 day", "+1 day", "-2 hours"} {
			// Some traffic between the jumps, by the clock out here.
			for range 6 {
				<-told.C
			}
			t.Logf("%s: %s", jump, m.root("date -s \"$(date -d '"+jump+"' --rfc-3339=ns)\" +%FT%T"))
			if i == 1 { // a day back: a command in between
				if s := m.status("work"); s.Status != "running" || len(s.Problems) > 0 {
					t.Errorf("a day back: %+v", s)
				}
				m.said(m.ringlet("proxy logs work -n 3"), "plain")
				m.ringlet("proxy route add work small 'tokens < 3' first/plain --priority 20")
			}
		}
	})
	requests := s.Outcomes["200"]
	if requests == 0 || len(s.Outcomes) != 1 {
		t.Errorf("requests while the clock jumped: %+v", s)
	}
	t.Logf("%d requests, the slowest took %d ms", requests, s.SlowestMS)
	now := m.status("work")
	if now.PID != before.PID || now.Restarts != 0 || now.Status != "running" || len(now.Problems) > 0 {
		t.Errorf("afterwards: %+v", now)
	}
	// The broken target was tried once: its cooldown of ten minutes went by the time
	// that passed, not by the clock.
	var stats struct{ Models map[string]int }
	m.decode(m.root("curl -s http://127.0.0.1:9100/__stats"), &stats)
	if n := stats.Models["fail-529-retry-after-600"]; n != 1 {
		t.Errorf("the target on cooldown was asked %d times: %+v", n, stats)
	}
	var usage []struct {
		Target   string
		Requests int
	}
	m.decode(m.ringlet("usage work --by target --since 7d --json"), &usage)
	total := 0
	for _, u := range usage {
		total += u.Requests
	}
	if total != requests+1 {
		t.Errorf("the sums have %d requests, %d were sent: %+v", total, requests+1, usage)
	}
	m.said(m.ringlet("proxy logs work -n 5"), "plain")
	m.ringlet("doctor --offline work")
}
