//go:build testbed

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load is clients that send request after request until it is stopped.
type load struct {
	requests, failures atomic.Int64
	late               atomic.Int64 // sent on a connection that had been quiet for too long, when the proxy had ended it

	mu    sync.Mutex
	first []string // the first few failures
	stop  context.CancelFunc
	wg    sync.WaitGroup

	clients []*client
}

// startLoad starts n clients on fresh and n on kept connections. Their think
// time is mixed, every third request is a short stream, and none is ever sent twice.
func startLoad(b *bed, alias string, n int) *load {
	l := &load{}
	ctx, stop := context.WithCancel(b.t.Context())
	l.stop = stop
	b.t.Cleanup(l.end)
	think := []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond, 80 * time.Millisecond, 150 * time.Millisecond}
	for i := range 2 * n {
		c := b.client(alias, i%2 == 0)
		l.clients = append(l.clients, c)
		l.wg.Go(func() { l.send(ctx, c, think[i/2%len(think)]) })
	}
	return l
}

func (l *load) send(ctx context.Context, c *client, think time.Duration) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	var before sending
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		// A request that has begun is waited for, or the last ones would count as lost.
		before = l.one(context.WithoutCancel(ctx), c, i%3 == 0, before)
		pause.Reset(think)
	}
}

// sending is when a request of a client's was under way.
type sending struct{ connects, written time.Time }

// keptFor is how long a connection without a request is surely kept by an engine that
// leaves, which is 300 ms by its own clock. A client that a busy machine lets pause for
// longer has no right to an answer if the connection's end has come when it sends.
const keptFor = 250 * time.Millisecond

// one sends a request, after the client's one before.
func (l *load) one(ctx context.Context, c *client, stream bool, before sending) sending {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var mu sync.Mutex
	var now sending
	ctx, crossed := crossing(ctx)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart: func(string, string) { mu.Lock(); now.connects = time.Now(); mu.Unlock() },
		WroteRequest: func(httptrace.WroteRequestInfo) { mu.Lock(); now.written = time.Now(); mu.Unlock() },
	})
	model, last := "plain", []byte(`"stop_reason":"end_turn"`)
	if stream {
		model, last = "slow-3x15", []byte("event: message_stop")
	}
	began := time.Now()
	a, err := c.post(ctx, message(model, stream))
	l.requests.Add(1)
	mu.Lock()
	defer mu.Unlock()
	if err == nil && a.status == http.StatusOK && bytes.Contains(a.body, last) {
		return now
	}
	since, written := now.connects, now.written
	if since.IsZero() { // a connection that was kept, since the request before at the latest
		since = before.written
	}
	if written.IsZero() {
		written = time.Now()
	}
	if err != nil && a.status == 0 && !since.IsZero() && written.Sub(since) > keptFor && crossed(err) {
		l.late.Add(1)
		return now
	}
	l.failures.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.first) < 5 {
		l.first = append(l.first, fmt.Sprintf("kept=%t stream=%t after %v: %v, status %d: %.200s", !c.transport.DisableKeepAlives, stream, time.Since(began).Round(time.Millisecond), err, a.status, a.body))
	}
	return now
}

// end stops the clients and waits for their last answers.
func (l *load) end() {
	l.stop()
	l.wg.Wait()
	for _, c := range l.clients {
		c.transport.CloseIdleConnections() // an engine is idle without them only
	}
}

// lost fails the test when a request failed.
func (l *load) lost(t testing.TB) {
	t.Helper()
	l.end()
	if n := l.late.Load(); n > max(5, l.requests.Load()/100) {
		t.Errorf("%d of %d requests were sent on connections that had been quiet for more than %v and were ended then: too many to be this machine's doing", n, l.requests.Load(), keptFor)
	} else if n > 0 {
		t.Logf("%d of %d requests were sent on connections that had been quiet for more than %v and were ended then: this machine is busy", n, l.requests.Load(), keptFor)
	}
	if n := l.failures.Load(); n > 0 {
		t.Errorf("%d of %d requests failed; the first of them:", n, l.requests.Load())
		for _, text := range l.first {
			t.Error(text)
		}
	}
}

// 8 clients on fresh and 8 on kept connections lose no request while the proxy
// is restarted 24 times, reloaded, and its rules change 40 times; a rule is in
// force when the command that adds it returns, in the same process.
func TestAcceptanceRestartsAndRulesLoseNoRequest(t *testing.T) {
	b := newBed(t)
	alias := b.alias("load")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	fresh, kept := b.client(alias, false), b.client(alias, true)
	clients := startLoad(b, alias, 8)

	var restarts, adds []time.Duration
	pid := kept.health(t).PID
	for i := range 20 {
		restarts = append(restarts, b.ok("proxy", "restart", alias).took)
		if i%5 == 4 { // and the other ways that promise to lose nothing
			b.ok("daemon", "restart")
			b.ok("proxy", "reload", alias)
			mustSystemctl(t, "reload", unit(alias))
		}
		now := kept.health(t).PID
		if now == pid {
			t.Fatalf("restart %d left the engine, pid %d, as it was", i+1, pid)
		}
		pid = now

		name := fmt.Sprintf("probe-%d", i)
		kept.answered(t, name, "first")
		adds = append(adds, b.rule(alias, name, fmt.Sprintf("model == %q", name), "second/"+name, "--priority", "5").took)
		kept.answered(t, name, "second")
		fresh.answered(t, name, "second")
		b.ok("proxy", "route", "remove", alias, name)
		kept.answered(t, name, "first")
		if now := kept.health(t).PID; now != pid {
			t.Fatalf("after rule %d the engine is pid %d; it was pid %d", i+1, now, pid)
		}
	}
	clients.lost(t)
	if s := b.is(alias, "running"); s.PID != pid || s.Restarts != 0 {
		t.Errorf("at the end: %+v; the engine should be pid %d, never restarted by systemd itself", s, pid)
	}
	n := clients.requests.Load()
	t.Logf("%d requests, %d failed; restart: median %v, longest %v; route add: median %v, longest %v",
		n, clients.failures.Load(), median(restarts), slices.Max(restarts), median(adds), slices.Max(adds))
	if n < 1000 {
		t.Errorf("only %d requests were sent: that is no load", n)
	}
}

func median(d []time.Duration) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[len(d)/2].Round(time.Millisecond)
}
