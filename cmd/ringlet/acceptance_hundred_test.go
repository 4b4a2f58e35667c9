//go:build testbed

package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// many makes n profiles without a proxy, whose names begin alike.
func (b *bed) many(name string, n int) (aliases []string) {
	b.t.Helper()
	for i := range n {
		alias := fmt.Sprintf("%s-%03d", b.alias(name), i)
		b.deleteAtEnd(alias)
		b.ok("profiles", "create", "claude", alias, "-p", "first")
		aliases = append(aliases, alias)
	}
	return aliases
}

// Several proxies are enabled in one command with one reload of the manager, and
// all of them answer; for a name that no profile has nothing is written.
func TestAcceptanceEnableManyReloadsOnce(t *testing.T) {
	b := newBed(t)
	aliases := b.many("many", 5)
	o := b.ok("--log-level", "debug", "proxy", "enable", aliases[3], aliases[0], aliases[1])
	if n := strings.Count(o.stderr, "call=Reload "); n != 1 {
		t.Errorf("%d reloads; one is wanted\n%v", n, o)
	}
	for _, i := range []int{0, 1, 3} {
		b.is(aliases[i], "running")
		b.client(aliases[i], false).answered(t, "any", "first")
	}
	pid := b.is(aliases[0], "running").PID
	o = b.ok("--log-level", "debug", "proxy", "enable", "--all")
	if n := strings.Count(o.stderr, "call=Reload "); n != 1 {
		t.Errorf("%d reloads; one is wanted\n%v", n, o)
	}
	ports := map[int]string{}
	for _, alias := range aliases {
		s := b.is(alias, "running")
		if ports[s.Port] != "" {
			t.Errorf("%s and %s are both on port %d", alias, ports[s.Port], s.Port)
		}
		ports[s.Port] = alias
		if !strings.Contains(b.read(settingsFile(alias)), fmt.Sprintf("127.0.0.1:%d", s.Port)) {
			t.Errorf("the agent of %s is not pointed at port %d", alias, s.Port)
		}
	}
	if now := b.is(aliases[0], "running").PID; now != pid {
		t.Errorf("enabling it again replaced its engine, pid %d by %d", pid, now)
	}
	b.refused(3, []string{"no profile"}, "proxy", "enable", aliases[0], "acc-no-such")
}

// BenchmarkAcceptanceHundredProfiles is `proxy status` of 100 profiles beside
// systemctl, with engines that run and with engines that sleep. It is no test, as
// times depend on what else the machine does:
//
//	packaging/testbed/suite ringlet -- -test.run '^$' -test.bench Hundred -test.benchtime 1x
func BenchmarkAcceptanceHundredProfiles(bench *testing.B) {
	b := newBed(bench)
	aliases := b.many("hundred", 100)
	o := b.ok("proxy", "enable", "--all")
	bench.Logf("enable --all: %v", o.took.Round(time.Millisecond))
	compare := func(what string) {
		var ours, theirs []time.Duration
		for range 21 {
			ours = append(ours, b.ok("proxy", "status").took)
			start := time.Now()
			if out, err := exec.Command("systemctl", "--user", "--no-pager", "list-units", "--all", unit("acc-hundred-*")).CombinedOutput(); err != nil {
				bench.Fatalf("%v: %s", err, out)
			}
			theirs = append(theirs, time.Since(start))
		}
		bench.Logf("%s: proxy status: median %v, least %v; systemctl list-units: median %v, least %v; %d profiles",
			what, median(ours), slices.Min(ours).Round(100*time.Microsecond), median(theirs), slices.Min(theirs).Round(100*time.Microsecond), len(aliases))
	}
	compare("running")
	mustSystemctl(bench, "kill", "--signal=TERM", unit("acc-hundred-*.service"))
	eventually(bench, time.Minute, func() error {
		if n := strings.Count(b.ok("proxy", "status").stdout, " listening "); n != len(aliases) {
			return fmt.Errorf("%d engines sleep", n)
		}
		return nil
	})
	compare("listening")
	if o := b.ok("--log-level", "debug", "proxy", "status"); strings.Contains(o.stdout, "running") {
		bench.Error("asking woke an engine")
	} else {
		for line := range strings.Lines(o.stderr) {
			bench.Log(strings.TrimSpace(line))
		}
	}
	b.ok("proxy", "stop-all")
}
