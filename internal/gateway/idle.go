package gateway

import (
	"context"
	"time"
)

// How often an engine whose time is up looks whether the request that kept it,
// or its own self-check, has ended: a twentieth of its time, within these bounds.
const (
	idlePauseLeast = 100 * time.Millisecond
	idlePauseMost  = 10 * time.Second
)

// idling closes idle once there was no request for the time after which the
// engine is to leave. Its own self-checks and looks at /health do not count as
// one, or the watchdog would keep it here; nor does a connection that an agent
// keeps open and says nothing on: the drain answers what comes on it in its last
// moments, and closes it. That somebody connects in the same moment does no
// harm: what was accepted is answered in the drain, and what was not waits in
// the socket, for which the init system starts the next engine.
func (e *engine) idling(ctx context.Context, idle chan<- struct{}) {
	after := e.opts.IdleExit
	if after <= 0 {
		return
	}
	pause := min(max(after/20, idlePauseLeast), idlePauseMost)
	next := time.NewTimer(after)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		since, busy := e.conns.quietSince()
		switch rest := after - time.Since(since); {
		case rest > 0:
			next.Reset(rest)
		case busy:
			next.Reset(pause)
		default:
			close(idle)
			return
		}
	}
}
