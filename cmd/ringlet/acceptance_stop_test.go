//go:build testbed

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stream is an answer that has begun.
type stream struct {
	resp *http.Response
	body chan []byte // all of it, once it has ended
	err  error       // how it ended; to be read after body
	took time.Duration
}

// openStream opens a stream and returns when its first content is there.
func openStream(t testing.TB, c *client, model string) *stream {
	t.Helper()
	resp, err := c.open(t.Context(), message(model, true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	s := &stream{resp: resp, body: make(chan []byte, 1)}
	head := make([]byte, 0, 4096)
	for !bytes.Contains(head, []byte("content_block_delta")) {
		piece := make([]byte, 512)
		n, err := resp.Body.Read(piece)
		head = append(head, piece[:n]...)
		if err != nil {
			t.Fatalf("%v after %q", err, head)
		}
	}
	began := time.Now()
	go func() {
		rest, err := io.ReadAll(resp.Body)
		s.err, s.took = err, time.Since(began)
		s.body <- append(head, rest...)
	}()
	return s
}

// whole waits for the end of a stream that must not be cut.
func (s *stream) whole(t testing.TB) {
	t.Helper()
	if body := <-s.body; s.err != nil || !bytes.Contains(body, []byte("event: message_stop")) {
		t.Errorf("a stream that ends within the drain was cut: %v: %s", s.err, body)
	}
}

// cut waits for the end of a stream that the drain has to end: it would go on for
// longer than a minute, and not end so. told says that its client was told by an error
// event. An engine that stood still when it had to ask systemd for the time to do that,
// at 4.5 s, and still does at 5 s, is killed: that can be a busy machine's doing, once.
func (s *stream) cut(t testing.TB) (told bool) {
	t.Helper()
	body := <-s.body
	if bytes.Contains(body, []byte("message_stop")) || s.err == nil {
		t.Fatalf("a stream that was cut should end on a broken connection, got %v: %s", s.err, body)
	}
	if s.took < 4*time.Second {
		t.Errorf("the stream was cut after %v, and had 4.5 s", s.took)
	}
	if told = bytes.Contains(body, []byte("event: error")); !told {
		t.Logf("a stream was cut without an error event: %v: %s", s.err, body)
	}
	return told
}

// staysStopped fails when the proxy is not stopped, or when a client wakes it.
func staysStopped(b *bed, alias string, port int) {
	b.t.Helper()
	for range 3 {
		if listening(b.t, port) {
			b.t.Errorf("port %d of a stopped proxy accepts connections", port)
		}
	}
	for _, name := range []string{unit(alias) + ".service", unit(alias) + ".socket"} {
		if state := property(b.t, name, "ActiveState"); state != "inactive" {
			b.t.Errorf("%s is %s", name, state)
		}
	}
	if s := b.is(alias, "stopped"); s.PID != 0 || s.Port != port || len(s.Problems) > 0 {
		b.t.Errorf("status of a stopped proxy: %+v", s)
	}
}

// A stop cuts what needs longer than the drain, lets end what does not, and
// holds, whoever asked for it; a start brings the proxy back on its port.
func TestAcceptanceStop(t *testing.T) {
	b := newBed(t)
	alias := b.alias("stop")
	b.create(alias)
	fresh, kept := b.client(alias, false), b.client(alias, true)
	// systemctl waits for the service only, and not for the socket that stops along with it.
	socketStops := func() {
		eventually(t, patience, func() error {
			if state := property(t, unit(alias)+".socket", "ActiveState"); state != "inactive" {
				return fmt.Errorf("the socket is %s", state)
			}
			return nil
		})
	}
	for _, by := range []struct {
		who         string
		stop, start func() time.Duration
	}{
		{"ringlet",
			func() time.Duration { return b.ok("proxy", "stop", alias).took },
			func() time.Duration { return b.ok("proxy", "start", alias).took }},
		{"systemctl", timed(func() { mustSystemctl(t, "stop", unit(alias)) }), timed(func() { mustSystemctl(t, "start", unit(alias)) })},
	} {
		t.Run(by.who, func(t *testing.T) {
			port := b.is(alias, "running").Port
			for again := 2; ; again-- {
				release := b.hold()
				long, short := openStream(t, fresh, "slow-800x100"), openStream(t, kept, "held")
				stopped := make(chan time.Duration, 1)
				go func() { stopped <- by.stop() }()
				b.drains(alias)
				release()
				short.whole(t)
				told := long.cut(t)
				took := <-stopped
				if took > patience { // systemd's own limit is longer, and so is the stream
					t.Errorf("the stop took %v", took)
				}
				socketStops()
				t.Logf("cut after %v; the stop took %v", long.took.Round(time.Millisecond), took.Round(time.Millisecond))
				staysStopped(b, alias, port)
				if told {
					break
				}
				if again == 0 {
					t.Fatal("no stream that was cut ended in an error event")
				}
				by.start()
			}
			if by.who == "ringlet" { // stopping what is stopped is no error
				b.ok("proxy", "stop", alias)
			}
			// A change is saved for later, and wakes nothing.
			if o := b.rule(alias, "by-"+by.who, fmt.Sprintf("model == %q", by.who), "second/plain"); !strings.Contains(o.stderr, "Saved") {
				t.Errorf("a rule for a stopped proxy is saved, not in force\n%v", o)
			}
			staysStopped(b, alias, port)
			t.Logf("start: %v", by.start().Round(time.Millisecond))
			if now := b.is(alias, "running"); now.Port != port {
				t.Errorf("it came back on port %d, not %d", now.Port, port)
			}
			fresh.answered(t, by.who, "second")
		})
	}
}

// drains waits until the engine has been asked to leave, and answers what it has begun.
func (b *bed) drains(alias string) {
	b.t.Helper()
	eventually(b.t, patience, func() error {
		if state := property(b.t, unit(alias), "ActiveState"); state != "deactivating" {
			return fmt.Errorf("the engine is %s", state)
		}
		return nil
	})
}

func timed(do func()) func() time.Duration {
	return func() time.Duration {
		began := time.Now()
		do()
		return time.Since(began)
	}
}

// A stream that is open at a restart may end, and its client's next request,
// on the connection that it kept, is answered.
func TestAcceptanceRestartWaitsForStreams(t *testing.T) {
	b := newBed(t)
	alias := b.alias("drain")
	b.create(alias)
	c := b.client(alias, true)
	release := b.hold()
	open := openStream(t, c, "held")
	restarted := make(chan outcome, 1)
	go func() { restarted <- b.try("proxy", "restart", alias) }()
	b.drains(alias)
	release()
	open.whole(t)
	o := <-restarted
	if o.code != 0 {
		t.Error(o)
	}
	if !strings.Contains(o.stderr, fmt.Sprintf("1 request of %q is open; if it takes longer than 4.5s to end, the restart cuts it.", alias)) {
		t.Errorf("the open request is not counted\n%v", o)
	}
	c.answered(t, "any", "first")
}

// disable and delete refuse to cut a request, unless they are forced.
func TestAcceptanceDisableRefusesToCut(t *testing.T) {
	b := newBed(t)
	alias := b.alias("busy")
	b.create(alias)
	c := b.client(alias, false)
	release := b.hold()
	open := openStream(t, c, "held")
	b.refused(1, []string{"answering a request", "--force"}, "proxy", "disable", alias)
	b.refused(1, []string{"answering a request", "--force"}, "profiles", "delete", alias)
	b.is(alias, "running")
	idle := b.alias("not-busy")
	b.create(idle)
	b.refused(1, []string{"answering a request", `Disabled the proxy of "` + idle}, "proxy", "disable", alias, idle)
	b.is(alias, "running")
	b.is(idle, "disabled")
	release()
	open.whole(t)
	// One whose client has left ends in a moment, which is no reason to refuse. Where
	// the machine stands still for longer than that moment, it is one: once.
	for again := 3; ; again-- {
		openStream(t, c, "slow-800x100").resp.Body.Close()
		o := b.try("proxy", "disable", alias)
		if o.code == 0 {
			break
		}
		if again == 0 || !strings.Contains(o.stderr, "answering") {
			t.Fatal(o)
		}
		eventually(t, patience/2, func() error { // the stream would go on for longer
			if n := c.health(t).OpenStreams; n != 0 {
				return fmt.Errorf("%d requests are open, and their clients have left", n)
			}
			return nil
		})
	}
	b.is(alias, "disabled")
}

// An engine that runs and does not answer may be answering requests: disable says
// that it cannot tell, and takes a --force.
func TestAcceptanceDisableOfAHungEngine(t *testing.T) {
	b := newBed(t)
	alias := b.alias("hung")
	b.create(alias)
	b.client(alias, false).answered(t, "any", "first")
	if err := syscall.Kill(b.is(alias, "running").PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	b.refused(1, []string{"does not say whether it is answering requests", "ringlet proxy restart " + alias, "ringlet proxy disable " + alias + " --force"},
		"proxy", "disable", alias)
	b.ok("proxy", "disable", alias, "--force")
	b.is(alias, "disabled")
}
