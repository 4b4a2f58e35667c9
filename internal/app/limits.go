package app

import (
	"context"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// EnableOptions change what a profile's proxy is run with. What is not given
// stays as it was.
type EnableOptions struct {
	Port   int    // to pin the proxy to; AutoPort for ringlet's choice; 0 not given
	Engine string // auto, builtin or ultrallm; "" not given

	Idle      *time.Duration // after so long without a request the engine leaves; 0 is never
	MemoryMax *string        // "256M"; "" takes the limit back
	TasksMax  *int           // 0 takes the limit back
	CPUQuota  *string        // "50%"; "" takes the limit back

	LogSize *string // "10M"; "" takes it back
	LogKeep *int    // how many older logs are kept; -1 takes it back
}

// EnableFlags are options as they are typed; "" is not given.
type EnableFlags struct {
	Idle                          string // "15m", "off"
	MemoryMax, TasksMax, CPUQuota string // "256M", "64", "50%"; "default" takes a limit back
	LogSize, LogKeep              string // "10M", "5"; "default" takes it back
}

// Options reads the flags.
func (f EnableFlags) Options() (o EnableOptions, err error) {
	if f.Idle != "" {
		d, err := profiles.ParseIdle(f.Idle)
		if err != nil {
			return o, err
		}
		o.Idle = &d
	}
	if f.MemoryMax != "" {
		text := orNothing(f.MemoryMax)
		if _, err := (profiles.Limits{MemoryMax: text}).Memory(); err != nil {
			return o, err
		}
		o.MemoryMax = &text
	}
	if f.TasksMax != "" {
		n := 0
		if text := orNothing(f.TasksMax); text != "" {
			if n, err = number("--tasks-max", text); err != nil {
				return o, err
			}
			if n == 0 {
				n = -1 // none given is another thing
			}
		}
		if err := profiles.CheckTasks(n); err != nil {
			return o, err
		}
		o.TasksMax = &n
	}
	if f.CPUQuota != "" {
		text := orNothing(f.CPUQuota)
		if _, err := (profiles.Limits{CPUQuota: text}).CPU(); err != nil {
			return o, err
		}
		o.CPUQuota = &text
	}
	return o, f.logOptions(&o)
}

// logOptions reads the flags about proxy.log.
func (f EnableFlags) logOptions(o *EnableOptions) error {
	if f.LogSize != "" {
		text := orNothing(f.LogSize)
		if _, err := (profiles.Log{Size: text}).Bounds(); err != nil {
			return err
		}
		o.LogSize = &text
	}
	if f.LogKeep != "" {
		n := -1
		if text := orNothing(f.LogKeep); text != "" {
			var err error
			if n, err = number("--log-keep", text); err != nil {
				return err
			}
			if _, err := (profiles.Log{Keep: &n}).Bounds(); err != nil {
				return err
			}
		}
		o.LogKeep = &n
	}
	return nil
}

// number reads what has to be a whole number.
func number(flag, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fault.New(fault.Usage, "give a number, or default", "%s %q is no whole number", flag, text)
	}
	return n, nil
}

// orNothing is what stands for "default" in a profile.
func orNothing(s string) string {
	if s == "default" {
		return ""
	}
	return s
}

// change makes the profile what the options say.
func (o EnableOptions) change(p *profiles.Profile) {
	if o.Engine != "" {
		p.Proxy.Engine = o.Engine
	}
	switch {
	case o.Port > 0:
		p.Proxy.Port = &o.Port
	case o.Port == AutoPort:
		p.Proxy.Port = nil
	}
	if o.Idle != nil {
		p.Proxy.Idle = *o.Idle
	}
	if o.MemoryMax != nil {
		p.Proxy.Limits.MemoryMax = *o.MemoryMax
	}
	if o.TasksMax != nil {
		p.Proxy.Limits.TasksMax = *o.TasksMax
	}
	if o.CPUQuota != nil {
		p.Proxy.Limits.CPUQuota = *o.CPUQuota
	}
	if o.LogSize != nil {
		p.Proxy.Log.Size = *o.LogSize
	}
	if o.LogKeep != nil {
		if p.Proxy.Log.Keep = nil; *o.LogKeep >= 0 {
			p.Proxy.Log.Keep = o.LogKeep
		}
	}
}

// supported refuses what the init system cannot do for a proxy: only systemd
// keeps a port open for an engine that has left, and has limits per service.
func supported(sup service.Supervisor, p profiles.Profile) error {
	name := sup.Name()
	switch {
	case name == "systemd":
	case p.Proxy.Idle > 0:
		return fault.New(fault.Usage, "keep it running: ringlet proxy enable "+p.Alias.String()+" --idle off",
			"the engine of %q cannot leave when it is idle: %s keeps no port open that could wake it", p.Alias, name)
	case p.Proxy.Limits != profiles.Limits{}:
		return fault.New(fault.Usage, "take them back: ringlet proxy enable "+p.Alias.String()+" --memory-max default --tasks-max default --cpu-quota default",
			// launchd.plist(5) has SoftResourceLimits: of these ResidentSetSize is not
			// kept by macOS (https://github.com/avast/retdec/issues/379), CPU ends a process
			// after so many seconds in all, and NumberOfProcesses counts all of the user's.
			"the proxy of %q cannot be limited: %s has no limit that holds for memory, tasks or processor time of one agent", p.Alias, name)
	}
	return nil
}

// limits are the profile's, as a unit has them.
func limits(p profiles.Profile) units.Limits {
	// A profile with limits that cannot be read was refused when it was read.
	memory, _ := p.Proxy.Limits.Memory()
	cpu, _ := p.Proxy.Limits.CPU()
	return units.Limits{Memory: memory, Tasks: p.Proxy.Limits.TasksMax, CPU: cpu}
}

// DefaultTasks is the limit of threads and processes where none is given.
const DefaultTasks = units.DefaultTasks

// LogInfo is how much is kept of proxy.log. The field names are stable.
type LogInfo struct {
	MaxBytes int64 `json:"max_bytes"` // at this size it becomes proxy.log.1
	Keep     int   `json:"keep"`      // how many older ones there are at most
	Default  bool  `json:"-"`         // the profile says nothing of its own
}

func logInfo(p profiles.Profile) LogInfo {
	// A profile with bounds that cannot be read was refused when it was read.
	b, _ := p.Proxy.Log.Bounds()
	return LogInfo{MaxBytes: b.MaxBytes, Keep: b.Keep, Default: p.Proxy.Log == profiles.Log{}}
}

// inForce is what a proxy that runs may use, drop-ins included, where the init
// system has said so.
func (l LimitsInfo) inForce(st service.State) LimitsInfo {
	if st.Limited {
		l.MemoryMax, l.TasksMax, l.CPUQuota = st.MemoryMax, st.TasksMax, st.CPUQuota
	}
	return l
}

// LimitsInfo is what the proxy may use. The field names are stable.
type LimitsInfo struct {
	MemoryMax int64 `json:"memory_max"` // bytes; 0 is no limit
	TasksMax  int   `json:"tasks_max"`  // threads and processes; 0 is no limit
	CPUQuota  int   `json:"cpu_quota"`  // per cent of one processor; 0 is no limit
	Default   bool  `json:"-"`          // the profile says nothing of its own
}

// limitsInfo are the limits that the profile's unit names; under launchd there are none.
func (a *App) limitsInfo(p profiles.Profile) LimitsInfo {
	if a.init.Host.Supervisor() == launchd {
		return LimitsInfo{Default: true}
	}
	l := limits(p)
	def := l == units.Limits{}
	if l.Memory == 0 {
		l.Memory = units.DefaultMemory
		if external(p) {
			l.Memory = units.DefaultMemoryUltrallm
		}
	}
	if l.Tasks == 0 {
		l.Tasks = units.DefaultTasks
	}
	return LimitsInfo{MemoryMax: l.Memory, TasksMax: l.Tasks, CPUQuota: l.CPU, Default: def}
}

// writable are folders that what the engine starts writes to: the aws command
// keeps there the session that it renews.
func (a *App) writable(p profiles.Profile) []string {
	for _, use := range a.uses(p) {
		if use.provider.AuthHeader == providers.AWS {
			return []string{filepath.Join(a.Dirs.Home, ".aws")}
		}
	}
	return nil
}

// inUnit says whether something is given that stands in the unit, where a running
// engine does not see it.
func (o EnableOptions) inUnit() bool {
	return o.Idle != nil || o.MemoryMax != nil || o.TasksMax != nil || o.CPUQuota != nil
}

// takeUp restarts an engine that was started before its unit became what it is.
// It says whether there was one.
func (a *App) takeUp(ctx context.Context, sup service.Supervisor, alias string) (restarted bool, err error) {
	states, err := sup.Status(ctx, []string{alias})
	if err != nil {
		return false, err
	}
	if st := states[0]; st.Status != service.Running || !st.Written.After(st.Started) {
		return false, nil
	}
	p, err := a.profile(alias)
	if err != nil {
		return false, err
	}
	_, err = a.restart(ctx, sup, p)
	return err == nil, err
}
