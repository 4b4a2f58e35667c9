package gateway

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// connTracker knows the client connections, for the drain.
type connTracker struct {
	mu    sync.Mutex
	conns map[*trackedConn]struct{}
	left  time.Time // when the last connection was closed that was used; at first, now
}

func newConnTracker() *connTracker {
	return &connTracker{conns: map[*trackedConn]struct{}{}, left: time.Now()}
}

// trackedConn remembers whether bytes have come since its last answer: the
// server's own state turns active only when a request's headers are complete,
// and a connection that is closed in between loses a request.
type trackedConn struct {
	net.Conn
	taking     taking
	unanswered atomic.Bool // bytes have come that no answer followed yet
	busy       atomic.Bool // a request is being answered
	used       atomic.Bool // a request for a model came on it: not a self-check, nor a look at /health
	since      time.Time   // when it became idle or was opened; connTracker.mu guards it
	fresh      bool        // no request has come on it yet; likewise
}

// SyscallConn gives access to the socket.
func (c *trackedConn) SyscallConn() (syscall.RawConn, error) {
	if sc, ok := c.Conn.(syscall.Conn); ok {
		return sc.SyscallConn()
	}
	return nil, syscall.EINVAL
}

// CloseWrite lets the server end an answer without a reset.
func (c *trackedConn) CloseWrite() error {
	if cw, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return nil
}

// trackedListener hands out tracked connections.
type trackedListener struct {
	net.Listener
	tracker *connTracker
}

func (l trackedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newTrackedConn(c), nil
}

// state follows the server's view of a connection.
func (t *connTracker) state(conn net.Conn, s http.ConnState) {
	c, ok := conn.(*trackedConn)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c.fresh = s == http.StateNew
	switch s {
	case http.StateNew, http.StateIdle:
		c.since = time.Now()
		c.busy.Store(false)
		c.unanswered.Store(false)
	case http.StateActive:
		c.busy.Store(true)
	}
	switch s {
	case http.StateNew:
		t.conns[c] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		delete(t.conns, c)
		if c.used.Load() {
			t.left = time.Now()
		}
	}
}

// quietSince is since when no request for a model is under way: the last one was
// answered, or its connection was closed, then. busy says that a request is, of
// whatever kind, or may be: a connection was just opened.
func (t *connTracker) quietSince() (since time.Time, busy bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	since = t.left
	for c := range t.conns {
		quiet := c.since
		switch {
		case c.busy.Load(), c.unanswered.Load():
			busy = true
		case !c.used.Load():
			// The self-check's is gone in a moment; another's first request has this long to come.
			busy = busy || time.Since(quiet) < headerTimeout
		case quiet.After(since):
			since = quiet
		}
	}
	return since, busy
}

func (t *connTracker) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.conns)
}

// closeQuiet closes the connections on which nothing has come since before; those
// that are new, and have not had a request yet, where that is since fresh.
func (t *connTracker) closeQuiet(before, fresh time.Time) {
	t.mu.Lock() // no connection changes its state meanwhile
	defer t.mu.Unlock()
	for c := range t.conns {
		limit := before
		if c.fresh {
			limit = fresh
		}
		if !c.since.After(limit) {
			c.closeIfQuiet()
		}
	}
}
