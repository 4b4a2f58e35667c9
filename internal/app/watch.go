package app

import (
	"context"
	"errors"
	"time"

	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

const (
	// settle is how long more changes are waited for after one: a restart is a dozen.
	settle = 50 * time.Millisecond
	// watchPause is how often the profiles' files are looked at and engines that run
	// are asked for their health. The init system is not: it tells.
	watchPause = 2 * time.Second
)

// Watch calls show with the state of the proxies, and again after every change,
// until ctx ends; then it returns nil. What the init system knows is asked when it
// tells of a change; engines that run are asked for their health every two
// seconds, those that sleep never. show may be called without a change. note is
// called with what has to be said besides: that a file cannot be read, or the init
// system was lost, and found again.
func (a *App) Watch(ctx context.Context, aliases []string, show func([]ProxyStatus) error, note func(string)) error {
	w, said := watch{app: a, aliases: aliases, note: note}, ""
	for {
		err := w.run(ctx, func(list []ProxyStatus) error {
			if said != "" {
				said = ""
				note("connected again")
			}
			return show(list)
		})
		var lost *lostError
		switch {
		case ctx.Err() != nil:
			return nil
		case !errors.As(err, &lost):
			return err
		}
		// The manager was executed anew, or stopped: connecting again tells which.
		if err.Error() != said {
			said = err.Error()
			note(said + "; connecting again")
		}
		again := time.NewTimer(watchPause)
		select {
		case <-ctx.Done():
			again.Stop()
			return nil
		case <-again.C:
		}
	}
}

// lostError is the end of a watch that can be begun again.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// watch is what a watch knows, over one connection after the other.
type watch struct {
	app     *App
	aliases []string
	note    func(string)
	had     bool               // there was an init system
	sup     service.Supervisor // nil without one
	list    []profiles.Profile
	states  []service.State
	problem string // that of reading the profiles, as it was told last
}

// run watches until the connection is lost (*lostError).
func (w *watch) run(ctx context.Context, show func([]ProxyStatus) error) error {
	sup, err := w.app.connect(ctx, "")
	var none *service.Unavailable
	switch {
	case err == nil:
		defer sup.Close()
		w.sup, w.had = sup, true
	case w.had:
		return &lostError{err}
	case !errors.As(err, &none):
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, ended := make(chan struct{}, 1), make(chan error, 1)
	if watcher, ok := w.sup.(service.Watcher); ok {
		go func() {
			ended <- watcher.Watch(ctx, func(string) {
				select {
				case changes <- struct{}{}:
				default: // one is waiting to be looked at already
				}
			})
		}()
	}
	tick := time.NewTicker(watchPause)
	defer tick.Stop()
	quiet := time.NewTimer(0) // at once: the first look
	defer quiet.Stop()
	for {
		var anew bool
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return &lostError{err}
		case <-changes:
			quiet.Reset(settle)
			continue
		case <-quiet.C:
			anew = true
		case <-tick.C:
			_, told := w.sup.(service.Watcher)
			anew = !told
		}
		list, err := w.look(ctx, anew)
		if err != nil {
			return err
		}
		if err := show(list); err != nil {
			return err
		}
	}
}

// look puts the state together. The init system is asked when it has told of
// something, or the profiles are others than before.
func (w *watch) look(ctx context.Context, anew bool) ([]ProxyStatus, error) {
	list, err := w.app.proxiedProfiles(ctx, w.aliases)
	if list == nil && err != nil {
		return nil, err
	}
	// A profile that cannot be read is told of once.
	if text := errorText(err); text != w.problem {
		w.problem = text
		if text != "" {
			w.note(text)
		}
	}
	anew = anew || !sameProxies(list, w.list)
	w.list = list
	name := "none"
	if w.sup != nil {
		name = w.sup.Name()
		if anew {
			names := make([]string, len(list))
			for i, p := range list {
				names[i] = p.Alias.String()
			}
			if w.states, err = w.sup.Status(ctx, names); err != nil {
				return nil, &lostError{err}
			}
		}
	}
	// To be asked is a connection: an engine that leaves after a while without one
	// would never leave.
	return w.app.statuses(ctx, list, w.states, name, func(p profiles.Profile) bool { return p.Proxy.Idle == 0 }), nil
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// sameProxies says whether two lists have the same profiles, alike enabled.
func sameProxies(a, b []profiles.Profile) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Alias != b[i].Alias || a[i].Proxy.Enabled != b[i].Proxy.Enabled {
			return false
		}
	}
	return true
}
