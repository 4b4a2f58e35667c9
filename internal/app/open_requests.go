package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/session"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// endsSoon is how long a request may still be open before it is a reason to refuse.
const endsSoon = time.Second

// refuseToCut is the error of a verb that would cut requests. An engine that runs
// and does not answer may be answering some, on a machine that is busy; so it takes
// a --force too.
func (a *App) refuseToCut(ctx context.Context, sup service.Supervisor, p profiles.Profile, port int, verb string) error {
	alias := p.Alias.String()
	force := fmt.Sprintf("ringlet %s %s --force", nounOf(verb), alias)
	switch open, err := a.lastingStreams(ctx, sup, p, port); {
	case ctx.Err() != nil:
		return ctx.Err()
	case sup == nil && errors.As(err, new(*health.Error)):
		return fault.New(fault.Failed, "end the agent that runs with it; or cut what it may be answering: "+force,
			"the proxy of %q runs, and does not say whether it is answering requests: %w", alias, err)
	case errors.As(err, new(*health.Error)):
		return fault.New(fault.Failed, fmt.Sprintf("restart it: ringlet proxy restart %s; or cut what it may be answering: %s", alias, force),
			"the proxy of %q runs, and does not say whether it is answering requests: %w", alias, err)
	case err != nil:
		return fault.New(fault.Failed, fmt.Sprintf("%s; or cut what it may be answering: %s", hintOr(err, "see: ringlet proxy status "+alias), force),
			"the proxy of %q cannot be asked whether it is answering requests: %w", alias, err)
	case open == 0:
		return nil
	case open == 1:
		return fault.New(fault.Failed, "wait until it has ended, or cut it: "+force, "the proxy of %q is answering a request", alias)
	default:
		return fault.New(fault.Failed, "wait until they have ended, or cut them: "+force, "the proxy of %q is answering %d requests", alias, open)
	}
}

// lastingStreams counts the requests that stay open. One whose client has its
// whole answer may be counted for some milliseconds more: whoever types the next
// command at once is not told of it. The error says that they cannot be counted.
func (a *App) lastingStreams(ctx context.Context, sup service.Supervisor, p profiles.Profile, port int) (int, error) {
	if external(p) || !a.mayAnswer(ctx, sup, p) {
		return 0, nil
	}
	client, err := a.client(p, port)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // without a token it has never been started
	}
	if err != nil {
		return 0, err
	}
	defer a.progress(ctx, "waiting for open requests to end")()
	return lasting(ctx, client, func() bool {
		if sup == nil {
			return session.Serves(a.leasePath(p))
		}
		return a.mayAnswer(ctx, sup, p)
	})
}

// lasting asks an engine until it answers no request, for endsSoon. What it said
// last counts where it does not answer in time, as long as it still runs.
func lasting(ctx context.Context, engine health.Checker, running func() bool) (int, error) {
	first, err := engine.Check(ctx)
	if err != nil {
		if mayBeAnswering(err) && running() {
			return 0, err
		}
		return 0, nil
	}
	if first.OpenStreams == 0 {
		return 0, nil
	}
	soon, cancel := context.WithTimeout(ctx, endsSoon)
	defer cancel()
	_, err = health.WaitFor(soon, engine, func(r health.Report) bool { return r.OpenStreams == 0 })
	var wait *health.WaitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &wait) && wait.Report.OpenStreams > 0:
		first = wait.Report
	}
	if !errors.Is(err, health.ErrNotYet) && !(mayBeAnswering(err) && running()) {
		return 0, nil // it has left meanwhile
	}
	return first.OpenStreams, nil
}

// mayBeAnswering says whether what came of a check leaves it open that the profile's
// engine is answering requests: it is late, or knows another token than the one that
// is stored by now.
func mayBeAnswering(err error) bool {
	return health.Is(err, health.NoAnswer) || health.Is(err, health.BadProof)
}

// mayAnswer says whether the engine of p may be answering a request. One that
// sleeps answers none, and to ask it would wake it.
func (a *App) mayAnswer(ctx context.Context, sup service.Supervisor, p profiles.Profile) bool {
	if sup == nil {
		return true // a session's engine may
	}
	states, err := sup.Status(ctx, []string{p.Alias.String()})
	return err != nil || states[0].Status == service.Running
}

// openStreams counts the requests that the engine of p is answering; 0 when
// none runs. The error says that they cannot be counted: an engine that does not
// answer in time, for one. It must not be asked of a socket whose engine sleeps: it
// would wake.
func (a *App) openStreams(ctx context.Context, p profiles.Profile, port int) (int, error) {
	if external(p) {
		return 0, nil // ultrallm does not tell
	}
	client, err := a.client(p, port)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	report, err := client.Check(ctx)
	if err != nil && !mayBeAnswering(err) {
		return 0, nil // what has the port is not this profile's engine
	}
	return report.OpenStreams, err
}
