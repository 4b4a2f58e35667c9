package app

import (
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

type named struct {
	service.Supervisor
	name string
}

func (n named) Name() string { return n.name }

// What only systemd does is refused elsewhere, not forgotten.
func TestSupported(t *testing.T) {
	idle := profiles.Proxy{Idle: time.Minute}
	limited := profiles.Proxy{Limits: profiles.Limits{TasksMax: 64}}
	for name, c := range map[string]struct {
		sup   string
		proxy profiles.Proxy
		ok    bool
	}{
		"idle":            {"systemd", idle, true},
		"limits":          {"systemd", limited, true},
		"launchd":         {"launchd", profiles.Proxy{}, true},
		"launchd, idle":   {"launchd", idle, false},
		"launchd, limits": {"launchd", limited, false},
	} {
		err := supported(named{name: c.sup}, profiles.Profile{Alias: "work", Proxy: c.proxy})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && fault.ExitCode(err) != int(fault.Usage) {
			t.Errorf("%s: exit code %d", name, fault.ExitCode(err))
		}
	}
}

// What the init system says is in force, also where a drop-in took a limit away.
func TestLimitsInForce(t *testing.T) {
	named := LimitsInfo{MemoryMax: 512 << 20, TasksMax: 512, CPUQuota: 50}
	for name, tc := range map[string]struct {
		st   service.State
		want LimitsInfo
	}{
		"not measured":  {service.State{}, named},
		"others":        {service.State{Limited: true, MemoryMax: 1 << 30, TasksMax: 64, CPUQuota: 10}, LimitsInfo{MemoryMax: 1 << 30, TasksMax: 64, CPUQuota: 10}},
		"none any more": {service.State{Limited: true}, LimitsInfo{}},
	} {
		if got := named.inForce(tc.st); got != tc.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
