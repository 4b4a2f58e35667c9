package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// DrainGrace is how long an engine that is stopped lets open requests end
// before it cuts them.
const DrainGrace = 4500 * time.Millisecond

// startTimeout bounds the way from a start to a verified /health; systemd's own
// limit for the engine's start is 20 s.
const startTimeout = 30 * time.Second

// answerTimeout is how long an engine that runs already may take to answer
// before it is restarted; a busy one takes milliseconds.
const answerTimeout = 5 * time.Second

// EnableResult is a proxy that runs.
type EnableResult struct {
	Alias   string
	BaseURL string // http://127.0.0.1:8081
	Unit    string // ringlet-proxy@work.service, or launchd's dev.ringlet.proxy.work
	Inspect string // the init system's own command to look at it
	Engine  string // "builtin" or "ultrallm"
	Linger  bool   // it starts at boot
	// Supervisor is the init system's name; only systemd's services can start at boot.
	Supervisor string
	Warnings   []string
	Restarted  bool // it ran before, and was restarted for what was changed
}

// Enable makes a profile's proxy run at login and now, and points the agent at
// it, with what o changes. It fails before anything is written where there is no
// user manager (*service.Unavailable).
func (a *App) Enable(ctx context.Context, alias string, o EnableOptions) (EnableResult, error) {
	p, sup, done, err := a.supervised(ctx, alias, a.profile)
	if err != nil {
		return EnableResult{}, err
	}
	defer done()
	r, err := a.enable(ctx, sup, p, func(p *profiles.Profile) error { return a.chosen(sup, p, o) })
	if err == nil && o.inUnit() {
		r.Restarted, err = a.takeUp(ctx, sup, alias)
	}
	return r, err
}

// chosen puts into the profile what enable was asked for.
func (a *App) chosen(sup service.Supervisor, p *profiles.Profile, o EnableOptions) error {
	p.Proxy.Enabled = true
	o.change(p)
	if p.Proxy.Engine == profiles.EngineUltrallm {
		if err := p.CheckIdle(); err != nil {
			return err
		}
	}
	if err := supported(sup, *p); err != nil {
		return err
	}
	if err := a.chooseEngine(sup, p); err != nil {
		return err
	}
	if (o.LogSize != nil && *o.LogSize != "" || o.LogKeep != nil && *o.LogKeep >= 0) && external(*p) {
		return fault.New(fault.Usage, "leave it out, or use the built-in engine: ringlet proxy enable "+p.Alias.String()+" --engine builtin",
			"the engine of %q is ultrallm, which writes no proxy.log that could be bounded", p.Alias)
	}
	return nil
}

// AutoPort gives up a pinned port for an automatic one.
const AutoPort = -1

// otherPorts is how often a port that was taken in the meantime is replaced: two
// users who enable at once choose the same one more than once.
const otherPorts = 5

// enable brings the proxy of p to the state that the profile, after change,
// asks for: port, token, config.yaml, unit files, a running engine that proves
// to be this profile's, and the agent's settings, in this order.
func (a *App) enable(ctx context.Context, sup service.Supervisor, p profiles.Profile, change func(*profiles.Profile) error) (EnableResult, error) {
	alias := p.Alias.String()
	// What Install would refuse is refused before anything is written.
	if err := sup.Check(ctx, alias, a.Dirs.EngineConfig(p.Agent, alias)); err != nil {
		return EnableResult{}, err
	}
	if err := a.adoptPorts(ctx, sup, p); err != nil {
		return EnableResult{}, err
	}
	p, c, err := a.Profiles.Update(ctx, p.Alias, func(p *profiles.Profile) error {
		if err := change(p); err != nil {
			return err
		}
		if err := supported(sup, *p); err != nil || !unresolved(*p) {
			return err
		}
		return a.chooseEngine(sup, p)
	})
	if err != nil {
		return EnableResult{}, err
	}
	// A crash between profile and config.yaml is mended here.
	if ensured, err := a.Profiles.EnsureConfig(ctx, p.Alias); err != nil {
		return EnableResult{}, err
	} else if ensured.Config {
		c.Config, c.Seq, c.Port = true, ensured.Seq, ensured.Port
	}
	err = a.run(ctx, sup, p, c)
	for tries := 0; portStolen(err) && p.Proxy.Port == nil && tries < otherPorts; tries++ {
		// Somebody bound the automatic port after it was given out: give out another.
		a.warn("port %d was taken by somebody else in the meantime; using another one", c.Port)
		if err := sup.Uninstall(ctx, alias); err != nil {
			return EnableResult{}, err
		}
		if _, err := a.Profiles.Reassign(ctx, p.Alias); err != nil {
			return EnableResult{}, err
		}
		if c, err = a.Profiles.EnsureConfig(ctx, p.Alias); err != nil {
			return EnableResult{}, err
		}
		err = a.run(ctx, sup, p, c)
	}
	if err != nil {
		return EnableResult{}, err
	}
	if err := a.point(ctx, p, c.Port); err != nil {
		return EnableResult{}, err
	}
	if err := a.settleRotation(ctx, p); err != nil {
		return EnableResult{}, err
	}
	r := EnableResult{Alias: alias, BaseURL: baseURL(c.Port), Unit: unitName(sup.Name(), alias), Supervisor: sup.Name(), Inspect: inspectCommand(ctx, sup, alias), Engine: engineOf(p), Warnings: append(warnings(c.Warnings), a.missingKeys(p, seesFiles)...)}
	states, err := sup.Status(ctx, []string{alias})
	if err != nil {
		return r, err
	}
	r.Linger = states[0].Linger
	return r, nil
}

// run installs the unit, makes the engine run, and waits until its /health
// proves that it is this profile's, with at least the configuration in c.
func (a *App) run(ctx context.Context, sup service.Supervisor, p profiles.Profile, c profiles.Change) error {
	alias := p.Alias.String()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	defer a.progress(ctx, fmt.Sprintf("waiting for %s", unitName(sup.Name(), alias)))()
	before, err := sup.Status(ctx, []string{alias})
	if err != nil {
		return err
	}
	if before[0].Status == service.Running && before[0].Port != c.Port {
		a.warnOfCuts(ctx, p, before[0].Port) // another port is another socket: Install stops the engine
	}
	if external(p) {
		return a.runUltrallm(ctx, sup, p, c)
	}
	if err := sup.Install(ctx, a.spec(p, c)); err != nil {
		return err
	}
	if err := a.removeKeys(alias); err != nil { // of an ultrallm engine that was there before
		return err
	}
	states, err := sup.Status(ctx, []string{alias})
	if err != nil {
		return err
	}
	client, err := a.client(p, c.Port)
	if err != nil {
		return err
	}
	// An engine that runs already takes the configuration up without a restart.
	start := sup.Start
	if states[0].Status == service.Running {
		settled, err := renew(ctx, client, c.Seq, func(ctx context.Context) error { return sup.Reload(ctx, alias) })
		switch {
		case err != nil:
			return a.refusal(ctx, p, c, err)
		case settled:
			return nil
		}
		start = sup.Restart // the next thing that a person would try
	}
	if err := unboxed(ctx, sup, a.spec(p, c), start); err != nil {
		return a.explainPort(ctx, p, c.Port, err)
	}
	_, err = health.WaitFor(ctx, client, func(r health.Report) bool { return r.Seq >= c.Seq && !r.Draining })
	var wait *health.WaitError
	if errors.As(err, &wait) && wait.Report.ReloadError != "" {
		return refused(alias, wait.Report.ReloadError)
	}
	return err
}

// unboxed starts a proxy by start. Where its sandbox keeps it from starting, since
// this machine allows less than when its unit was written, it is written and
// started anew, once.
func unboxed(ctx context.Context, sup service.Supervisor, spec units.Spec, start func(ctx context.Context, alias string) error) error {
	err := start(ctx, spec.Alias)
	var job *service.JobError
	if !errors.As(err, &job) || !job.Sandboxed() {
		return err
	}
	if err := sup.Install(ctx, spec); err != nil {
		return err
	}
	return start(ctx, spec.Alias)
}

func (a *App) spec(p profiles.Profile, c profiles.Change) units.Spec {
	return units.Spec{Alias: p.Alias.String(), Port: c.Port, Exe: a.exe, ConfigPath: c.ConfigPath, CredentialsDir: a.Dirs.CredentialsDir(),
		Ultrallm: p.Proxy.EnginePath, EnvFile: a.Dirs.UltrallmKeys(p.Alias.String()), Idle: p.Proxy.Idle, Limits: limits(p), Writable: a.writable(p), Environment: variables(p)}
}

// point points the agent of p at its proxy.
func (a *App) point(ctx context.Context, p profiles.Profile, port int) error {
	agent, err := agents.ByName(p.Agent)
	if err != nil {
		return err
	}
	token, err := a.Secrets.Token(p.Alias.String())
	if err != nil {
		return err
	}
	return agent.Point(ctx, agents.PointOptions{Home: a.home(p), RestoreDir: a.Dirs.RestoreDir(p.Alias.String()), BaseURL: baseURL(port), Token: token, OwnLogin: a.ownLogin(p), Model: p.Model, Serving: a.serving(p), Log: a.log})
}

func (a *App) home(p profiles.Profile) string { return a.Dirs.ProfileHome(p.Agent, p.Alias.String()) }

func baseURL(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

// sight is where an engine can see a key.
type sight int

const (
	seesFiles sight = iota // one that an init system runs
	seesShell              // one that runs in the shell's own environment as well
)

// missingKeys warns of providers that the profile uses and that have no key
// which its engine can see.
func (a *App) missingKeys(p profiles.Profile, by sight) []string {
	var out []string
	for _, use := range a.uses(p) {
		if w := a.missingKey(use, by); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// missingKey is the warning about one provider's endpoint, or "".
func (a *App) missingKey(use use, by sight) string {
	switch use.provider.AuthHeader {
	case providers.NoAuth, providers.Google, providers.Client:
		return ""
	}
	source, err := a.keySource(use.provider, use.endpoint)
	switch {
	case err != nil:
		return fmt.Sprintf("requests to %s will fail: %s", use.provider.Name, sentence(err))
	case source == shellOnly && by == seesFiles:
		return fmt.Sprintf("%s is set in this shell only, where a service does not see it; take it over with: ringlet providers login %s --from-env",
			use.provider.AuthEnv, use.provider.ID)
	}
	return ""
}
