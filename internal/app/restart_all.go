package app

import (
	"context"
	"errors"
	"slices"

	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// RestartedAll says what became of the enabled proxies. Their unit files are all
// as this ringlet writes them. The field names are stable.
type RestartedAll struct {
	Restarted []string `json:"restarted"`
	Sleeping  []string `json:"sleeping"` // the next connection starts the engine of this ringlet
	Stopped   []string `json:"stopped"`  // by hand; they stay so
}

// RestartAll takes every enabled proxy over to this ringlet: the unit files of
// all are written, which costs one reload of the manager's, then those that run
// are restarted, one after the other. What it returns beside an error was done.
func (a *App) RestartAll(ctx context.Context, idle WhenIdle) (r RestartedAll, err error) {
	r = RestartedAll{Restarted: []string{}, Sleeping: []string{}, Stopped: []string{}}
	sup, err := a.connect(ctx, "")
	if err != nil {
		return r, err
	}
	defer sup.Close()
	list, failed := a.Profiles.List(ctx)
	list = slices.DeleteFunc(list, func(p profiles.Profile) bool { return !p.Proxy.Enabled })
	aliases := make([]string, len(list))
	for i, p := range list {
		aliases[i] = p.Alias.String()
	}
	before, err := sup.Status(ctx, aliases)
	if err != nil {
		return r, err
	}
	retry(ctx, sup)
	written, errs := a.rewriteAll(ctx, sup, aliases)
	failed = append(failed, errs...)
	for _, was := range before {
		if !slices.Contains(written, was.Alias) {
			continue
		}
		if err := a.takeOver(ctx, sup, was, idle, &r); err != nil {
			failed = append(failed, err)
		}
	}
	return r, errors.Join(failed...)
}

// takeOver has a proxy, whose unit files are written, use them.
func (a *App) takeOver(ctx context.Context, sup service.Supervisor, was service.State, idle WhenIdle, r *RestartedAll) error {
	// The ones before it can have taken long: it may be stopped by now.
	states, err := sup.Status(ctx, []string{was.Alias})
	if err != nil {
		return err
	}
	now := states[0].Status
	moved := lively(was.Status) && !lively(now) && was.Port != states[0].Port // another port is another socket, for which it was stopped
	switch {
	case moved && was.Status == service.Listening:
		if err := sup.Start(ctx, was.Alias); err != nil {
			return err
		}
		r.Restarted = append(r.Restarted, was.Alias)
		return nil
	case now == service.Listening:
		r.Sleeping = append(r.Sleeping, was.Alias)
		return nil
	case !moved && now != service.Running && now != service.Failed && now != service.Starting:
		r.Stopped = append(r.Stopped, was.Alias)
		return nil
	}
	if idle.Wait && now == service.Running {
		if err := a.waitUntilIdle(ctx, was.Alias, idle.Timeout); err != nil {
			return err
		}
	}
	restarted, err := a.restartOne(ctx, sup, was.Alias)
	if restarted {
		r.Restarted = append(r.Restarted, was.Alias)
	}
	return err
}

// lively says that a proxy takes connections, or is about to.
func lively(s service.Status) bool {
	return s == service.Running || s == service.Listening || s == service.Starting
}

// rewriteAll brings the unit files of the enabled proxies among aliases, which
// are sorted, to what this ringlet writes. What cannot be written keeps none of
// the others.
func (a *App) rewriteAll(ctx context.Context, sup service.Supervisor, aliases []string) (written []string, failed []error) {
	var specs []units.Spec
	for _, alias := range aliases {
		p, release, err := a.locked(ctx, alias, a.profile)
		var gone *profiles.NotFoundError
		if errors.As(err, &gone) {
			continue
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		defer release()
		if !p.Proxy.Enabled {
			continue // its unit files must not come back
		}
		spec, err := a.specFor(ctx, sup, p)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		specs = append(specs, spec)
		written = append(written, alias)
	}
	if err := installAll(ctx, sup, specs); err != nil {
		return nil, append(failed, err)
	}
	return written, failed
}

// specFor is what the unit files of p are to be, with all in place that they name.
func (a *App) specFor(ctx context.Context, sup service.Supervisor, p profiles.Profile) (units.Spec, error) {
	alias := p.Alias.String()
	if err := sup.Check(ctx, alias, a.Dirs.EngineConfig(p.Agent, alias)); err != nil {
		return units.Spec{}, err
	}
	if unresolved(p) {
		return units.Spec{}, notLookedFor(alias)
	}
	if err := a.adoptPorts(ctx, sup, p); err != nil {
		return units.Spec{}, err
	}
	c, err := a.Profiles.EnsureConfig(ctx, p.Alias)
	if err != nil {
		return units.Spec{}, err
	}
	if external(p) {
		if err := a.writeKeys(p); err != nil {
			return units.Spec{}, err
		}
	}
	return a.spec(p, c), nil
}

// installAll installs at once where the supervisor can.
func installAll(ctx context.Context, sup service.Supervisor, specs []units.Spec) error {
	if batch, ok := sup.(service.BatchInstaller); ok {
		return batch.InstallAll(ctx, specs)
	}
	for _, spec := range specs {
		if err := sup.Install(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

// restartOne restarts a proxy, unless it was disabled or deleted since it was
// listed: its unit files must not come back.
func (a *App) restartOne(ctx context.Context, sup service.Supervisor, alias string) (restarted bool, err error) {
	release, err := a.operation(ctx, alias)
	if err != nil {
		return false, err
	}
	defer release()
	p, err := a.profile(alias)
	var gone *profiles.NotFoundError
	if errors.As(err, &gone) || err == nil && !p.Proxy.Enabled {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = a.restart(ctx, sup, p)
	return err == nil, err
}
