package gateway

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringlet/ringlet/routes"
)

// bare is an engine without a listener, for tests that live in a bubble of
// synctest, where time is what the test says.
func bare(t *testing.T, c *routes.Config, transport http.RoundTripper, journal ...*journalLog) *engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	c.Server.Port = 8081
	write(t, path, c)
	keys := &keyRing{keys: map[string]string{}}
	for name := range c.Ringlet.Providers {
		keys.keys[name] = "key-of-" + name
	}
	s, err := load(path, keys)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{ConfigPath: path, Keys: keys, Stderr: io.Discard, transport: transport, testing: true}
	for _, j := range journal {
		if j != nil {
			o.Journal = j.send
		}
	}
	e := newEngine(o.withDefaults(), s)
	t.Cleanup(e.rec.close)
	return e
}

// upstreamFunc is a transport that a test scripts.
type upstreamFunc func(*http.Request) (*http.Response, error)

func (f upstreamFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// piece is something an upstream sends, after a pause.
type piece struct {
	after time.Duration
	data  string
	err   error // ends the body; nil goes on
}

// fakeBody plays pieces, then ends properly.
type fakeBody struct {
	pieces []piece
	rest   string
	closed chan struct{}
	once   sync.Once
}

func (b *fakeBody) Read(p []byte) (int, error) {
	for b.rest == "" {
		if len(b.pieces) == 0 {
			return 0, io.EOF
		}
		next := b.pieces[0]
		b.pieces = b.pieces[1:]
		select {
		case <-time.After(next.after):
		case <-b.closed:
			return 0, errors.New("closed")
		}
		if next.err != nil {
			return 0, next.err
		}
		b.rest = next.data
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *fakeBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

func sseResponse(pieces ...piece) *http.Response {
	return &http.Response{StatusCode: 200, ContentLength: -1, Header: http.Header{"Content-Type": {"text/event-stream"}, "Request-Id": {"r"}},
		Body: &fakeBody{pieces: pieces, closed: make(chan struct{})}}
}

// heard is what a client got, and when.
type heard struct {
	at   time.Duration // since the request
	data string
}

// listener is a ResponseWriter that notes times.
type clientSide struct {
	*httptest.ResponseRecorder
	start time.Time
	heard []heard
	fail  error // of writing
}

func (c *clientSide) Write(p []byte) (int, error) {
	if c.fail != nil {
		return 0, c.fail
	}
	c.heard = append(c.heard, heard{time.Since(c.start), string(p)})
	return c.ResponseRecorder.Write(p)
}

// testRequest sends one streaming Messages request through the handler; aborted
// says whether the connection was.
func (e *engine) testRequest(t *testing.T, fail error) (c *clientSide, aborted bool) {
	t.Helper()
	return e.testPost(t, "/v1/messages", ask("x", true), fail)
}

func (e *engine) testPost(t *testing.T, path, body string, fail error, header ...string) (c *clientSide, aborted bool) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:8081"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Api-Key", testToken)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	c = &clientSide{ResponseRecorder: httptest.NewRecorder(), start: time.Now(), fail: fail}
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler {
				panic(v)
			}
			aborted = true
		}
	}()
	e.ServeHTTP(c, r)
	return c, false
}
