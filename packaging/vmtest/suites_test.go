//go:build vm

package vmtest

import (
	"regexp"
	"strings"
	"testing"
)

// life is what is run of the command's tests: the life of a proxy, from enable to
// delete. What needs a build with faults, hundreds of profiles, figures of time or
// polkit is left to the testbed: the processor may be an emulated one.
func life() string {
	return "^TestAcceptance(AsTyped|BrokenConfigurationIsRefused|DropInsStay|EditedUnitsAreKept|ForeignUnit|JournalRecord|" +
		"ManagerReexec|NamespacesTakenAway|NeedsNoSystemctl|OtherFailuresAreNotMended|PinAndUnpin|ServesAfterABoot|TokenRotate)$"
}

// The tests of the testbed, on the systemd of a machine of its own.
func TestSuites(t *testing.T) {
	m := newMachine(t)
	t.Log(m.ok("systemctl --version | head -n 1; uname -r"))
	for _, s := range []struct{ name, dir, flags string }{
		{"units", "units", ""},
		{"service", "service", ""},
		{"ringlet", "cmd/ringlet", "-test.run '" + life() + "'"},
	} {
		t.Run(s.name, func(t *testing.T) {
			r := m.within(t, "tester", "cd /srv/ringlet/"+s.dir+" && exec /srv/ringlet/build/testbed/"+s.name+".test -test.v -test.parallel 1 -test.timeout 25m "+s.flags)
			summary := regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL|SKIP).*$`).FindAllString(r.stdout, -1)
			if r.code != 0 || len(summary) == 0 {
				t.Fatal(r)
			}
			t.Logf("%d tests in %v", strings.Count(strings.Join(summary, "\n"), "PASS"), r.took)
			for _, line := range regexp.MustCompile(`(?m)^\s+\w+_test.go:\d+: .*$`).FindAllString(r.stdout, -1) {
				t.Log(strings.TrimSpace(line))
			}
		})
	}
	t.Log("units that are left: ", m.ok("systemctl --user list-units --all --no-legend 'ringlet*'; ls ~/.config/systemd/user 2>/dev/null || true"))
}
