package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// startsAtOnce is how many engines are started at a time where many are.
const startsAtOnce = 4

// EnableMany is Enable for several profiles, or with none named for all. The init
// system reads its units once, however many they are. One that is refused keeps
// none of the others from running. The result has those that run, in the order of
// their names; the error joins those of the others.
func (a *App) EnableMany(ctx context.Context, aliases []string, o EnableOptions) ([]EnableResult, error) {
	var failed []error
	if len(aliases) == 0 {
		all, broken := a.Profiles.List(ctx)
		failed = broken
		for _, p := range all {
			aliases = append(aliases, p.Alias.String())
		}
	}
	// One order for all commands: two that name the same profiles cannot each hold
	// what the other waits for.
	aliases = slices.Compact(slices.Sorted(slices.Values(aliases)))
	list := make([]profiles.Profile, len(aliases))
	for i, alias := range aliases {
		p, release, err := a.locked(ctx, alias, a.profile)
		if err != nil {
			return nil, errors.Join(append(failed, err)...)
		}
		defer release()
		list[i] = p
	}
	sup, err := a.connect(ctx, "")
	if err != nil {
		return nil, err
	}
	defer sup.Close()
	change := func(p *profiles.Profile) error { return a.chosen(sup, p, o) }
	results := make([]EnableResult, len(list))
	errs, err := a.installMany(ctx, sup, list, change)
	if err != nil {
		return nil, errors.Join(append(append(failed, errs...), err)...)
	}
	// What is installed already, each finds done.
	turn := make(chan struct{}, startsAtOnce)
	var wg sync.WaitGroup
	var started atomic.Int64
	defer a.counted(ctx, "of %d proxies are started", len(list), &started)()
	for i, p := range list {
		if errs[i] != nil {
			started.Add(1)
			continue
		}
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { started.Add(1); <-turn }()
			if results[i], errs[i] = a.enable(ctx, sup, p, change); errs[i] == nil && o.inUnit() {
				results[i].Restarted, errs[i] = a.takeUp(ctx, sup, p.Alias.String())
			}
		})
	}
	wg.Wait()
	var done []EnableResult
	for i, err := range errs {
		if err == nil {
			done = append(done, results[i])
		}
	}
	return done, errors.Join(append(failed, errs...)...)
}

// DisableMany is Disable for several profiles, or with none named for all that are
// enabled, one after the other. One that is refused keeps none of the others from it.
// done has the names of those that were disabled; the error joins those of the others.
func (a *App) DisableMany(ctx context.Context, aliases []string, force bool) (done []string, err error) {
	var failed []error
	if len(aliases) == 0 {
		all, broken := a.Profiles.List(ctx)
		failed = broken
		for _, p := range all {
			if p.Proxy.Enabled {
				aliases = append(aliases, p.Alias.String())
			}
		}
	}
	aliases = slices.Compact(slices.Sorted(slices.Values(aliases)))
	for _, alias := range aliases { // a slip of the pen is told before anything is undone
		if _, err := a.profile(alias); err != nil {
			return nil, errors.Join(append(failed, err)...)
		}
	}
	var ended atomic.Int64
	if len(aliases) > 1 {
		defer a.counted(ctx, "of %d proxies are disabled", len(aliases), &ended)()
	}
	for _, alias := range aliases {
		if err := a.Disable(ctx, alias, force); err != nil {
			failed = append(failed, err)
		} else {
			done = append(done, alias)
		}
		ended.Add(1)
	}
	return done, errors.Join(failed...)
}

// installMany writes the unit files of many proxies at once, where the supervisor
// can. What keeps one of them from it is at its place in refused.
func (a *App) installMany(ctx context.Context, sup service.Supervisor, list []profiles.Profile, change func(*profiles.Profile) error) (refused []error, err error) {
	refused = make([]error, len(list))
	batch, ok := sup.(service.BatchInstaller)
	if !ok {
		return refused, nil
	}
	if err := a.adoptPorts(ctx, sup, list...); err != nil {
		return refused, err
	}
	var specs []units.Spec
	for i, p := range list {
		if refused[i] = sup.Check(ctx, p.Alias.String(), a.Dirs.EngineConfig(p.Agent, p.Alias.String())); refused[i] != nil {
			continue
		}
		p, c, err := a.saved(ctx, p, change)
		if refused[i] = err; err == nil && !external(p) { // of ultrallm, the file with its keys has to be there first
			specs = append(specs, a.spec(p, c))
		}
	}
	if len(specs) == 0 {
		return refused, nil
	}
	return refused, batch.InstallAll(ctx, specs)
}

// saved changes a profile and has its config.yaml written.
func (a *App) saved(ctx context.Context, p profiles.Profile, change func(*profiles.Profile) error) (profiles.Profile, profiles.Change, error) {
	p, _, err := a.Profiles.Update(ctx, p.Alias, change)
	if err != nil {
		return p, profiles.Change{}, err
	}
	c, err := a.Profiles.EnsureConfig(ctx, p.Alias)
	return p, c, err
}
