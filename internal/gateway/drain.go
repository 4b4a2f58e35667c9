package gateway

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	// linger is how long a kept connection stays open without a request during
	// the drain. A client that is about to send its next request on it gets an
	// answer, and with it the word that the connection ends. Measured: without it
	// 69 requests were lost in 20 restarts under load, with 300 ms none.
	linger = 300 * time.Millisecond
	// longLinger is the same where that keeps the engine no longer than it stays
	// anyway, and for a new connection, whose client surely is about to send. It is
	// no longer than that: a request that comes on it late in the drain would be cut
	// in the middle; on a connection of its own the next engine answers it whole.
	longLinger = time.Second
	// drainTime is how long answers may take to end; the unit's TimeoutStopSec is 5 s.
	drainTime = 4500 * time.Millisecond
	// cutTime is how long cut requests have to say so to their clients, from the last
	// one on that did; cutMost is how long all of them have. A thousand streams take a
	// tenth of a second, or two on a busy machine.
	cutTime = 250 * time.Millisecond
	cutMost = 3 * time.Second
	// cutMore asks the init system for more time than the unit's TimeoutStopSec, in
	// microseconds: sd_notify(3). The records are to be written then, too.
	cutMore = "EXTEND_TIMEOUT_USEC=5000000"
)

// leave is the first act of an engine's end, whatever else has to end as well:
// from here on nothing is accepted, and the drain's time runs.
func (e *engine) leave(ln net.Listener) (start time.Time) {
	start = time.Now()
	e.draining.Store(true)
	_ = ln.Close() // Serve says if it was not open any more
	return start
}

// drain ends serving without losing a request. http.Server.Shutdown does lose
// some: it drops a connection whose request is read after it began.
//
// The order counts. The listener was closed by leave; first Serve is waited for: what
// the kernel has queued on a socket of the init system is left for the next engine,
// what was accepted is ours. From then on every answer says Connection: close;
// connections on which nothing comes for the linger time are closed, each
// counted from its own last answer: a stream that ends late in the drain may
// have promised, before it began, that its connection is kept. What still runs after
// drainTime is cut, with an error that says why: an event in a stream that has begun,
// or else the status 503 and a Retry-After, which every agent heeds.
func (e *engine) drain(start time.Time, srv *http.Server, served chan error, cut context.CancelCauseFunc) {
	<-served //nolint:errcheck // it says that it was closed
	ended := func() bool {
		now := time.Now()
		kept, fresh := e.lingers(now.Sub(start))
		quietSince := func(d time.Duration) time.Time {
			if t := now.Add(-d); t.After(start) {
				return t
			}
			return time.Time{}
		}
		e.conns.closeQuiet(quietSince(kept), quietSince(fresh))
		return e.conns.count() == 0
	}
	if !waitFor(start.Add(drainTime), ended) {
		if n := e.open.Load(); n > 0 {
			e.log.Info("requests are cut at the end of the drain", "requests", n, "after", time.Since(start))
			e.notify(cutMore)
		}
		cut(errStopping)
		// Not until none is open: what a request said last is on its way then.
		last, left := time.Now(), e.conns.count()
		waitFor(last.Add(cutMost), func() bool {
			done := ended()
			if n := e.conns.count(); n < left {
				last, left = time.Now(), n
			}
			return done || time.Since(last) > cutTime
		})
	}
	_ = srv.Close() // what is left has been given its time
	waitFor(time.Now().Add(cutTime/2), func() bool { return e.conns.count() == 0 })
}

// lingers says how long, so long after the drain's start, connections without a
// request stay open: those that were kept after an answer, and new ones.
func (e *engine) lingers(since time.Duration) (kept, fresh time.Duration) {
	switch {
	case since > drainTime-linger:
		return linger, linger
	case e.open.Load() > 0:
		return longLinger, drainTime
	}
	return linger, longLinger
}
