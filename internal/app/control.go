package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// reader reads a profile, or refuses it: App.profile, App.proxied.
type reader func(alias string) (profiles.Profile, error)

// locked takes a profile for a verb of several steps. It is read before the
// lock, so that what is refused leaves no lock file, and again under it: another
// command may have changed or disabled it while this one waited.
func (a *App) locked(ctx context.Context, alias string, read reader) (p profiles.Profile, release func(), err error) {
	if p, err = read(alias); err != nil {
		return p, nil, err
	}
	if release, err = a.operation(ctx, alias); err != nil {
		return p, nil, err
	}
	if p, err = read(alias); err != nil {
		release()
		return p, nil, err
	}
	return p, release, nil
}

// supervised is locked, with the supervisor.
func (a *App) supervised(ctx context.Context, alias string, read reader) (p profiles.Profile, sup service.Supervisor, done func(), err error) {
	p, release, err := a.locked(ctx, alias, read)
	if err != nil {
		return p, nil, nil, err
	}
	if sup, err = a.connect(ctx, alias); err != nil {
		release()
		return p, nil, nil, err
	}
	return p, sup, func() { sup.Close(); release() }, nil
}

// Start starts an enabled proxy, with its newest configuration.
func (a *App) Start(ctx context.Context, alias string) (EnableResult, error) {
	p, sup, done, err := a.supervised(ctx, alias, a.proxied)
	if err != nil {
		return EnableResult{}, err
	}
	defer done()
	return a.enable(ctx, sup, p, func(*profiles.Profile) error { return nil })
}

// Stop stops a proxy; it stays enabled. Stopping what is stopped, or disabled,
// is no error.
func (a *App) Stop(ctx context.Context, alias string) (enabled bool, err error) {
	p, err := a.profile(alias)
	if err != nil || !p.Proxy.Enabled {
		return false, err
	}
	sup, err := a.connect(ctx, alias)
	if err != nil {
		return true, err
	}
	defer sup.Close()
	defer a.progress(ctx, "waiting for open requests to end")()
	return true, sup.Stop(ctx, alias)
}

// RestartResult is what a restart led to.
type RestartResult struct{ BaseURL string }

// Restart replaces the engine of a proxy without refusing a connection. It says
// beforehand how many requests are open.
func (a *App) Restart(ctx context.Context, alias string, idle WhenIdle) (RestartResult, error) {
	if idle.Wait {
		if err := a.waitUntilIdle(ctx, alias, idle.Timeout); err != nil {
			return RestartResult{}, err
		}
	}
	p, sup, done, err := a.supervised(ctx, alias, a.proxied)
	if err != nil {
		return RestartResult{}, err
	}
	defer done()
	retry(ctx, sup)
	return a.restart(ctx, sup, p)
}

// retry has what this machine refused to a proxy's sandbox tried again.
func retry(ctx context.Context, sup service.Supervisor) {
	if prober, ok := sup.(service.Prober); ok {
		prober.Retry(ctx)
	}
}

func (a *App) restart(ctx context.Context, sup service.Supervisor, p profiles.Profile) (RestartResult, error) {
	if unresolved(p) {
		return RestartResult{}, notLookedFor(p.Alias.String())
	}
	if err := a.adoptPorts(ctx, sup, p); err != nil {
		return RestartResult{}, err
	}
	c, err := a.Profiles.EnsureConfig(ctx, p.Alias)
	if err != nil {
		return RestartResult{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	defer a.progress(ctx, "waiting for open requests to end and the engine to start")()
	r := RestartResult{BaseURL: baseURL(c.Port)}
	a.warnOfCuts(ctx, p, c.Port)
	// The unit may be older than this binary, or name another one.
	if err := sup.Install(ctx, a.spec(p, c)); err != nil {
		return r, err
	}
	if external(p) {
		if err := a.writeKeys(p); err != nil {
			return r, err
		}
		return r, a.restartUltrallm(ctx, sup, p, c)
	}
	if err := unboxed(ctx, sup, a.spec(p, c), sup.Restart); err != nil {
		return r, a.explainPort(ctx, p, c.Port, err)
	}
	client, err := a.client(p, c.Port)
	if err != nil {
		return r, err
	}
	_, err = health.WaitFor(ctx, client, func(h health.Report) bool { return h.Seq >= c.Seq && !h.Draining })
	return r, err
}

// warnOfCuts says how many requests the engine of p is answering, before it is
// replaced.
func (a *App) warnOfCuts(ctx context.Context, p profiles.Profile, port int) {
	switch open, err := a.openStreams(ctx, p, port); {
	case err != nil || open == 0:
	case open == 1:
		fmt.Fprintf(a.stderr, "1 request of %q is open; if it takes longer than %v to end, the restart cuts it.\n", p.Alias, DrainGrace)
	default:
		fmt.Fprintf(a.stderr, "%d requests of %q are open; those that take longer than %v to end, the restart cuts.\n", open, p.Alias, DrainGrace)
	}
}

// StartAll starts every enabled proxy through ringlet.target, and says how many run.
func (a *App) StartAll(ctx context.Context) (int, error) {
	sup, err := a.connect(ctx, "")
	if err != nil {
		return 0, err
	}
	defer sup.Close()
	defer a.progress(ctx, "waiting for the proxies to start")()
	if err := sup.StartAll(ctx); err != nil {
		return 0, err
	}
	list, problem := a.Status(ctx)
	n := 0
	for _, s := range list {
		if s.Status == string(service.Running) || s.Status == string(service.Listening) {
			n++
		}
	}
	return n, problem
}

// StopAll stops every proxy; they stay enabled.
func (a *App) StopAll(ctx context.Context) error {
	sup, err := a.connect(ctx, "")
	if err != nil {
		return err
	}
	defer sup.Close()
	defer a.progress(ctx, "waiting for open requests to end")()
	return sup.StopAll(ctx)
}

// Disable undoes Enable: the agent's settings are put back, the engine is
// stopped, unit files, port and token go. With requests open it refuses,
// unless force is set.
func (a *App) Disable(ctx context.Context, alias string, force bool) error {
	p, release, err := a.locked(ctx, alias, a.profile)
	if err != nil {
		return err
	}
	defer release()
	if err := a.disable(ctx, p, force, "disable"); err != nil {
		return err
	}
	_, _, err = a.Profiles.Update(ctx, p.Alias, func(p *profiles.Profile) error {
		p.Proxy.Enabled = false
		p.Proxy.Port = nil
		p.Proxy.EnginePath = "" // the next enable looks for it anew
		return nil
	})
	if err != nil {
		return err
	}
	// A rule that was added in between, while the profile still said enabled, has
	// been given a port and a token again.
	return a.Profiles.Release(ctx, p.Alias)
}

// disable takes away all that enable made; verb is for the error.
func (a *App) disable(ctx context.Context, p profiles.Profile, force bool, verb string) error {
	alias := p.Alias.String()
	port, err := a.Profiles.Port(p.Alias)
	if err != nil {
		return err
	}
	sup, err := a.connect(ctx, p.Alias.String())
	var none *service.Unavailable
	if errors.As(err, &none) {
		// Without a user manager nothing runs and nothing can be stopped; unit files
		// that are there all the same must not be left behind unseen.
		if units := a.unitFiles(alias); len(units) > 0 {
			return err
		}
	} else if err != nil {
		return err
	} else {
		defer sup.Close()
		// What Uninstall would refuse is refused before the agent's settings go back.
		var foreign *service.ForeignUnit
		if err := sup.Check(ctx, alias, a.Dirs.EngineConfig(p.Agent, alias)); err != nil && (!errors.As(err, &foreign) || foreign.Config == "") {
			return err
		}
	}
	if port > 0 && !force {
		if err := a.refuseToCut(ctx, sup, p, port, verb); err != nil {
			return err
		}
	}
	// First the agent, so that it never points at a port that is gone.
	agent, err := agents.ByName(p.Agent)
	if err != nil {
		return err
	}
	if err := agent.Restore(ctx, agents.RestoreOptions{Home: a.home(p), RestoreDir: a.Dirs.RestoreDir(alias), Log: a.log}); err != nil {
		return err
	}
	if sup != nil {
		done := a.progress(ctx, "waiting for open requests to end")
		err := sup.Uninstall(ctx, alias)
		done()
		// What another home has under this name is not in the way of what is ours.
		var foreign *service.ForeignUnit
		if err != nil && (!errors.As(err, &foreign) || foreign.Config == "") {
			return err
		}
		a.tellOfDropIns(ctx, sup, alias, verb)
	}
	if err := a.removeKeys(alias); err != nil {
		return err
	}
	return a.Profiles.Release(ctx, p.Alias)
}

func nounOf(verb string) string {
	if verb == "delete" {
		return "profiles delete"
	}
	return "proxy " + verb
}

// Regenerate writes config.yaml anew from the profile. aside is where the one
// that was there is kept, or "".
func (a *App) Regenerate(ctx context.Context, alias string) (aside string, err error) {
	p, err := a.proxied(alias)
	if err != nil {
		return "", err
	}
	c, err := a.Profiles.Regenerate(ctx, p.Alias)
	if err != nil {
		return "", err
	}
	_, err = a.apply(ctx, p, c)
	return c.Aside, err
}
