package gatewaytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Script answers one request.
type Script func(*Request) Reply

// Request is one request as it arrived.
type Request struct {
	Number      int // from 1, over all requests to this upstream
	ModelNumber int // from 1, over the requests for this model
	Time        time.Time
	Method      string
	Path        string
	Query       string // raw
	Proto       string
	Host        string
	Header      http.Header
	Body        []byte // exact
	Model       string // as in the body; "" where there is none
	Key         string // from x-api-key, api-key or Authorization: Bearer
	Sent        *Sent  // as it came, where that was to a cloud
	done        chan struct{}
	ctx         context.Context
}

// Done is closed when the request has been answered, or its client has left.
func (r *Request) Done() <-chan struct{} { return r.done }

// Left reports whether the client went away before the answer was complete.
func (r *Request) Left() bool { return r.ctx.Err() != nil }

// Upstream is a running scripted upstream; safe for concurrent use.
type Upstream struct {
	URL string // http://127.0.0.1:PORT

	srv    *http.Server
	log    io.Writer
	mu     sync.Mutex
	script Script
	reqs   []*Request
	models map[string]int
	total  int
	keep   int
	open   bool
}

// Options are the settings of [Start]; the zero value is a free port and [Behave].
type Options struct {
	Addr   string    // to listen on; "" means a free port of 127.0.0.1
	Script Script    // nil means Behave
	Log    io.Writer // gets one line of JSON per request; may be nil
	Keep   int       // how many requests Requests remembers; 0 means all
	Open   bool      // takes requests without a key, as a server on one's own machine does
}

// Start serves until Close.
func Start(o Options) (*Upstream, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, err
	}
	u := &Upstream{URL: "http://" + ln.Addr().String(), log: o.Log, script: o.Script, models: map[string]int{}, keep: o.Keep, open: o.Open}
	if u.script == nil {
		u.script = Behave
	}
	u.srv = &http.Server{Handler: u, ReadHeaderTimeout: time.Minute} // a busy machine stands still for seconds
	go func() { _ = u.srv.Serve(ln) }()
	return u, nil
}

// TB is the part of testing.TB that [New] uses.
type TB interface {
	Helper()
	Cleanup(func())
	Fatal(...any)
}

// New starts an upstream for one test. A nil script means [Behave].
func New(t TB, script Script) *Upstream {
	t.Helper()
	u, err := Start(Options{Script: script})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	return u
}

// Close stops the upstream and cuts what is still open.
func (u *Upstream) Close() { _ = u.srv.Close() }

// SetScript changes what later requests get.
func (u *Upstream) SetScript(s Script) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.script = s
}

// Requests are the requests so far, oldest first.
func (u *Upstream) Requests() []*Request {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]*Request(nil), u.reqs...)
}

// Stats is what GET /__stats answers.
type Stats struct {
	Total  int            `json:"total"`
	Models map[string]int `json:"models"` // requests by model
}

// Stats counts the requests so far.
func (u *Upstream) Stats() Stats {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := Stats{Total: u.total, Models: map[string]int{}}
	for m, n := range u.models {
		s.Models[m] = n
	}
	return s
}

// ServeHTTP makes an Upstream usable without a listener of its own.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/__stats" {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(mustJSON(u.Stats()))
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	sent := &Sent{Path: r.URL.EscapedPath(), Header: r.Header, Body: body}
	inner, refused := cloud(r, body)
	if inner != nil {
		r = r.Clone(r.Context())
		r.URL.Path, r.Header, body = inner.path, inner.header, inner.body
		if inner.bedrock && inner.stream {
			w = &framed{ResponseWriter: w}
		}
	}
	req, script := u.record(r, body)
	req.Sent = sent
	defer close(req.done)
	reply := refused
	if reply == nil {
		reply = refuse(req, u.open)
	}
	if reply == nil {
		p := script(req)
		reply = &p
		if inner != nil && inner.bedrock && inner.count {
			reply.Body = bytes.Replace(p.Body, []byte("input_tokens"), []byte("inputTokens"), 1)
		}
	}
	reply.serve(w, r, wait)
}

func (u *Upstream) record(r *http.Request, body []byte) (*Request, Script) {
	var named struct {
		Model string `json:"model"`
	}
	_ = json.Unmarshal(body, &named) // a body that is no JSON is refused later
	req := &Request{Time: time.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Proto: r.Proto, Host: r.Host,
		Header: r.Header.Clone(), Body: body, Model: named.Model, Key: key(r.Header), done: make(chan struct{}), ctx: r.Context()}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.total++
	u.models[req.Model]++
	req.Number, req.ModelNumber = u.total, u.models[req.Model]
	u.reqs = append(u.reqs, req)
	if u.keep > 0 && len(u.reqs) > u.keep {
		u.reqs = append([]*Request(nil), u.reqs[len(u.reqs)-u.keep:]...)
	}
	if u.log != nil {
		line := map[string]any{"time": req.Time.Format(time.RFC3339Nano), "method": req.Method, "path": req.Path, "query": req.Query,
			"model": req.Model, "bytes": len(body), "number": req.Number, "key_sha256_prefix": KeyPrefix(req.Key)}
		_, _ = u.log.Write(append(mustJSON(line), '\n'))
	}
	return req, u.script
}

func sum(body []byte) string {
	s := sha256.Sum256(body)
	return hex.EncodeToString(s[:])
}

// KeyPrefix is how the log names a key: the first 12 hexadecimal digits of its
// SHA-256, or "" for none.
func KeyPrefix(key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:6])
}

func key(h http.Header) string {
	for _, name := range []string{"X-Api-Key", "Api-Key"} {
		if k := h.Get(name); k != "" {
			return k
		}
	}
	k, _ := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	return k
}

// refuse answers what the real API would not take; nil where it would.
func refuse(r *Request, open bool) *Reply {
	v := voiceOf(r.Path)
	if v == nil {
		p := Error(404, "Not found")
		return &p
	}
	no := func(status int, text string) *Reply {
		return &Reply{Status: status, Body: v.failure(status, text)}
	}
	switch {
	case r.Method != http.MethodPost:
		return no(405, "Method Not Allowed")
	case r.Key == "" && !open: // a signature counts as a key, and was verified
		return no(401, "x-api-key header is required")
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return no(400, "Content-Type: must be application/json")
	}
	if !json.Valid(r.Body) {
		return no(400, "The request body is not valid JSON")
	}
	if continues(r) { // what it goes on with is not there to be checked
		return nil
	}
	if status, text := v.refuse(r); status != 0 {
		return no(status, text)
	}
	return nil
}
