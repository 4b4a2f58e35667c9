//go:build vm

package vmtest

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"testing"

	"github.com/ringlet/ringlet/packaging/vmtest/wire"
)

// A proxy with --memory-max 64M, and bodies that it cannot hold: what its own budget
// does not refuse the kernel ends. The port stays open, and it serves again.
func TestMemoryLimit(t *testing.T) {
	m := newMachine(t)
	m.settle()
	m.create("small", "plain")
	m.ringlet("proxy enable small --memory-max 64M")
	m.answered("small")
	if got := m.property("ringlet-proxy@small.service", "MemoryMax"); got != "67108864" {
		t.Fatalf("MemoryMax is %s", got)
	}
	group := m.property("ringlet-proxy@small.service", "ControlGroup")
	if got := m.root("cat /sys/fs/cgroup" + group + "/memory.max"); got != "67108864" {
		t.Fatalf("memory.max of %s is %s", group, got)
	}
	before := m.status("small")
	if before.Memory <= 0 || before.Memory > 64<<20 {
		t.Errorf("status has a memory of %d", before.Memory)
	}
	t.Logf("at rest: %d KiB; %v", before.Memory>>10, before.Limits)

	// Its budget goes by its limit: each of these is more than that, or too much beside others.
	beside := m.beside("small", "-for 40s", func() {
		for _, flags := range []string{"-posts 4 -at-once 2 -size 40000000", "-posts 12 -at-once 6 -size 8000000"} {
			large := m.post("small", flags)
			t.Logf("%s: %+v", flags, large)
			m.only(large, "200", "413", "503", wire.Broken) // it reads what it has refused for 10 s, which may not do here
		}
	})
	t.Logf("small ones beside them: %+v", beside)
	m.only(beside, "200", "503")
	after := m.status("small")
	peak := m.root("cat /sys/fs/cgroup" + group + "/memory.peak")
	t.Logf("afterwards: %d restarts, last end %s, at most %s bytes of 67108864", after.Restarts, after.Result, peak)
	if after.Status != "running" || (after.Restarts == 0) != (after.PID == before.PID) {
		t.Errorf("before %+v, after %+v", before, after)
	}

	// What does not fit at all the kernel ends: nobody is refused, and it is back.
	killed := m.beside("small", "-for 40s", func() {
		m.root("echo 3M >/sys/fs/cgroup" + group + "/memory.max")
		m.ok("until test $(systemctl --user show --value --property=NRestarts ringlet-proxy@small.service) -gt " + strconv.Itoa(after.Restarts) + "; do sleep 0.1; done")
	})
	t.Logf("with a kill by the kernel: %+v", killed)
	m.only(killed, "200", wire.Broken)
	if killed.Outcomes[wire.Broken] > 2 {
		t.Errorf("more requests than the one that ran were lost: %+v", killed)
	}
	now := m.status("small")
	if now.Status != "running" || now.PID == after.PID || now.Restarts != after.Restarts+1 || now.Memory <= 0 {
		t.Errorf("after the kill: %+v", now)
	}
	m.said(m.ok("journalctl --user --no-pager -o cat -u ringlet-proxy@small.service"), "killed by the OOM killer")
	if got := m.root("cat /sys/fs/cgroup" + m.property("ringlet-proxy@small.service", "ControlGroup") + "/memory.max"); got != "67108864" {
		t.Errorf("its limit is %s now", got)
	}
	t.Log(m.ringlet("proxy status small"))
}

// beside runs a client of a proxy's while something else happens.
func (m *machine) beside(alias, flags string, happens func()) wire.Summary {
	m.t.Helper()
	var out bytes.Buffer
	p := m.line.start("tester", m.client(alias, flags), func(stdout, _ []byte) { out.Write(stdout) })
	happens()
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	if code, err := p.wait(ctx); code != 0 || err != nil {
		m.t.Fatal(code, err)
	}
	var s wire.Summary
	m.decode(out.String(), &s)
	if s.Outcomes["200"] == 0 {
		m.t.Errorf("none of %s was answered: %+v", flags, s)
	}
	return s
}

// only fails where requests ended in another way; by a refused connection above
// all, as the port is systemd's.
func (m *machine) only(s wire.Summary, outcomes ...string) {
	m.t.Helper()
	for outcome, n := range s.Outcomes {
		if !slices.Contains(outcomes, outcome) {
			m.t.Errorf("%d times %q", n, outcome)
		}
	}
}
