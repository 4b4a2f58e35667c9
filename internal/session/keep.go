package session

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// firstPause is how long a run waits before it starts an engine again that did not
	// live for steady; each further time it waits twice as long, up to mostPause.
	firstPause = time.Second
	mostPause  = 30 * time.Second
	steady     = 10 * time.Second
	// grace is how long a start that nobody waits for any more has to end well.
	grace = 2 * time.Second
	// leaveTimeout is how long an engine is waited for that leaves: longer than its drain.
	leaveTimeout = 6 * time.Second
	leavePause   = 10 * time.Millisecond
)

func (o Options) servingPath() string { return o.LeasePath + ".serving" }

// Keep starts the engine again whenever it ends, until ctx ends: on the same port
// and with the profile's token, so that an agent that runs finds it where it was.
// Several runs do so at once, and start one. It returns how often there was a new
// one, by whomever it was started.
//
// Where the profile's configuration is gone as well, the profile was deleted, and
// nothing is started.
func (l *Lease) Keep(ctx context.Context) (replaced int) {
	o, pause := l.options, time.Duration(0)
	for {
		since := time.Now()
		if err := l.engineEnded(ctx); err != nil {
			if ctx.Err() == nil {
				o.Logger.DebugContext(ctx, "the engine is not watched any more", "profile", o.Alias, "error", err)
			}
			return replaced
		}
		if time.Since(since) > steady {
			pause = 0
		}
		if err := sleep(ctx, pause); err != nil {
			return replaced
		}
		pause = min(max(2*pause, firstPause), mostPause)
		if _, err := os.Stat(o.ConfigPath); errors.Is(err, fs.ErrNotExist) {
			return replaced
		}
		before := l.Report.PID
		err := l.again(ctx)
		o.Logger.DebugContext(ctx, "the engine was gone", "profile", o.Alias, "pid", before, "now", l.Report.PID, "error", err)
		if l.Report.PID != before {
			replaced++
		}
	}
}

// engineEnded returns when no engine serves.
func (l *Lease) engineEnded(ctx context.Context) error {
	held, err := wait(ctx, l.options.servingPath(), unix.LOCK_SH)
	if err != nil {
		return err
	}
	held.release()
	return nil
}

// again makes sure that the engine is there. An end of ctx leaves it a moment to
// finish: others may want the engine that is just starting.
func (l *Lease) again(ctx context.Context) error {
	outer := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ensureTimeout)
	defer cancel()
	defer context.AfterFunc(outer, func() {
		if sleep(ctx, grace) == nil {
			cancel()
		}
	})()
	now, err := l.options.ensure(ctx)
	if err != nil {
		return err
	}
	l.Report = now.Report
	if now.Started {
		l.child = now.child
	}
	return nil
}

// Leave closes the lease. If it was the last one, it returns when the engine that
// this run started has ended: a process 1 that ends takes it along before it has
// saved what it knows, and one that looks after nobody leaves it a zombie. It
// must not be called while Keep runs.
func (l *Lease) Leave() {
	l.Close()
	if l.child == nil {
		return
	}
	late := time.NewTimer(leaveTimeout)
	defer late.Stop()
	look := time.NewTicker(leavePause)
	defer look.Stop()
	for {
		select {
		case <-l.child:
			return
		case <-late.C:
			return
		case <-look.C:
		}
		// Who leaves has the lease for itself. Where it can be shared and not be had
		// alone, others use the engine.
		if !can(l.options.LeasePath, unix.LOCK_EX) && can(l.options.LeasePath, unix.LOCK_SH) {
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
