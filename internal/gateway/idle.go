package gateway

import (
	"context"
	"time"
)

// idlePause is how often an engine whose time is up looks whether the connection
// that it saw, its own self-check most likely, has closed.
const idlePause = 100 * time.Millisecond

// idling closes idle once there was no connection for the time after which the
// engine is to leave. Its own self-checks and looks at /health do not count as
// one, or the watchdog would keep it here. That somebody connects in the same
// moment does no harm: what was accepted is answered in the drain, and what was
// not waits in the socket, for which the init system starts the next engine.
func (e *engine) idling(ctx context.Context, idle chan<- struct{}) {
	after := e.opts.IdleExit
	if after <= 0 {
		return
	}
	next := time.NewTimer(after)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		left, none := e.conns.idleSince()
		switch rest := after - time.Since(left); {
		case rest > 0:
			next.Reset(rest)
		case !none:
			next.Reset(idlePause)
		default:
			close(idle)
			return
		}
	}
}
