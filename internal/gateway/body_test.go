package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// spaces is an endless body of spaces.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestTooLargeBody(t *testing.T) {
	g := start(t, testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "always -> a/m"))
	for name, body := range map[string]io.Reader{
		"announced": io.LimitReader(spaces{}, maxBody+1),
		"chunked":   io.MultiReader(io.LimitReader(spaces{}, maxBody+1)),
	} {
		req := g.request("/v1/messages", "")
		req.Body = io.NopCloser(body)
		req.ContentLength = -1
		if name == "announced" {
			req.ContentLength = maxBody + 1
		}
		a := g.do(req)
		if a.status != 413 || !strings.Contains(a.body, tooLarge) || !strings.Contains(a.body, "64 MiB") {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestLargeBodiesGoThrough(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	for _, size := range []int{firstPiece - 1, firstPiece, firstPiece + 1, 3 * firstPiece, 5 << 20} {
		for _, chunked := range []bool{false, true} {
			head, tail := `{"model":"m","max_tokens":1,"messages":[],"x":"`, `"}`
			body := head + strings.Repeat("x", size-len(head)-len(tail)) + tail
			req := g.request("/v1/messages", body)
			if chunked {
				req.ContentLength = -1
				req.Body = io.NopCloser(strings.NewReader(body))
			}
			if a := g.do(req); a.status != 200 {
				t.Fatalf("%d bytes, chunked %v: %+v", size, chunked, a)
			}
			rs := up.Requests()
			if got := string(rs[len(rs)-1].Body); got != body {
				t.Errorf("%d bytes, chunked %v: the upstream got %d other bytes", size, chunked, len(got))
			}
		}
	}
}

// raw sends bytes as they are and returns the connection.
func (g *rig) raw(text string) net.Conn {
	g.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		g.t.Fatal(err)
	}
	return conn
}

func (g *rig) head(size int) string {
	return fmt.Sprintf("POST /v1/messages HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nAnthropic-Version: 1\r\nContent-Length: %d\r\n\r\n",
		strings.TrimPrefix(g.url, "http://"), testToken, size)
}

func TestAbsentBodiesHoldNoBudget(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	for range 20 {
		g.raw(g.head(maxBody) + "{") // 20 × 64 MiB announced
	}
	eventually(t, "the announced bodies are waited for", func() bool { return g.health().OpenStreams == 20 })
	if a := g.post(ask("x", false)); a.status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestTruncatedBodyIsNotSentOn(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	g.raw(g.head(100) + ask("x", false)[:50]).(*net.TCPConn).CloseWrite()
	head := strings.Replace(g.head(0), "Content-Length: 0", "Transfer-Encoding: chunked", 1)
	body := ask("x", false)
	g.raw(fmt.Sprintf("%s%x\r\n%s\r\n", head, len(body), body)).(*net.TCPConn).CloseWrite() // complete JSON, but not the last chunk
	eventually(t, "both were recorded", func() bool { return len(g.journal.requests()) == 2 })
	for _, r := range g.journal.requests() {
		if r["RINGLET_OUTCOME"] != "left" {
			t.Errorf("record %v", r)
		}
	}
	if n := len(up.Requests()); n != 0 {
		t.Errorf("%d truncated bodies went upstream", n)
	}
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		ctx := t.Context()
		must := func(n int64) {
			t.Helper()
			if err := b.take(ctx, n); err != nil {
				t.Fatal(err)
			}
		}
		must(60)
		must(40)
		if b.try(1) {
			t.Error("more was given than there is")
		}
		served := make(chan int64, 2)
		short, cancel := context.WithTimeoutCause(ctx, time.Second, errBusy)
		defer cancel()
		leaver := make(chan error, 1)
		go func() { leaver <- b.take(short, 90) }() // first in line, and leaves
		synctest.Wait()
		for _, n := range []int64{55, 10} {
			go func() { _ = b.take(ctx, n); served <- n }()
			synctest.Wait()
		}
		b.give(60)
		synctest.Wait()
		if len(served) != 0 || b.try(1) {
			t.Error("somebody jumped the queue")
		}
		if err := <-leaver; !errors.Is(err, errBusy) {
			t.Errorf("who waited too long got %v", err)
		}
		synctest.Wait()
		if n := <-served; n != 55 || len(served) != 0 {
			t.Errorf("%d was served first, though it came later", n)
		}
		b.give(40)
		if n := <-served; n != 10 || b.free != 35 || len(b.waiters) != 0 {
			t.Errorf("then %d was served, and %d are free", n, b.free)
		}
	})
}

func TestBusyBudgetIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m"), nil)
		if !e.bodies.try(bodyBudget) {
			t.Fatal("the budget is smaller than it says")
		}
		begin := time.Now()
		c, _ := e.testRequest(t, nil)
		if c.Code != 503 || c.Header().Get("Retry-After") != "5" || !strings.Contains(c.Body.String(), overloaded) || time.Since(begin) != budgetWait {
			t.Errorf("after %v: %d %v %s", time.Since(begin), c.Code, c.Header(), c.Body)
		}
		e.bodies.give(bodyBudget)
		// All that the request took has been given back.
		if !e.bodies.try(bodyBudget) {
			t.Error("the refused request keeps a share of the budget")
		}
	})
}

func TestBodiesGiveTheirShareBack(t *testing.T) {
	b := newBudget(bodyBudget)
	for _, size := range []int64{0, 10, firstPiece, firstPiece + 1, 3 << 20} {
		for _, announced := range []int64{size, -1, size + 1} {
			r := httptest.NewRequest(http.MethodPost, "/", io.LimitReader(spaces{}, size))
			r.ContentLength = announced
			body, err := readBody(httptest.NewRecorder(), r, b)
			if (err != nil) != (announced > size) {
				t.Fatalf("%d bytes announced as %d: %v", size, announced, err)
			}
			if err == nil {
				if int64(len(body.data)) != size || body.charge < size {
					t.Errorf("%d bytes announced as %d: read %d, charged %d", size, announced, len(body.data), body.charge)
				}
				body.release()
			}
			if b.free != bodyBudget {
				t.Fatalf("%d bytes announced as %d: %d bytes are lost", size, announced, bodyBudget-b.free)
			}
		}
	}
}

func TestAbandonedWaiterLeaves(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shared := newBudget(0)
	result := make(chan *apiError, 1)
	srv := &http.Server{ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, err := readBody(w, r, shared); result <- err })}
	go func() { _ = srv.Serve(trackedListener{ln, newConnTracker()}) }()
	defer srv.Close()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhello")
	eventually(t, "it waits", func() bool { shared.mu.Lock(); defer shared.mu.Unlock(); return len(shared.waiters) == 1 })
	conn.Close()
	if err := <-result; err.outcome != outcomeLeft || len(shared.waiters) != 0 { // else it is told to come again
		t.Errorf("%+v", err)
	}
}

func TestSlowBodyIsRead(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	body := ask("x", false)
	conn := g.raw(g.head(len(body)))
	for i := range body {
		if _, err := conn.Write([]byte{body[i]}); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
}

func TestStalledBodyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A pipe stands in for the connection: its deadlines follow the bubble's clock.
		client, server := net.Pipe()
		defer client.Close()
		r := httptest.NewRequest(http.MethodPost, "/", server)
		r.ContentLength = 100
		w := &deadlines{ResponseRecorder: httptest.NewRecorder(), conn: server}
		go func() {
			for range 5 { // slow, but moving
				time.Sleep(bodyStall - time.Second)
				_, _ = client.Write([]byte("x"))
			}
		}()
		begin := time.Now()
		shared := newBudget(bodyBudget)
		_, err := readBody(w, r, shared)
		if err == nil || err.status != 408 || time.Since(begin) != 5*(bodyStall-time.Second)+bodyStall || shared.free != bodyBudget {
			t.Errorf("after %v: %+v", time.Since(begin), err)
		}
	})
}

// deadlines is a ResponseWriter with a connection's read deadline.
type deadlines struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (d *deadlines) SetReadDeadline(at time.Time) error { return d.conn.SetReadDeadline(at) }

// A stream that has begun needs its request's body no more: long streams of
// large requests must not use up the budget.
func TestBudgetIsFreeWhileAStreamRuns(t *testing.T) {
	up := gatewaytest.New(t, nil)
	e, _ := listening(t, nil)
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/slow-1000x50")
	c.Server.Port = e.port
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, c)
	s, err := load(path, &keyRing{keys: map[string]string{"a": "k"}})
	if err != nil {
		t.Fatal(err)
	}
	e.current.Store(s)
	g := &rig{t: t, url: "http://" + e.addr, client: &http.Client{Transport: &http.Transport{}}}
	defer g.client.CloseIdleConnections()
	free := func() int64 { e.bodies.mu.Lock(); defer e.bodies.mu.Unlock(); return e.bodies.free }
	resp, err := g.client.Do(g.request("/v1/messages", strings.Replace(ask("x", true), "hi", strings.Repeat("hi", 1<<20), 1)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	eventually(t, "the share is given back", func() bool { return free() == bodyBudget })
	if e.open.Load() != 1 {
		t.Error("the stream has ended")
	}
}
