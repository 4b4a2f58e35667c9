package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringlet/ringlet/internal/gateway"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// ProxyStatus is one proxy's state. The field names are stable.
type ProxyStatus struct {
	Profile    string         `json:"profile"`
	Port       int            `json:"port"`        // TCP port on 127.0.0.1; 0 when none is given out
	PID        int            `json:"pid"`         // the engine's process; 0 when none runs
	Status     string         `json:"status"`      // running, listening, starting, stopped, failed or disabled
	Restarts   int            `json:"restarts"`    // restarts by the init system since the last start by hand
	Started    *time.Time     `json:"started"`     // when the engine started; null when it does not run
	Result     string         `json:"result"`      // how the engine ended last, in systemd's word
	Engine     string         `json:"engine"`      // "builtin" or "ultrallm"
	EnginePath string         `json:"engine_path"` // the engine's program
	Lacks      []string       `json:"lacks"`       // what this engine does not have
	Supervisor string         `json:"supervisor"`
	Unit       string         `json:"unit"`
	ConfigPath string         `json:"config_path"`
	Memory     int64          `json:"memory_bytes"` // what its processes have in memory; 0 when none runs, or it is not known
	CPU        float64        `json:"cpu_seconds"`  // the processor time since its start, as the init system counts it
	Idle       string         `json:"idle"`         // after so long without a request the engine leaves: "15m" or "off"
	Tasks      int            `json:"tasks"`        // its threads and processes; 0 when none runs, or it is not known
	Limits     LimitsInfo     `json:"limits"`       // those in force where it runs, drop-ins included
	Problems   []string       `json:"problems"`
	Health     *health.Report `json:"health,omitempty"` // what the engine says; absent when it does not run
}

// Status lists the state of the given profiles' proxies, or of all that have
// one. Where there is no user manager it asks the engines themselves. An error
// beside a list means that part of it could not be had.
func (a *App) Status(ctx context.Context, aliases ...string) ([]ProxyStatus, error) {
	return a.statusList(ctx, aliases, true)
}

// Overview is Status without Health where the init system passes on what the
// engine says of itself: a hundred engines need not be asked to list them.
func (a *App) Overview(ctx context.Context, aliases ...string) ([]ProxyStatus, error) {
	return a.statusList(ctx, aliases, false)
}

// askedAtOnce is how many engines are asked for their health at a time: each
// has to answer within its time, however many there are.
const askedAtOnce = 8

func (a *App) statusList(ctx context.Context, aliases []string, full bool) ([]ProxyStatus, error) {
	asked, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	early := a.connectEarly(asked)
	defer early.close(cancel)
	list, problem := a.proxiedProfiles(ctx, aliases)
	if list == nil {
		return nil, problem
	}
	states, supervisor, err := a.states(asked, early, list, full)
	if err != nil {
		return nil, errors.Join(err, problem)
	}
	return a.statuses(ctx, list, states, supervisor, func(profiles.Profile) bool { return full }), problem
}

// statuses puts together what the supervisor and the engines say of the profiles.
// full says whose engine is asked even if it has told the init system how it is.
func (a *App) statuses(ctx context.Context, list []profiles.Profile, states []service.State, supervisor string, full func(profiles.Profile) bool) []ProxyStatus {
	ports, err := a.Profiles.Ports()
	out := make([]ProxyStatus, len(list))
	var questions []func()
	for i, p := range list {
		in := statusInput{port: ports[p.Alias.String()], supervisor: supervisor, full: full(p)}
		if states != nil {
			in.state = &states[i]
		}
		ask := a.status(p, in, &out[i])
		if ask != nil {
			questions = append(questions, func() { ask(ctx) })
		}
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(len(questions), askedAtOnce) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(questions); i = int(next.Add(1)) - 1 {
				questions[i]()
			}
		})
	}
	wg.Wait()
	if err != nil {
		for i := range out {
			out[i].Problems = append(out[i].Problems, err.Error())
		}
	}
	return out
}

// proxiedProfiles reads the named profiles, or all with a proxy.
func (a *App) proxiedProfiles(ctx context.Context, aliases []string) ([]profiles.Profile, error) {
	if len(aliases) > 0 {
		var list []profiles.Profile
		for _, alias := range aliases {
			p, err := a.profile(alias)
			if err != nil {
				return nil, err
			}
			list = append(list, p)
		}
		return list, nil
	}
	all, broken := a.Profiles.List(ctx)
	list := []profiles.Profile{}
	for _, p := range all {
		// A proxy that was disabled keeps its rules, and is shown as disabled.
		if p.Proxy.Enabled || len(p.Proxy.Rules)+len(p.Proxy.Aliases) > 0 {
			list = append(list, p)
		}
	}
	return list, errors.Join(broken...)
}

// early is a supervisor that is connected to while the profiles are read.
type early struct {
	done       chan struct{}
	sup        service.Supervisor
	err        error
	configPath func(alias string) string // set before the supervisor is asked anything
}

func (a *App) connectEarly(ctx context.Context) *early {
	e := &early{done: make(chan struct{})}
	go func() {
		defer close(e.done)
		e.sup, e.err = a.connectTo(ctx, func(alias string) string { return e.configPath(alias) }, a.warnOfKept)
	}()
	return e
}

// close ends the connection, or what cancel stops of making it.
func (e *early) close(cancel func()) {
	cancel()
	<-e.done
	if e.sup != nil {
		e.sup.Close()
	}
}

// states asks the supervisor in one round. Where there can be none, states is
// nil and supervisor is "none".
func (a *App) states(ctx context.Context, early *early, list []profiles.Profile, measured bool) (states []service.State, supervisor string, err error) {
	<-early.done
	sup, err := early.sup, early.err
	early.configPath = a.configPathsOf(list)
	var none *service.Unavailable
	if errors.As(err, &none) {
		for _, p := range list {
			// A unit that is there and cannot be asked about is not "stopped".
			if len(a.unitFiles(p.Alias.String())) > 0 {
				return nil, "", err
			}
		}
		return nil, "none", nil
	}
	if err != nil {
		return nil, "", err
	}
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.Alias.String()
	}
	states, err = sup.Status(ctx, names)
	if meter, ok := sup.(service.Meter); ok && measured && err == nil {
		meter.Measure(ctx, states)
	}
	return states, sup.Name(), err
}

// configPathsOf is configPath for profiles that were read already.
func (a *App) configPathsOf(list []profiles.Profile) func(alias string) string {
	known := make(map[string]string, len(list))
	for _, p := range list {
		known[p.Alias.String()] = a.Dirs.EngineConfig(p.Agent, p.Alias.String())
	}
	return func(alias string) string {
		if path, ok := known[alias]; ok {
			return path
		}
		return a.configPath(alias)
	}
}

// statusInput is what is known of a proxy before its engine is asked.
type statusInput struct {
	port       int
	state      *service.State // nil without an init system
	supervisor string
	full       bool // ask the engine, even if it has said how it is
}

// leaving says that an engine has stopped listening and is about to end: a request
// to its port would be the first of the next engine, which an idle one has no need of.
func leaving(st service.State) bool {
	return st.Status == service.Running && st.Text == gateway.StatusDraining
}

// status puts together what the supervisor says of p. Where its engine has to be
// asked as well, ask does that and completes s.
func (a *App) status(p profiles.Profile, in statusInput, s *ProxyStatus) (ask func(context.Context)) {
	alias := p.Alias.String()
	*s = ProxyStatus{Profile: alias, Port: in.port, Status: string(service.Stopped), Engine: engineOf(p), EnginePath: a.enginePath(p), Lacks: lacks(p), Supervisor: in.supervisor,
		Unit: unitName(in.supervisor, alias), ConfigPath: a.Dirs.EngineConfig(p.Agent, alias), Problems: []string{}, Idle: profiles.FormatIdle(p.Proxy.Idle), Limits: a.limitsInfo(p)}
	if !p.Proxy.Enabled {
		s.Status = string(service.Disabled)
	}
	asleep := false
	st := in.state
	if st != nil {
		if p.Proxy.Enabled || st.Installed {
			s.Status = string(st.Status)
		}
		s.PID, s.Restarts, s.Result = st.PID, st.Restarts, st.Result
		s.Memory, s.CPU, s.Tasks = st.Memory, st.CPU.Seconds(), st.Tasks
		s.Limits = s.Limits.inForce(*st)
		if !st.Started.IsZero() {
			s.Started = &st.Started
		}
		// A health request would wake an engine that sleeps behind its socket.
		asleep = st.Status == service.Listening || st.Status == service.Starting || leaving(*st)
		if st.Edited {
			s.Problems = append(s.Problems, editedByHand(in.supervisor, alias))
		}
		if st.Status == service.Failed {
			s.Problems = append(s.Problems, fmt.Sprintf("it failed (%s); see: ringlet proxy logs %s; start it again with: ringlet proxy start %s", st.Result, alias, alias))
		}
	}
	if st != nil && p.Proxy.Enabled && !external(p) {
		if why := oldProgram(alias, unitWord(in.supervisor), *st, programOf(*st)); why != "" {
			s.Problems = append(s.Problems, why)
		}
	}
	switch {
	case external(p) && st != nil:
		if s.Status == string(service.Running) {
			return func(ctx context.Context) { a.askUltrallm(ctx, p, s, st.Started) }
		}
	case s.Port > 0 && !asleep:
		if st != nil && st.Status == service.Running && !in.full {
			if seq, refusal, ok := gateway.ParseStatus(st.Text, alias); ok {
				s.inForce(p, seq, refusal)
				return nil
			}
		}
		return func(ctx context.Context) { a.askEngine(ctx, p, s, st != nil) }
	}
	return nil
}

// inForce says what is wrong with the configuration that the engine runs.
func (s *ProxyStatus) inForce(p profiles.Profile, seq int64, refusal string) {
	if refusal != "" {
		s.Problems = append(s.Problems, fmt.Sprintf("it keeps its last good configuration, because it refused the newest: %s", refusal))
	} else if seq < p.Seq {
		s.Problems = append(s.Problems, fmt.Sprintf("it runs configuration %d, and %d is newer; take it up with: ringlet proxy reload %s", seq, p.Seq, s.Profile))
	}
}

// askUltrallm adds what can be found out about an ultrallm engine.
func (a *App) askUltrallm(ctx context.Context, p profiles.Profile, s *ProxyStatus, started time.Time) {
	pid := func(context.Context) (int, error) { return s.PID, nil }
	report, err := health.External{Port: s.Port, Profile: s.Profile, Engine: engineUltrallm, PID: pid}.Check(ctx)
	if err != nil {
		s.Problems = append(s.Problems, sentence(err))
		return
	}
	s.Health = &report
	if a.outdated(p, started) {
		s.Problems = append(s.Problems, "its configuration or keys are newer than what it runs with; use them with: ringlet proxy restart "+s.Profile)
	}
}

// askEngine adds what the engine says of itself.
func (a *App) askEngine(ctx context.Context, p profiles.Profile, s *ProxyStatus, supervised bool) {
	client, err := a.client(p, s.Port)
	if err != nil {
		if p.Proxy.Enabled {
			s.Problems = append(s.Problems, err.Error())
		}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	report, err := client.Check(ctx)
	if err != nil {
		if s.Status == string(service.Running) || !health.Is(err, health.NotListening) {
			s.Problems = append(s.Problems, err.Error())
		}
		return
	}
	report.Proof = "" // it has served, and is another one each time
	s.Health = &report
	if !supervised || s.PID == 0 {
		// An engine of profiles run, or one in the foreground.
		s.Status, s.PID = string(service.Running), report.PID
		if supervised {
			s.Problems = append(s.Problems, fmt.Sprintf("its engine (pid %d) was not started by %s", report.PID, s.Supervisor))
		}
	}
	s.inForce(p, report.Seq, report.ReloadError)
}

// unitFiles lists the unit files of a profile that lie where the user manager looks.
func (a *App) unitFiles(alias string) []string {
	var out []string
	for _, name := range []string{units.SocketName(alias), units.ServiceName(alias), units.MendName(alias)} {
		path := filepath.Join(a.Dirs.SystemdUserDir(), name)
		if _, err := os.Lstat(path); err == nil {
			out = append(out, path)
		}
	}
	return out
}

// DaemonStatus is all proxies and who runs them.
type DaemonStatus struct {
	Supervisor string        `json:"supervisor"` // "systemd"
	Linger     bool          `json:"linger"`     // proxies start at boot
	Proxies    []ProxyStatus `json:"proxies"`
}

// DaemonStatus shows all proxies. Without a user manager there is nothing that
// could be started together, which is an error (*service.Unavailable).
func (a *App) DaemonStatus(ctx context.Context) (DaemonStatus, error) {
	var d DaemonStatus
	sup, err := a.connect(ctx, "")
	if err != nil {
		return d, err
	}
	defer sup.Close()
	d.Supervisor = sup.Name()
	d.Linger = d.Supervisor == "systemd" && a.init.Host.Linger(username()) // a login of launchd's does not linger
	list, problem := a.Status(ctx)
	d.Proxies = list
	return d, problem
}

// ConfigInfo is a proxy's configuration as it is shown.
type ConfigInfo struct {
	Profile       string      `json:"profile"`
	Enabled       bool        `json:"enabled"`
	Port          int         `json:"port"`        // given out now; 0 for none
	PinnedPort    bool        `json:"pinned_port"` // chosen by the user
	Strategy      string      `json:"strategy"`
	StrategyTitle string      `json:"-"`
	Rules         []RouteInfo `json:"rules"`
	Aliases       []AliasInfo `json:"aliases"`
	Provider      string      `json:"provider"`
	Engine        string      `json:"engine"`       // "builtin" or "ultrallm": the one that enable found
	EngineAsked   string      `json:"engine_asked"` // auto, builtin or ultrallm: what was asked for
	EnginePath    string      `json:"engine_path"`  // the engine's program
	Lacks         []string    `json:"lacks"`        // what this engine does not have
	Idle          string      `json:"idle"`         // after so long without a request the engine leaves: "15m" or "off"
	Limits        LimitsInfo  `json:"limits"`
	Log           LogInfo     `json:"log"` // proxy.log
	Seq           int64       `json:"seq"`
	Path          string      `json:"path"` // config.yaml
}

// Config shows the configuration of a profile's proxy.
func (a *App) Config(_ context.Context, alias string) (ConfigInfo, error) {
	p, err := a.profile(alias)
	if err != nil {
		return ConfigInfo{}, err
	}
	rules, err := a.routes(p)
	if err != nil {
		return ConfigInfo{}, err
	}
	port, err := a.Profiles.Port(p.Alias)
	if err != nil {
		return ConfigInfo{}, err
	}
	return ConfigInfo{Profile: alias, Enabled: p.Proxy.Enabled, Port: port, PinnedPort: p.Proxy.Port != nil,
		Strategy: string(p.Proxy.Strategy), StrategyTitle: p.Proxy.Strategy.Title(), Rules: rules, Aliases: a.aliases(p),
		Provider: p.Provider, Engine: engineOf(p), EngineAsked: p.Proxy.Engine, EnginePath: a.enginePath(p), Lacks: lacks(p),
		Idle: profiles.FormatIdle(p.Proxy.Idle), Limits: a.limitsInfo(p), Log: logInfo(p), Seq: p.Seq, Path: a.Dirs.EngineConfig(p.Agent, alias)}, nil
}
