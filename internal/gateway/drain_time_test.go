package gateway

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes: in a bubble of synctest their
// time is the bubble's.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8081} }

// draining is an engine in a bubble that serves on pipes, and can be drained.
type draining struct {
	t     *testing.T
	ln    *pipes
	drain func() // returns when the engine has drained
}

// serveInBubble has an engine serve whose only target streams a piece of text each
// tenth of a second, so many of them.
func serveInBubble(t *testing.T, pieces int) *draining {
	t.Helper()
	stream := []piece{{data: evStart + evContent}}
	for range pieces {
		stream = append(stream, piece{after: time.Second / 10, data: evDelta})
	}
	return serveBy(t, func(*http.Request) (*http.Response, error) {
		return sseResponse(append(stream, piece{data: evStop})...), nil
	})
}

// serveBy is serveInBubble with a target that answers as upstream does.
func serveBy(t *testing.T, upstream upstreamFunc) *draining {
	t.Helper()
	e := bare(t, testConfig(map[string]string{"a": "https://a.test"}, "always -> a/m"), upstream)
	t.Cleanup(e.tidier.close)
	d := &draining{t: t, ln: &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}}
	base, cut := context.WithCancelCause(context.Background())
	t.Cleanup(func() { cut(nil) })
	srv := e.server(base)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(trackedListener{d.ln, e.conns}) }()
	d.drain = func() { e.drain(srv, d.ln, served, cut) }
	return d
}

// client is a connection, with what has come on it.
type pipeClient struct {
	net.Conn
	in *bufio.Reader
}

func (d *draining) dial() *pipeClient {
	d.t.Helper()
	ours, theirs := net.Pipe()
	d.t.Cleanup(func() { _ = ours.Close() })
	d.ln.conns <- theirs
	return &pipeClient{ours, bufio.NewReader(ours)}
}

func request(method, path, body string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nX-Api-Key: " + testToken + "\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// ask sends a request and returns its answer, of which only the head was read.
func (d *draining) ask(c *pipeClient, method, path, body string) *http.Response {
	d.t.Helper()
	if _, err := io.WriteString(c, request(method, path, body)); err != nil {
		d.t.Fatal(err)
	}
	resp, err := http.ReadResponse(c.in, &http.Request{Method: method})
	if err != nil {
		d.t.Fatal(err)
	}
	return resp
}

// drains drains the engine; how long that took comes when it is done.
func (d *draining) drains() <-chan time.Duration {
	begin, took := time.Now(), make(chan time.Duration, 1)
	go func() { d.drain(); took <- time.Since(begin) }()
	return took
}

// aLook is more than the pause between two looks of the drain, and less than
// anything that it waits for.
const aLook = 20 * time.Millisecond

func TestDrainLetsAStreamEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serveInBubble(t, 40)
		resp := d.ask(d.dial(), "POST", "/v1/messages", ask("x", true))
		ended := d.drains()
		b, err := io.ReadAll(resp.Body)
		if err != nil || strings.Count(string(b), evDelta) != 40 || !strings.HasSuffix(string(b), evStop) {
			t.Errorf("the stream was cut: %v", err)
		}
		<-ended
	})
}

func TestDrainCutsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serveInBubble(t, 1000)
		resp := d.ask(d.dial(), "POST", "/v1/messages", ask("x", true))
		begin, ended := time.Now(), d.drains()
		b, err := io.ReadAll(resp.Body)
		if took := time.Since(begin); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(string(b), overloaded) || took < drainTime || took > drainTime+aLook {
			t.Errorf("the stream ended after %v: %v", took, err)
		}
		// TimeoutStopSec= of the unit is 5 s.
		if took := <-ended; took > drainTime+2*cutTime {
			t.Errorf("the engine ended after %v", took)
		}
	})
}

// A cut request is told so, also where its client is not there to read at once: an
// answer is out when it is written, not when nobody works on it any more.
func TestDrainLetsACutRequestSaySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serveBy(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c, body := d.dial(), ask("x", false)
		if _, err := io.WriteString(c, request("POST", "/v1/messages", body)); err != nil {
			t.Fatal(err)
		}
		ended := d.drains()
		time.Sleep(drainTime + cutTime/2)
		resp, err := http.ReadResponse(c.in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(b), overloaded) {
			t.Errorf("status %d, %s (%v)", resp.StatusCode, b, err)
		}
		<-ended
	})
}

func TestDrainIsQuickWhenNothingIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if took := <-serveInBubble(t, 1).drains(); took > aLook {
			t.Errorf("an idle engine took %v to stop", took)
		}
	})
}

func TestDrainClosesSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serveInBubble(t, 1)
		silent, kept := d.dial(), d.dial()
		d.ask(kept, "HEAD", "/health", "")
		synctest.Wait() // both are the server's
		begin, ended := time.Now(), d.drains()
		for name, c := range map[string]*pipeClient{"silent": silent, "kept": kept} {
			if _, err := c.in.ReadByte(); !errors.Is(err, io.EOF) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if took := time.Since(begin); took < linger || took > linger+aLook {
			t.Errorf("they were closed after %v", took)
		}
		<-ended
	})
}

// A kept connection's next request during the linger time is answered, and told
// that the connection ends.
func TestDrainAnswersOnKeptConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serveInBubble(t, 1)
		kept := d.dial()
		if d.ask(kept, "HEAD", "/health", "").Close {
			t.Error("the connection was to end before the drain")
		}
		ended := d.drains()
		time.Sleep(linger - aLook)
		if !d.ask(kept, "HEAD", "/health", "").Close {
			t.Error("the answer during the drain does not say that the connection ends")
		}
		<-ended
	})
}

// While a stream is open, the drain does not end sooner by closing connections that
// are kept: a client that thinks for longer than the linger time still has its answer.
func TestDrainKeepsQuietConnectionsWhileAStreamIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serveInBubble(t, 20)
		kept := d.dial()
		d.ask(kept, "HEAD", "/health", "")
		resp := d.ask(d.dial(), "POST", "/v1/messages", ask("x", true))
		begin, ended := time.Now(), d.drains()
		closed := make(chan time.Duration, 1)
		go func() {
			if _, err := kept.in.ReadByte(); !errors.Is(err, io.EOF) {
				t.Errorf("the quiet connection: %v", err)
			}
			closed <- time.Since(begin)
		}()
		if b, err := io.ReadAll(resp.Body); err != nil || !strings.HasSuffix(string(b), evStop) {
			t.Errorf("the stream was cut: %v", err)
		}
		streamed := time.Since(begin)
		if took := <-closed; streamed < 2*time.Second || took < streamed || took > streamed+aLook {
			t.Errorf("the quiet connection was closed after %v, the stream ended after %v", took, streamed)
		}
		<-ended
	})
}
