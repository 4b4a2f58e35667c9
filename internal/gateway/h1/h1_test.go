package h1

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newTransport(t testing.TB) *Transport {
	tr := &Transport{Dial: (&net.Dialer{}).DialContext, HeaderTimeout: 10 * time.Second, MaxHeader: 64 << 10, IdleTimeout: time.Minute, MaxIdle: 8}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// pieces is a body in parts.
type pieces struct {
	io.Reader
	parts  [][]byte
	closed chan struct{}
	once   sync.Once
}

func newPieces(parts ...string) *pieces {
	p := &pieces{Reader: strings.NewReader(strings.Join(parts, "")), closed: make(chan struct{})}
	for _, s := range parts {
		p.parts = append(p.parts, []byte(s))
	}
	return p
}

func (p *pieces) Parts() [][]byte { return p.parts }
func (p *pieces) Close() error    { p.once.Do(func() { close(p.closed) }); return nil }

func post(t testing.TB, ctx context.Context, url string, parts ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, newPieces(parts...))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = int64(len(strings.Join(parts, "")))
	req.GetBody = func() (io.ReadCloser, error) { return newPieces(parts...), nil }
	return req
}

// script is a server that answers each request on a connection with the next of
// its texts, and closes the connection after the last.
func script(t *testing.T, answers ...string) (url string, requests func() []string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu   sync.Mutex
		seen []string
		all  sync.WaitGroup
	)
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for _, a := range answers {
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					body, _ := io.ReadAll(req.Body)
					mu.Lock()
					seen = append(seen, conn.RemoteAddr().String()+" "+string(body))
					mu.Unlock()
					_, _ = io.WriteString(conn, a)
				}
			})
		}
	})
	t.Cleanup(func() { _ = ln.Close(); all.Wait() })
	return "http://" + ln.Addr().String(), func() []string { mu.Lock(); defer mu.Unlock(); return append([]string(nil), seen...) }
}

const okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func read(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAnswers holds what this client reads against what net/http reads.
func TestAnswers(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for name, c := range map[string]struct {
		answer  string
		kept    bool // by this client
		hangsUp bool // the server, after its answer
	}{
		"length":          {okay, true, false},
		"chunked":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n4\r\n yes\r\n0\r\n\r\n", true, false},
		"trailer":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n2\r\nok\r\n0\r\nX-A: 1\r\n\r\n", true, false},
		"until the end":   {"HTTP/1.1 200 OK\r\n\r\nall of it", false, true},
		"HTTP/1.0":        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false, false},
		"close":           {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false, false},
		"no body":         {"HTTP/1.1 204 No Content\r\n\r\n", true, false},
		"empty":           {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", true, false},
		"interim":         {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + okay, true, false},
		"long":            {fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(long), long), true, false},
		"more than asked": {okay + "HTTP/1.1 200 OK\r\n", false, false},
		"cut":             {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", false, true},
		"cut chunk":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", false, true},
		"nothing":         {"", false, true},
		"no HTTP":         {"SSH-2.0-OpenSSH_9.2\r\n", false, true},
		"two lengths":     {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", false, false},
		"header too long": {"HTTP/1.1 200 OK\r\nX-A: " + long + "\r\nContent-Length: 2\r\n\r\nok", false, false},
		"switched":        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			answers := []string{c.answer, c.answer}
			if c.hangsUp {
				answers = answers[:1]
			}
			url, requests := script(t, answers...)
			theirs := &http.Transport{MaxResponseHeaderBytes: 64 << 10, DisableCompression: true}
			defer theirs.CloseIdleConnections()
			want := outcome(theirs.RoundTrip(post(t, t.Context(), url, "a", "bc")))
			theirs.CloseIdleConnections()
			before := len(requests())
			tr := newTransport(t)
			for range 2 {
				if got := outcome(tr.RoundTrip(post(t, t.Context(), url, "a", "bc"))); got != want {
					t.Errorf("got  %.300s\nwant %.300s", got, want)
				}
			}
			seen := requests()[before:]
			if len(seen) != 2 || !strings.HasSuffix(seen[0], " abc") {
				t.Fatalf("the server saw %q", seen)
			}
			if kept := seen[0] == seen[1]; kept != c.kept {
				t.Errorf("the connection was kept: %v, want %v", kept, c.kept)
			}
		})
	}
}

func outcome(resp *http.Response, err error) string {
	if err != nil {
		return "no answer"
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp.Status // net/http leaves the connection in the body
	}
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprint(resp.Status, resp.Header, resp.ContentLength, resp.Trailer, string(body), " error: ", err)
}

// TestHead: the head of a request is net/http's.
func TestHead(t *testing.T) {
	req := post(t, t.Context(), "http://localhost:1234/v1/messages?beta=true", "body")
	req.Header = http.Header{"X-B": {"1", "2"}, "Accept": {"a\r\nInjected: 1"}, "User-Agent": {""}, "Content-Length": {"9"}, "Host": {"other"}, "Transfer-Encoding": {"chunked"}}
	var want, got bytes.Buffer
	theirs := req.Clone(t.Context())
	theirs.Body = io.NopCloser(strings.NewReader("body"))
	if err := theirs.Write(&want); err != nil {
		t.Fatal(err)
	}
	writeHead(&got, req)
	got.WriteString("body")
	if got.String() != want.String() {
		t.Errorf("got\n%q\nwant\n%q", got.String(), want.String())
	}
}

// TestKeptConnectionClosed: a connection that the server closed meanwhile costs
// no request.
func TestKeptConnectionClosed(t *testing.T) {
	url, requests := script(t, okay)
	tr := newTransport(t)
	for i := range 5 {
		resp, err := tr.RoundTrip(post(t, t.Context(), url, "n"))
		if got := read(t, resp, err); got != "ok" {
			t.Fatalf("request %d: %q", i, got)
		}
		// A request that crosses the close on its way may be lost, with any client.
		c := tr.take(resp.Request.URL.Host)
		for deadline := time.Now().Add(time.Minute); c.alive(); {
			if time.Now().After(deadline) {
				t.Fatal("the close is not seen")
			}
			<-time.After(time.Millisecond)
		}
		tr.idle[c.addr] = append(tr.idle[c.addr], c)
	}
	if n := len(requests()); n != 5 {
		t.Errorf("the server saw %d requests", n)
	}
}

// TestEarlyAnswer: a server may answer, and close, without having read the body.
func TestEarlyAnswer(t *testing.T) {
	for name, closes := range map[string]bool{"closes": true, "stays": false} {
		t.Run(name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			done, enough := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				_, _ = io.ReadFull(conn, make([]byte, 100))
				_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
				if !closes {
					_, _ = conn.Read(make([]byte, 1)) // one byte of what is still to come, and no more
					<-enough
				}
			}()
			defer func() { close(enough); _ = ln.Close(); <-done }()
			req := post(t, t.Context(), "http://"+ln.Addr().String(), strings.Repeat("x", 32<<20))
			resp, err := newTransport(t).RoundTrip(req)
			if closes && err != nil {
				return // the reset may overtake the answer, as it may with any client
			}
			if got := read(t, resp, err); resp.StatusCode != 413 || got != "big" {
				t.Errorf("%d %q", resp.StatusCode, got)
			}
			<-req.Body.(*pieces).closed // nothing reads the body any more
		})
	}
}

func TestLargeBody(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<19)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprint(w, len(b), string(b[:4]), string(b[len(b)-4:]))
	}))
	defer srv.Close()
	tr := newTransport(t)
	for range 3 {
		resp, err := tr.RoundTrip(post(t, t.Context(), srv.URL, "head", big, "tail"))
		if got := read(t, resp, err); got != fmt.Sprint(len(big)+8, "head", "tail") {
			t.Error(got)
		}
	}
}

// TestCancel: the end of the context ends the request, whatever it waits for.
func TestCancel(t *testing.T) {
	errWhy := errors.New("the reason")
	for name, answer := range map[string]string{"no answer": "", "half an answer": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			asked := make(chan struct{})
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, _, _ := w.(http.Hijacker).Hijack()
				defer conn.Close()
				_, _ = io.WriteString(conn, answer)
				close(asked)
				_, _ = io.Copy(io.Discard, conn)
			}))
			defer srv.Close()
			go func() { <-asked; cancel(errWhy) }()
			resp, err := newTransport(t).RoundTrip(post(t, ctx, srv.URL, "x"))
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if !errors.Is(err, errWhy) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestHeaderTimeout(t *testing.T) {
	url, _ := script(t, "HTTP/1.1 200 OK\r\n") // and closes; the second server never answers
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	tr := newTransport(t)
	tr.HeaderTimeout = 30 * time.Millisecond
	if _, err := tr.RoundTrip(post(t, t.Context(), "http://"+ln.Addr().String(), "x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	if _, err := newTransport(t).RoundTrip(post(t, t.Context(), url, "x")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the error is %v", err)
	}
}

// TestIdle: connections are kept for a time, and no more than allowed.
func TestIdle(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b, _ := io.ReadAll(r.Body); _, _ = w.Write(b) }))
	defer srv.Close()
	tr := newTransport(t)
	tr.MaxIdle = 2
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			want := strings.Repeat(fmt.Sprint(i), 1000)
			resp, err := tr.RoundTrip(post(t, t.Context(), srv.URL, want))
			if got := read(t, resp, err); got != want {
				t.Errorf("%d: %.30q of %d instead of %.30q", i, got, len(got), want)
			}
		})
	}
	all.Wait()
	kept := func() (n int) {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		for _, l := range tr.idle {
			n += len(l)
		}
		return n
	}
	if n := kept(); n < 1 || n > 2 {
		t.Errorf("%d connections are kept", n)
	}
	tr.CloseIdleConnections()
	if n := kept(); n != 0 {
		t.Errorf("%d connections are kept, and were to be closed", n)
	}
	tr.IdleTimeout = 50 * time.Millisecond
	resp, err := tr.RoundTrip(post(t, t.Context(), srv.URL, "x"))
	if got := read(t, resp, err); got != "x" {
		t.Errorf("%q", got)
	}
	for deadline := time.Now().Add(time.Minute); kept() > 0; {
		if time.Now().After(deadline) {
			t.Fatal("connections stay open for ever")
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestTakes(t *testing.T) {
	tr := newTransport(t)
	plain := post(t, t.Context(), "http://localhost/", "x")
	tls := post(t, t.Context(), "https://localhost/", "x")
	stream := post(t, t.Context(), "http://localhost/", "x")
	stream.Body = io.NopCloser(strings.NewReader("x"))
	if !tr.Takes(plain) || tr.Takes(tls) || tr.Takes(stream) {
		t.Error(tr.Takes(plain), tr.Takes(tls), tr.Takes(stream))
	}
}
