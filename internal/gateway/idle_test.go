package gateway

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// An engine leaves so long after the last request, however often it looks at
// itself and whatever connections are kept, and not while it answers one.
func TestIdleCountsFromTheLastRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, testConfig(map[string]string{"a": "https://a.test"}, "always -> a/m"), nil)
		e.opts.IdleExit = time.Minute
		began := time.Now()
		idle := make(chan struct{})
		go e.idling(t.Context(), idle)

		conn := func() *trackedConn {
			a, b := net.Pipe()
			t.Cleanup(func() { _ = a.Close(); _ = b.Close() })
			return &trackedConn{Conn: a}
		}
		agent := conn()
		<-time.After(30 * time.Second)
		e.conns.state(agent, http.StateNew)
		e.conns.state(agent, http.StateActive)
		agent.used.Store(true)
		<-time.After(5 * time.Minute) // a long stream
		select {
		case <-idle:
			t.Fatal("it left while it answered a request")
		default:
		}
		e.conns.state(agent, http.StateIdle) // kept: the agent has it still
		closed := conn()
		closed.used.Store(true)
		e.conns.state(closed, http.StateNew)
		<-time.After(10 * time.Second)
		e.conns.state(closed, http.StateClosed)
		for range 3 { // the watchdog's look at itself
			self := conn()
			e.conns.state(self, http.StateNew)
			<-time.After(10 * time.Second)
			e.conns.state(self, http.StateClosed)
		}
		<-idle
		if took := time.Since(began); took < 6*time.Minute+40*time.Second || took > 6*time.Minute+44*time.Second {
			t.Errorf("it left after %v, want 6m40s", took)
		}
	})
}

// A connection on which nothing came yet keeps the engine until its first request
// is overdue.
func TestIdleWaitsForANewConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, testConfig(map[string]string{"a": "https://a.test"}, "always -> a/m"), nil)
		e.opts.IdleExit = time.Second
		a, b := net.Pipe()
		defer a.Close()
		defer b.Close()
		e.conns.state(&trackedConn{Conn: a}, http.StateNew)
		began, idle := time.Now(), make(chan struct{})
		go e.idling(t.Context(), idle)
		<-idle
		if took := time.Since(began); took < headerTimeout || took > headerTimeout+time.Second {
			t.Errorf("it left after %v, want %v", took, headerTimeout)
		}
	})
}

// Without an idle time, and when the engine ends, nothing is left waiting.
func TestIdleEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, testConfig(map[string]string{"a": "https://a.test"}, "always -> a/m"), nil)
		ctx, cancel := context.WithCancel(t.Context())
		e.idling(ctx, nil) // returns at once
		e.opts.IdleExit = time.Hour
		ended := make(chan struct{})
		go func() { e.idling(ctx, nil); close(ended) }()
		cancel()
		<-ended
	})
}
