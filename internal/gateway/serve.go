package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/wire"
	"github.com/ringlet/ringlet/routes"
)

// exchange is one request and its answer.
type exchange struct {
	e    *engine
	snap *snapshot
	w    *writer
	r    *http.Request
	lane lane // the client's wire format
	rec  record
	choice
	permit *permit // the attempt that is being made
	self   bool    // the engine's own check: decide, and stop there
	mute   bool    // not recorded

	stream bool // the client wants a stream
	more   bool // another target is left if this one fails

	neutral  *wire.Request            // the request decoded, once a target needs it translated
	inStream func(body []byte) []byte // an error's body as an event of a translated stream that has begun; nil: as lane has it
}

// writer announces during a drain that the connection ends with this answer,
// and knows whether the status line is out.
type writer struct {
	http.ResponseWriter
	e       *engine
	start   time.Time
	wrote   bool
	written int64
	first   time.Duration // until the first byte of the body
	streams bool          // an event stream: errors go out as events
	padded  bool          // a whole answer whose status went out before it: white space keeps it alive
	last    time.Time     // when the client last got bytes
	inEvent bool          // the last thing written was a piece of an event
	bound   time.Time     // when the limit of writing was set last
	abort   bool          // the connection must not end as if the answer were complete
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) WriteHeader(status int) {
	if w.wrote {
		return
	}
	if w.e.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	w.wrote = true
	w.limitWrite()
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.first == 0 && len(p) > 0 {
		w.first = max(1, time.Since(w.start))
	}
	w.limitWrite()
	n, err := w.ResponseWriter.Write(p)
	w.last = time.Now()
	w.written += int64(n)
	return n, err
}

// limitWrite gives the client writeStall to take what is written next: one that
// reads nothing is let go, however long its stream may be. It is set anew when a
// tenth of it has passed; each time would cost more than it is exact.
func (w *writer) limitWrite() {
	d, ok := w.ResponseWriter.(interface{ SetWriteDeadline(time.Time) error })
	if now := time.Now(); ok && now.Sub(w.bound) > writeStall/10 {
		w.bound = now
		_ = d.SetWriteDeadline(now.Add(writeStall)) // fails only where the connection is gone
	}
}

// flush sends what was written. That fails only where the client is gone.
func (w *writer) flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// ServeHTTP answers one request.
func (e *engine) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	now := time.Now()
	snap := e.current.Load()
	x := &exchange{e: e, snap: snap, r: r, lane: messagesLane{}, w: &writer{ResponseWriter: rw, e: e, start: now},
		rec: record{start: now, method: r.Method, path: r.URL.Path, profile: e.profile, usage: noUsage()}}
	x.w.limitWrite() // a kept connection has the limit of the request before
	defer x.end()
	x.serve()
}

// end recovers from a panic, records the request, and aborts the connection
// where the answer is not complete.
func (x *exchange) end() {
	if v := recover(); v != nil {
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			x.w.abort = true
		} else {
			x.panicked(v)
		}
	}
	x.w.limitWrite() // the end of the answer is still to be written
	if !x.mute {
		x.rec.duration = time.Since(x.rec.start)
		x.rec.firstByte = x.w.first
		x.e.rec.request(&x.rec, x.snap.price(x.rec.target))
	}
	if x.w.abort {
		panic(http.ErrAbortHandler)
	}
}

func (x *exchange) panicked(v any) {
	x.mute = false
	x.rec.outcome, x.rec.problem = outcomePanic, "a bug in ringlet; the journal has the stack"
	x.e.rec.event(priError, x.e.profile, fmt.Sprintf("panic while answering: %v", v), "RINGLET_STACK", string(debug.Stack()))
	x.giveUp(&apiError{status: http.StatusInternalServerError, kind: apiFailure, outcome: outcomePanic,
		message: "ringlet's proxy failed on this request; the details are in: ringlet proxy logs " + x.e.profile})
}

// serve checks the request and hands it to what its path means.
func (x *exchange) serve() {
	if err := x.e.checkSource(x.r); err != nil {
		x.refuse(err)
		return
	}
	x.self = x.e.isSelfCheck(x.r)
	x.mute = x.self
	if l, count := laneOfPath(x.r.URL.Path); l != nil {
		x.lane = l
		x.converse(count)
		return
	}
	if id, ok := modelPath(x.r.URL.Path); ok {
		x.mute = true
		x.modelsAnswer(id)
		return
	}
	switch x.r.URL.Path {
	case "/health":
		x.mute = true
		x.health()
	case "/spend/analytics":
		x.mute = true
		x.analytics()
	default:
		if x.e.faults.serve(x) {
			return
		}
		x.refuse(&apiError{status: http.StatusNotFound, kind: notFound,
			message: "ringlet's proxy has /v1/messages, /v1/messages/count_tokens, /v1/chat/completions, /v1/responses, /v1/models and /health; not this path"})
	}
}

// converse answers a request in one of the wire formats.
func (x *exchange) converse(count bool) {
	if err := x.admit(); err != nil {
		x.refuse(err)
		return
	}
	shared := x.e.bodies
	if x.self {
		shared = nil
	} else {
		if c, ok := x.r.Context().Value(connKey{}).(*trackedConn); ok {
			c.used.Store(true)
		}
		x.e.open.Add(1)
		defer x.e.ended()
		x.e.collector.request()
	}
	body, apiErr := readBody(x.w, x.r, shared)
	if apiErr != nil {
		x.refuse(apiErr)
		return
	}
	defer body.release()
	f, bad := inspect(x.lane.format(), body.data)
	if bad != nil {
		x.refuse(&apiError{status: http.StatusBadRequest, kind: invalidRequest, message: bad.describe(body.data)})
		return
	}
	if f.modelEnd == 0 || f.Model == "" {
		x.refuse(&apiError{status: http.StatusBadRequest, kind: invalidRequest, message: "model: Field required"})
		return
	}
	x.rec.model = f.Model
	x.stream = f.Stream
	x.facts(&f)
	decision, err := x.choose(&f, body.data)
	if err != nil {
		x.e.rec.event(priWarning, x.e.profile, "a rule was left out: "+err.Error())
	}
	x.e.faults.gate()
	if x.self {
		x.w.WriteHeader(http.StatusNoContent)
		return
	}
	if count {
		x.count(body, &f, decision.Candidates)
	} else {
		f.size = estimate{} // nothing asks for it any more, and a stream may last for long
		x.forward(body, &f, decision.Candidates)
	}
	x.e.served.Add(1)
}

// admit makes the checks that come before the body is read.
func (x *exchange) admit() *apiError {
	if x.lane.format() == routes.Responses && strings.EqualFold(x.r.Header.Get("Upgrade"), "websocket") {
		// Codex tries a WebSocket first, and goes on with HTTP at once after a 426; any
		// other status costs it several tries.
		return &apiError{status: http.StatusUpgradeRequired, kind: invalidRequest, upgrade: "HTTP/1.1",
			message: "ringlet's proxy takes no WebSocket connections; use HTTP"}
	}
	if err := checkMethod(x.r, http.MethodPost); err != nil {
		return err
	}
	if !x.self {
		if err := x.snap.checkToken(x.r); err != nil {
			return err
		}
	}
	return checkContentType(x.r)
}

// facts adds what does not stand in the body.
func (x *exchange) facts(f *facts) {
	f.Subagent = x.r.Header.Get("X-Claude-Code-Agent-Id") != ""
	now := x.rec.start.Local()
	f.Hour = now.Hour()
	f.Weekday = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[now.Weekday()]
}

// refuse answers with an error of our own, without any target having been asked.
func (x *exchange) refuse(err *apiError) {
	if err.outcome == "" {
		err.outcome = outcomeRefused
	}
	x.rec.problem = err.message
	x.giveUp(err)
}

// giveUp ends the exchange with an error of our own, in the form that is still
// possible: an answer, an event in a stream, or at least an aborted connection.
func (x *exchange) giveUp(err *apiError) {
	x.rec.status, x.rec.outcome = err.status, err.outcome
	switch {
	case err.outcome == outcomeLeft:
		x.w.abort = true // nobody is there to read an answer
	case !x.w.wrote:
		clear(x.w.Header()) // a target that failed may have left its own
		err.write(x.w, x.lane)
	default:
		x.sayError(x.lane.errorBody(err))
	}
}

// sayError ends an answer whose status is out with an error's body, in the form
// that is still possible. The connection does not end as if the answer were complete.
func (x *exchange) sayError(body []byte) {
	switch {
	case x.w.streams && !x.w.inEvent:
		event := x.lane.errorEvent
		if x.inStream != nil {
			event = x.inStream
		}
		_, _ = x.w.Write(event(body)) // a client that left is seen by its context
		x.w.flush()
	case x.w.padded && x.w.written == 0:
		_, _ = x.w.Write(body)
		x.w.flush()
	}
	x.w.abort = true
}

func stoppingError() *apiError {
	return &apiError{status: http.StatusServiceUnavailable, kind: overloaded, retryAfter: 1, outcome: outcomeStopped,
		message: "ringlet's proxy is being stopped or restarted; try again"}
}
