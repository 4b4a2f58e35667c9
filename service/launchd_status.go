package service

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/ringlet/ringlet/units"
)

// launchctlAtOnce is how many jobs are asked for at a time: each question is a process.
const launchctlAtOnce = 8

// Status implements [Supervisor].
func (l *launchd) Status(ctx context.Context, aliases []string) ([]State, error) {
	if len(aliases) == 0 {
		return nil, nil
	}
	off, err := l.disabled(ctx)
	if err != nil {
		return nil, err
	}
	states, errs := make([]State, len(aliases)), make([]error, len(aliases))
	var group sync.WaitGroup
	turn := make(chan struct{}, launchctlAtOnce)
	for i, alias := range aliases {
		turn <- struct{}{}
		group.Go(func() {
			defer func() { <-turn }()
			states[i], errs[i] = l.look(ctx, alias, off(alias))
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil { // one stands for all: launchctl does not work
			return nil, err
		}
	}
	return states, nil
}

// look is how one profile's proxy is.
func (l *launchd) look(ctx context.Context, alias string, disabled bool) (State, error) {
	p, err := l.read(alias, "")
	if err != nil || p.content == nil {
		if err != nil {
			// Another's job says nothing about this profile's proxy.
			l.log.DebugContext(ctx, "not ours", "alias", alias, "error", err)
		}
		return State{Alias: alias, Status: Disabled}, nil
	}
	j, loaded, err := l.find(ctx, alias)
	if err != nil {
		return State{}, err
	}
	return l.state(ctx, alias, p, j, loaded, disabled), nil
}

// disabled says of a profile whether its job was disabled, by hand or by ringlet,
// in the domain that it would be loaded into.
func (l *launchd) disabled(ctx context.Context) (func(alias string) bool, error) {
	domain, err := l.home(ctx)
	if err != nil {
		return nil, l.refused("", "be asked", err)
	}
	a, err := l.run(ctx, []string{"print-disabled", domain}, ctlNoDomain, ctlNotFound, ctlUnsupported)
	if err != nil {
		return nil, l.refused("", "be asked", err)
	}
	return func(alias string) bool { return disabledIn(a.Out, units.LaunchdLabel(alias)) }, nil
}

// state puts together what launchd, the file and the record say.
func (l *launchd) state(ctx context.Context, alias string, p plist, j job, loaded, disabled bool) State {
	r := readRecord(p.origin.ConfigPath)
	st := State{Alias: alias, Installed: true, Enabled: !disabled, Edited: p.origin.Edited, Port: p.port(), Program: p.origin.Program, Result: "success"}
	if info, err := os.Stat(p.path); err == nil {
		st.Written = info.ModTime()
	}
	switch {
	case loaded && j.pid != 0:
		st.PID = j.pid
		st.Status = Starting
		if r.PID == j.pid || open(ctx, st.Port) {
			st.Status, st.Started = Running, r.Ready
		}
		if r.PID == j.pid {
			st.Replaced = r.replaced()
		} else {
			st.Started = time.Time{}
			if at, ok := startedAt(j.pid); ok && st.Status == Running {
				st.Started = at
			}
		}
		if r.Runs > 0 && j.runs > r.Runs {
			st.Restarts = j.runs - r.Runs
		}
	case loaded && j.failed():
		st.Status, st.Result = Failed, "exit-code"
		if !j.exited || j.exit == 0 {
			st.Result = "signal"
		}
	case !loaded && r.Failed != "":
		st.Status, st.Result = Failed, r.Failed
	case disabled:
		st.Status = Disabled
	default:
		st.Status = Stopped
	}
	return st
}

// StartAll implements [Supervisor]. launchd has nothing like a target: it is the
// jobs of this home, one by one.
func (l *launchd) StartAll(ctx context.Context) error {
	return l.each(ctx, func(st State) bool { return st.Enabled && st.Status != Running }, l.Start)
}

// StopAll implements [Supervisor].
func (l *launchd) StopAll(ctx context.Context) error {
	return l.each(ctx, func(st State) bool { return st.Status != Stopped && st.Status != Disabled }, l.Stop)
}

// each does something to every job that wants it, to all at once, and goes on
// after a failure.
func (l *launchd) each(ctx context.Context, wanted func(State) bool, do func(context.Context, string) error) error {
	aliases, err := l.installed()
	if err != nil {
		return err
	}
	states, err := l.Status(ctx, aliases)
	if err != nil {
		return err
	}
	errs := make([]error, len(states))
	var group sync.WaitGroup
	for i, st := range states {
		if wanted(st) {
			group.Go(func() { errs[i] = do(ctx, st.Alias) })
		}
	}
	group.Wait()
	return errors.Join(errs...)
}
