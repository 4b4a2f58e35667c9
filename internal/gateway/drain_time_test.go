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
	"sync/atomic"
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
	e     *engine
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

// noAnswer is an upstream that does not answer.
func noAnswer(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// serveBy is serveInBubble with a target that answers as upstream does.
func serveBy(t *testing.T, upstream upstreamFunc) *draining {
	t.Helper()
	e := bare(t, testConfig(map[string]string{"a": "https://a.test"}, "always -> a/m"), upstream)
	t.Cleanup(e.tidier.close)
	d := &draining{t: t, e: e, ln: &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}}
	base, cut := context.WithCancelCause(context.Background())
	t.Cleanup(func() { cut(nil) })
	srv := e.server(base)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(trackedListener{d.ln, e.conns}) }()
	d.drain = func() { e.drain(e.leave(d.ln), srv, served, cut) }
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
		d.inTime(<-ended)
	})
}

// A cut request is told so, also where its client is not there to read at once: an
// answer is out when it is written, not when nobody works on it any more.
func TestDrainLetsACutRequestSaySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serveBy(t, noAnswer)
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

// On a busy machine it takes long until many clients have been told that they are cut:
// as long as that goes on the engine stays, and asks its init system for the time. A
// client that takes nothing keeps it no longer than all others do.
func TestDrainTellsAllThatAreCut(t *testing.T) {
	for name, stuck := range map[string]int{"all read": 0, "one reads nothing": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := serveInBubble(t, 1000)
				var asked atomic.Int64
				d.e.opts.Notify = func(state string) error {
					if state == "EXTEND_TIMEOUT_USEC=5000000" {
						asked.Add(1)
					}
					return nil
				}
				const clients = 10
				var streams []*http.Response
				for range clients + stuck {
					streams = append(streams, d.ask(d.dial(), "POST", "/v1/messages", ask("x", true)))
				}
				ended := d.drains()
				time.Sleep(drainTime + aLook)
				if asked.Load() != 1 {
					t.Errorf("the init system was asked for more time %d times", asked.Load())
				}
				for _, resp := range streams[:clients] {
					time.Sleep(cutTime - aLook)
					if b, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(string(b), overloaded) {
						t.Errorf("a stream was cut without a word: %v: %s", err, b)
					}
				}
				if took, most := <-ended, drainTime+(clients+2)*cutTime; took > most {
					t.Errorf("the engine ended after %v", took)
				}
			})
		})
	}
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
		d.closes(kept, begin, linger)
		d.closes(silent, begin, longLinger) // its client is about to send
		<-ended
	})
}

// inTime checks how long the engine took to end: TimeoutStopSec= of the unit is 5 s, and
// a busy machine needs some of it as well.
func (d *draining) inTime(took time.Duration) {
	d.t.Helper()
	if took > 4900*time.Millisecond {
		d.t.Errorf("the engine ended after %v", took)
	}
}

// closes waits until the engine closes a connection, which it should do so long after begin.
func (d *draining) closes(c *pipeClient, begin time.Time, want time.Duration) {
	d.t.Helper()
	if _, err := c.in.ReadByte(); !errors.Is(err, io.EOF) {
		d.t.Errorf("the quiet connection: %v", err)
	}
	if took := time.Since(begin); took < want || took > want+aLook {
		d.t.Errorf("it was closed after %v, want %v", took, want)
	}
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
// are kept: a client that a busy machine holds up still has its answer. One that asks
// late in the drain has it from the next engine, whole.
func TestDrainClosesQuietConnectionsLaterWhileAStreamIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serveInBubble(t, 40)
		slow, kept, fresh := d.dial(), d.dial(), d.dial()
		d.ask(slow, "HEAD", "/health", "")
		d.ask(kept, "HEAD", "/health", "")
		resp := d.ask(d.dial(), "POST", "/v1/messages", ask("x", true))
		whole := make(chan bool)
		go func() {
			b, err := io.ReadAll(resp.Body)
			whole <- err == nil && strings.HasSuffix(string(b), evStop)
		}()
		synctest.Wait()
		begin, ended := time.Now(), d.drains()
		time.Sleep(longLinger - aLook)
		if !d.ask(slow, "HEAD", "/health", "").Close {
			t.Error("the answer during the drain does not say that the connection ends")
		}
		d.closes(kept, begin, longLinger)
		time.Sleep(time.Second)
		if !d.ask(fresh, "HEAD", "/health", "").Close {
			t.Error("a new connection's first answer during the drain does not say that it ends")
		}
		if !<-whole {
			t.Error("the stream was cut")
		}
		<-ended
	})
}

// A stream that began before the drain has promised that its connection is kept: that
// holds for the linger time, though it ends right before the drain does.
func TestDrainKeepsAPromiseToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serveInBubble(t, 44)
		c := d.dial()
		resp := d.ask(c, "POST", "/v1/messages", ask("x", true))
		begin, ended := time.Now(), d.drains()
		if b, err := io.ReadAll(resp.Body); err != nil || resp.Close || !strings.HasSuffix(string(b), evStop) {
			t.Fatalf("the stream was cut: %v; it promised to close: %v", err, resp.Close)
		}
		if took := time.Since(begin); took < drainTime-linger || took > drainTime {
			t.Fatalf("the stream ended after %v", took)
		}
		time.Sleep(linger / 2) // the drain's time is over
		if resp := d.ask(c, "POST", "/v1/messages", ask("x", true)); !stopping(resp) {
			t.Errorf("a request after the drain's time: %+v", resp)
		}
		d.inTime(<-ended)
	})
}

// stopping reports whether an answer says that the engine stops, and when to try again.
func stopping(resp *http.Response) bool {
	body, err := io.ReadAll(resp.Body)
	return err == nil && resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "1" && resp.Close &&
		resp.Header.Get("X-Should-Retry") == "" && strings.Contains(string(body), overloaded)
}

// A request that has no first byte at the end of the drain is told to come again: one
// whose upstream is silent, and one whose body is still being sent.
func TestDrainAnswersWhatHasNotBegun(t *testing.T) {
	whole := request("POST", "/v1/messages", ask("x", true))
	for name, sent := range map[string]string{
		"a silent upstream": whole,
		"half a body":       whole[:len(whole)-10],
		"a large body":      strings.Replace(whole, "Content-Length: ", "Content-Length: 10000", 1),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := serveBy(t, noAnswer)
				c := d.dial()
				if _, err := io.WriteString(c, sent); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				begin, ended := time.Now(), d.drains()
				resp, err := http.ReadResponse(c.in, nil)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin); !stopping(resp) || took < drainTime || took > drainTime+aLook {
					t.Errorf("after %v: %+v", took, resp)
				}
				d.inTime(<-ended)
				time.Sleep(time.Second) // net/http waits for half of one before it forgets a connection whose body it has not read
			})
		})
	}
}

// A process that stood still beyond the end of a wait has had none of its time: what
// was about to come is looked for a few times more.
func TestAWaitThatWasHeldUpIsNotOver(t *testing.T) {
	for after, want := range map[int]bool{1: true, fewestLooks: true, fewestLooks + 1: false} {
		looks := 0
		if got := waitFor(time.Now().Add(-time.Second), func() bool { looks++; return looks == after }); got != want {
			t.Errorf("what is there at look %d is seen: %t, after %d looks", after, got, looks)
		}
	}
}
