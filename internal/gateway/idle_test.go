package gateway

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// An engine leaves so long after the last connection that was used, however often
// it looks at itself, and not while there is one.
func TestIdleCountsFromTheLastConnection(t *testing.T) {
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
		agent.used.Store(true)
		<-time.After(5 * time.Minute) // kept, quiet: the agent has it still
		select {
		case <-idle:
			t.Fatal("it left while a connection was open")
		default:
		}
		e.conns.state(agent, http.StateClosed)
		for range 3 { // the watchdog's look at itself
			self := conn()
			e.conns.state(self, http.StateNew)
			<-time.After(10 * time.Second)
			e.conns.state(self, http.StateClosed)
		}
		<-idle
		if took := time.Since(began); took < 6*time.Minute+30*time.Second || took > 6*time.Minute+31*time.Second {
			t.Errorf("it left after %v, want 6m30s", took)
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
