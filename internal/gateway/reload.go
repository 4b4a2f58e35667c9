package gateway

import (
	"context"
	"fmt"
)

// reloading reloads at each hangup until ctx ends.
func (e *engine) reloading(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-e.opts.Hangup:
			if !ok {
				return
			}
			e.reload()
		}
	}
}

// reload reads the configuration and the keys anew. All that can fail comes
// first; then one pointer is swapped, so that no request ever sees half of a
// configuration. After a failure the last good one stays in force.
func (e *engine) reload() {
	next, err := load(e.opts.ConfigPath, e.opts.Keys)
	if err == nil {
		err = e.accepts(next)
	}
	if err != nil {
		msg := err.Error()
		e.reloadErr.Store(&msg)
		e.rec.event(priError, e.profile, "the new configuration was refused, the one before stays in force: "+oneLine(msg))
	} else {
		e.current.Store(next)
		e.reloadErr.Store(nil)
		e.rec.bound(next.config.Ringlet.Log) // taken up with the event below
		e.rec.event(priNotice, e.profile, fmt.Sprintf("configuration %d is in force", next.config.Ringlet.Seq))
		e.warnKeys()
	}
	e.notify("STATUS=" + e.status())
	// Last: who sees the count risen finds the outcome of this attempt.
	e.reloads.Add(1)
}

// accepts refuses what a running engine cannot become.
func (e *engine) accepts(next *snapshot) error {
	if p := next.config.Server.Port; p != e.port {
		return fmt.Errorf("server.port changed from %d to %d, which takes a restart; run: ringlet proxy restart %s", e.port, p, e.profile)
	}
	if p := next.config.Ringlet.Profile; p != e.profile {
		return fmt.Errorf("ringlet.profile changed from %q to %q, which takes a restart; run: ringlet proxy restart %s", e.profile, p, e.profile)
	}
	return nil
}
