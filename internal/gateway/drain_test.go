package gateway

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// Engines follow one another on one inherited socket, as under socket
// activation, while clients on fresh and on kept connections go on. No client
// tries anything twice; none may fail.
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

	var requests, failures atomic.Int64
	var firstFailure atomic.Pointer[string]
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for i := range 8 {
		kept := i%2 == 0
		think := time.Duration(i/2) * 3 * time.Millisecond // 0 to 9 ms
		clients.Go(func() {
			// A request with a body and without GetBody is not repeated by Go's client.
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: !kept}}
			defer client.CloseIdleConnections()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := once(client, first.request("/v1/messages", ask("x", false))); err != nil {
					failures.Add(1)
					s := err.Error()
					firstFailure.CompareAndSwap(nil, &s)
				}
				requests.Add(1)
				<-time.After(think)
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
	t.Logf("%d requests over 8 restarts", requests.Load())
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

func TestDrainLetsAStreamEnd(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/slow-10x100"))
	resp, err := g.client.Do(g.request("/v1/messages", ask("x", true)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	g.cancel()
	b, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(b), "message_stop") {
		t.Errorf("the stream was cut: %v", err)
	}
}

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
	if took < drainTime-time.Second || took > 5*time.Second {
		t.Errorf("it was cut after %v", took)
	}
	g.stop()
	if since := time.Since(begin); since > 5*time.Second {
		t.Errorf("the engine ended after %v", since)
	}
	if r := g.record(); r["RINGLET_OUTCOME"] != "stopped" {
		t.Errorf("record %v", r)
	}
}

func TestDrainIsQuickWhenNothingIsOpen(t *testing.T) {
	g := start(t, testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "always -> a/m"))
	begin := time.Now()
	g.stop()
	if took := time.Since(begin); took > time.Second {
		t.Errorf("an idle engine took %v to stop", took)
	}
}

func TestDrainClosesSilentConnections(t *testing.T) {
	g := start(t, testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "always -> a/m"))
	silent := g.raw("")
	kept := g.raw("HEAD /health HTTP/1.1\r\nHost: " + strings.TrimPrefix(g.url, "http://") + "\r\n\r\n")
	r := bufio.NewReader(kept)
	if _, err := http.ReadResponse(r, &http.Request{Method: "HEAD"}); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	g.cancel()
	for name, conn := range map[string]io.Reader{"silent": silent, "kept": r} {
		if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("%s: read %d, %v", name, n, err)
		}
	}
	if took := time.Since(begin); took < linger/2 || took > 2*time.Second {
		t.Errorf("they were closed after %v", took)
	}
}

// A kept connection's next request during the linger time is answered, and told
// that the connection ends.
func TestDrainAnswersOnKeptConnections(t *testing.T) {
	g := start(t, testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "always -> a/m"))
	conn := g.raw("")
	r := bufio.NewReader(conn)
	ask := func() *http.Response {
		t.Helper()
		if _, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: "+strings.TrimPrefix(g.url, "http://")+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp
	}
	if ask().Close {
		t.Error("the connection was to end before the drain")
	}
	g.cancel()
	eventually(t, "the listener is closed", func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	if !ask().Close {
		t.Error("the answer during the drain does not say that the connection ends")
	}
}

// While a stream is open, the drain does not end sooner by closing connections that
// are kept: a client that thinks for longer than the linger time still has its answer.
func TestDrainKeepsQuietConnectionsWhileAStreamIsOpen(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/slow-20x100"))
	kept := g.raw("HEAD /health HTTP/1.1\r\nHost: " + strings.TrimPrefix(g.url, "http://") + "\r\n\r\n")
	quiet := bufio.NewReader(kept)
	if _, err := http.ReadResponse(quiet, &http.Request{Method: "HEAD"}); err != nil {
		t.Fatal(err)
	}
	resp, err := g.client.Do(g.request("/v1/messages", ask("x", true)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var streamed, closed time.Time
	var both sync.WaitGroup
	both.Go(func() {
		if b, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(b), "message_stop") {
			t.Errorf("the stream was cut: %v", err)
		}
		streamed = time.Now()
	})
	both.Go(func() {
		if _, err := quiet.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("the quiet connection: %v", err)
		}
		closed = time.Now()
	})
	g.cancel()
	both.Wait()
	if early := streamed.Sub(closed); early > time.Second { // closed after the linger time, it is 1.7 s
		t.Errorf("the quiet connection was closed %v before the stream ended", early)
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
