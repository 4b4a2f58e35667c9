//go:build testbed

package main

import (
	"strings"
	"testing"
)

// Limits of the profile are those of the running unit, with one restart where they
// changed and none where they did not.
func TestAcceptanceLimits(t *testing.T) {
	b := newBed(t)
	alias := b.alias("limits")
	b.create(alias)
	pid := b.is(alias, "running").PID
	b.ok("proxy", "enable", alias, "--memory-max", "256M", "--tasks-max", "64", "--cpu-quota", "50%")
	s := b.is(alias, "running")
	if s.PID == pid {
		t.Error("the engine that runs has the old limits")
	}
	for name, want := range map[string]string{"MemoryMax": "268435456", "TasksMax": "64", "CPUQuotaPerSecUSec": "500ms"} {
		if got := property(t, unit(alias), name); got != want {
			t.Errorf("%s=%s, want %s", name, got, want)
		}
	}
	says(t, b.ok("proxy", "status", alias), "Memory: ", " of 256 MiB", "CPU: ")
	says(t, b.ok("proxy", "config", alias), "Limits: 256 MiB, 64 tasks, 50% of a processor")
	b.ok("proxy", "enable", alias, "--memory-max", "256M")
	b.ok("proxy", "enable", alias)
	if again := b.is(alias, "running"); again.PID != s.PID {
		t.Error("it was restarted for nothing")
	}
	b.ok("proxy", "enable", alias, "--memory-max", "default", "--tasks-max", "default", "--cpu-quota", "default")
	if got := property(t, unit(alias), "MemoryMax"); got != "536870912" {
		t.Errorf("MemoryMax=%s after default", got)
	}
	if text := b.read(".config/ringlet/profiles/" + alias + ".json"); strings.Contains(text, `"limits"`) {
		t.Errorf("default leaves in the profile: %s", text)
	}
}
