package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// Engines follow one another on one inherited socket, as under socket
// activation, while clients on fresh and on kept connections go on. No client
// tries anything twice; none may fail, but for one that the machine held up for so
// long that its connection was silent for the linger time, and had ended when it sent.
func TestNoRequestIsLostOverRestarts(t *testing.T) {
	up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply { return gatewaytest.JSON(r.Model, "hi") })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := ln.(*net.TCPListener).File() // what the init system would hold
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/m")
	g := startOn(t, ln, c)
	first := g // all have the same address

	var requests, failures, late atomic.Int64
	var firstFailure atomic.Pointer[string]
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for i := range 8 {
		kept := i%2 == 0
		think := time.Duration(i/2) * 3 * time.Millisecond // 0 to 9 ms
		clients.Go(func() {
			// A request with a body and without GetBody is not repeated by Go's client.
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: !kept, DialContext: dialSeeing}}
			defer client.CloseIdleConnections()
			for {
				select {
				case <-stop:
					return
				default:
				}
				<-time.After(think)
				var on atomic.Pointer[seeingConn]
				req := first.request("/v1/messages", ask("x", false))
				err := once(client, req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
					GotConn: func(i httptrace.GotConnInfo) { on.Store(i.Conn.(*seeingConn).begin()) }})))
				if err != nil && on.Load().mayLose() {
					late.Add(1)
				} else if err != nil {
					failures.Add(1)
					s := err.Error()
					firstFailure.CompareAndSwap(nil, &s)
				}
				requests.Add(1)
			}
		})
	}
	for range 8 {
		mark := requests.Load()
		eventually(t, "clients are served", func() bool { return requests.Load() > mark+40 })
		g.stop()
		next, err := net.FileListener(socket)
		if err != nil {
			t.Fatal(err)
		}
		g = startOn(t, next, c)
	}
	close(stop)
	clients.Wait()
	if n := failures.Load(); n > 0 {
		t.Errorf("%d of %d requests failed, the first with: %s", n, requests.Load(), *firstFailure.Load())
	}
	// Each client was held up for a whole restart at most.
	if n := late.Load(); n > 8*8 {
		t.Errorf("%d of %d requests came too late", n, requests.Load())
	}
	t.Logf("%d requests over 8 restarts, %d of them too late", requests.Load(), late.Load())
}

// seeingConn is a client's connection that sees, of each request, for how long it was
// quiet before, and whether the kernel had its end when the request was out.
type seeingConn struct {
	net.Conn
	mu    sync.Mutex
	last  time.Time // when something was written, or it was opened
	fresh bool      // nothing of the request was written yet
	quiet time.Duration
	ended bool
}

func dialSeeing(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &seeingConn{Conn: conn, last: time.Now()}, nil
}

func (c *seeingConn) begin() *seeingConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh = true
	return c
}

func (c *seeingConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh {
		c.fresh, c.quiet = false, time.Since(c.last)
	}
	n, err := c.Conn.Write(p)
	c.last, c.ended = time.Now(), peerClosed(c.Conn)
	return n, err
}

// mayLose says of a request that was lost that no server could have helped it. Only
// Linux is asked for a connection's end.
func (c *seeingConn) mayLose() bool {
	if c == nil {
		return false // it could not connect
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh {
		return time.Since(c.last) > linger // it was not even sent
	}
	return c.quiet > linger && (c.ended || runtime.GOOS != "linux")
}

func once(client *http.Client, req *http.Request) error {
	body, _ := io.ReadAll(req.Body)
	req.Body, req.GetBody = io.NopCloser(strings.NewReader(string(body))), nil
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != 200 {
		return errors.New(resp.Status)
	}
	return nil
}

// The whole of an engine's end, over real sockets; its times are in drain_time_test.go.
func TestDrainCutsAStreamThatDoesNotEnd(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/slow-1000x100"))
	resp, err := g.client.Do(g.request("/v1/messages", ask("x", true)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	begin := time.Now()
	g.cancel()
	b, err := io.ReadAll(resp.Body)
	took := time.Since(begin)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(string(b), `event: error`) || !strings.Contains(string(b), overloaded) || strings.Contains(string(b), "message_stop") {
		t.Errorf("the stream ended with %v: …%s", err, b[max(0, len(b)-300):])
	}
	if took < drainTime-time.Second { // it began a moment ago
		t.Errorf("it was cut after %v", took)
	}
	g.stop()
	if r := g.record(); r["RINGLET_OUTCOME"] != "stopped" {
		t.Errorf("record %v", r)
	}
}

func TestStartErrors(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c := testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "always -> a/m")
	c.Server.Port = ln.Addr().(*net.TCPAddr).Port
	path := t.TempDir() + "/config.yaml"
	write(t, path, c)
	run := func(o Options) error {
		o.Stderr = io.Discard
		return Run(t.Context(), o)
	}
	if err := run(Options{ConfigPath: path}); err == nil || !strings.Contains(err.Error(), "already in use") || !strings.Contains(hint(err), "ringlet proxy enable work --port") {
		t.Errorf("a taken port: %v", err)
	}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := run(Options{ConfigPath: path, Listener: other}); err == nil || !strings.Contains(err.Error(), "the socket handed over is "+other.Addr().String()) {
		t.Errorf("another socket: %v", err)
	}
	if err := run(Options{ConfigPath: path + "x"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no configuration: %v", err)
	}
	if err := os.WriteFile(path, []byte("server: {"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(Options{ConfigPath: path}); err == nil || !strings.Contains(err.Error(), "config.yaml:2") {
		t.Errorf("a broken configuration: %v", err)
	}
}
