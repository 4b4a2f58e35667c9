package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

const (
	// reloadPause is how often an engine that is in between is looked at.
	reloadPause = 50 * time.Millisecond
	// startingPatience is how long an engine that crashes again and again is waited
	// for: it reads the newest files whenever it is started. One that is only slow may
	// have read the older ones.
	startingPatience = 5 * time.Second
	// tokenPatience is how long an engine that knows another token is waited for:
	// whoever changed the token is about to restart it.
	tokenPatience = 2 * time.Second
)

// reload has the engine that an init system runs for p take up what was saved. An
// engine that another command restarts meanwhile, or that crashed, cannot be
// asked: then its state is looked at again, and what counts is what the next one
// runs. One that was starting may have read its files just before they changed.
func (a *App) reload(ctx context.Context, sup service.Supervisor, p profiles.Profile, c profiles.Change) (Applied, error) {
	alias := p.Alias.String()
	began := time.Now()
	again := time.NewTicker(reloadPause)
	defer again.Stop()
	var failed error // the last attempt's
	for {
		states, err := sup.Status(ctx, []string{alias})
		if err != nil {
			return Nothing, err
		}
		switch states[0].Status {
		case service.Running:
			if failed = sup.Reload(ctx, alias); failed == nil {
				return Live, nil
			}
			applied, settled, err := a.afterRefusal(ctx, p, c, states[0].PID, began, failed)
			if settled {
				return applied, err
			}
		case service.Starting:
			if time.Since(began) > startingPatience && failing(states[0]) {
				return Saved, nil
			}
		case service.Listening:
			return Saved, nil // it reads the newest files when the next request wakes it
		default:
			return a.reloadSession(ctx, p, c)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			if failed == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				failed = notTold(alias, fmt.Errorf("it does not come up: %w", ctx.Err()))
			} else if failed == nil {
				failed = context.Cause(ctx)
			}
			return Nothing, failed
		}
	}
}

// failing says of an engine that is starting that it did so before, and ended.
func failing(st service.State) bool {
	return st.Restarts > 0 || st.Result != "success" && st.Result != ""
}

// afterRefusal finds out what a failed reload of the engine pid means. Not
// settled: the engine is leaving, or has left, and the next one is to be asked.
func (a *App) afterRefusal(ctx context.Context, p profiles.Profile, c profiles.Change, pid int, began time.Time, failed error) (applied Applied, settled bool, err error) {
	client, err := a.client(p, c.Port)
	if err != nil {
		return Nothing, true, failed
	}
	report, err := client.Check(ctx)
	switch {
	case health.Is(err, health.BadProof) && time.Since(began) > tokenPatience:
		// It knows another token, and can be told of nothing else.
		return Nothing, true, err
	case err != nil:
		return Nothing, false, nil
	case report.ReloadError != "":
		return Nothing, true, refused(p.Alias.String(), report.ReloadError)
	case runs(report, c.Seq, began):
		return Live, true, nil
	case report.PID == pid && !report.Draining && !overtaken(failed):
		return Nothing, true, failed
	}
	return Nothing, false, nil
}

// runs reports whether an engine has read configuration and keys since, and has
// at least seq in force.
func runs(r health.Report, seq int64, since time.Time) bool {
	return r.Seq >= seq && r.KeysLoadedAt != nil && !r.KeysLoadedAt.Before(since)
}

// overtaken says that another command's job took the place of a reload.
func overtaken(err error) bool {
	var job *service.JobError
	return errors.Is(err, service.ErrNotRunning) || errors.As(err, &job) && job.Job == "canceled"
}
