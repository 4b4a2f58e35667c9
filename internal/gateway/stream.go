package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// relay is an event stream on its way.
type relay struct {
	*attempt
	split    splitter
	held     []byte // what came before the first content
	passing  bool   // content has gone to the client
	complete bool   // the answer would be whole if it ended here
	finished bool   // the format's last event has been seen
	failed   bool   // the upstream reported an error after content
	usage    usage
	seals    sealTap
	out      []byte       // what goes out with the next flush
	werr     error        // of the client's side
	tongue   *interpreter // where the client speaks another format; else nil

	// The answer is read and passed on by one goroutine. The timer's comes in between
	// only when nothing has come for long; mu is held by who of them is at work.
	mu    sync.Mutex
	timer *time.Timer
	since time.Time // when the relay began
	ended bool
	tail  bool // the upstream was hung up on: all is out
}

// relayStream passes an event stream on: held until its first content, then
// each event as it comes.
func (a *attempt) relayStream(ctx context.Context) *failure {
	a.x.stream = true // asked for or not: what the client hears in between are events
	r := &relay{attempt: a, usage: noUsage(), seals: a.sealTap()}
	if a.tr != nil {
		r.interpret(a.tr)
	}
	if !a.x.w.wrote {
		responseHeaders(a.x.w.Header(), a.resp.Header)
	}
	fail := r.run(ctx)
	if fail != nil && !a.x.w.wrote {
		clear(a.x.w.Header()) // they were this target's
	}
	return fail
}

// The pieces in which a stream is read, in bytes. What a model writes comes in
// pieces of a few hundred; whoever sends more at once gets the larger buffer.
const (
	pieceSize     = 1 << 10
	fastPieceSize = 32 << 10
)

func (r *relay) run(ctx context.Context) *failure {
	memory := r.x.e.bodies.buffers
	piece := memory.get(pieceSize)
	defer func() { memory.put(piece) }()
	// A client that left, or a limit that was reached, ends a read that waits.
	attached := context.AfterFunc(ctx, func() { _ = r.resp.Body.Close() })
	defer attached()
	r.listen()
	defer r.end()
	for {
		n, err := r.resp.Body.Read(piece)
		if done, fail := r.heardOf(ctx, piece[:n], err); done {
			return fail
		}
		if n == len(piece) && n < fastPieceSize {
			memory.put(piece)
			piece = memory.get(fastPieceSize)
		}
	}
}

// heardOf takes what a read brought; err is what ended the stream, data comes before it.
func (r *relay) heardOf(ctx context.Context, data []byte, err error) (done bool, fail *failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return true, r.finish(ctx, ctx.Err())
	case r.tail:
		return true, r.finish(ctx, io.EOF)
	}
	if !r.passing {
		r.quiet.heard()
	}
	if fail := r.take(data); fail != nil {
		return true, fail
	}
	if r.werr != nil || err != nil || r.tongue != nil && r.tongue.err != nil {
		return true, r.finish(ctx, err)
	}
	return false, nil
}

// listen lets silence be called when the silence has lasted too long.
func (r *relay) listen() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since = time.Now()
	r.timer = time.AfterFunc(r.x.untilPing(), r.silence)
}

// end comes before anything else may write to the client.
func (r *relay) end() {
	r.timer.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}

// silence pings, or ends an answer of which only the end is missing. The timer is
// not set anew by each piece that comes: it looks how long ago that was.
func (r *relay) silence() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.tail {
		return
	}
	if wait := r.untilSilent(); wait > 0 {
		r.timer.Reset(wait)
		return
	}
	if r.complete || r.failed || r.tongue != nil && r.tongue.told {
		r.tail = true // the upstream only does not hang up
		_ = r.resp.Body.Close()
		return
	}
	if r.split.boundary() {
		r.x.ping()
	}
	r.timer.Reset(pingAfter) // also where no ping could be put in: later, then
}

// untilSilent is how long the silence may still go on.
func (r *relay) untilSilent() time.Duration {
	last := r.x.w.last
	if last.IsZero() {
		last = r.since // the client has heard nothing yet
	}
	if r.finished {
		return tailWait - time.Since(last)
	}
	return pingAfter - time.Since(last)
}

// take handles the next bytes: all their events, then one write.
func (r *relay) take(chunk []byte) *failure {
	var fail *failure
	r.out = r.out[:0]
	r.split.feed(chunk, func(raw []byte, whole bool) bool {
		fail = r.event(raw, whole)
		return fail == nil
	})
	if fail != nil {
		return fail
	}
	r.write()
	return nil
}

func (r *relay) write() {
	if len(r.out) == 0 {
		return
	}
	w := r.x.w
	r.x.startStream()
	w.inEvent = !r.split.boundary()
	_, r.werr = w.Write(r.out)
	w.flush()
	if r.finished {
		r.timer.Reset(tailWait)
	}
}

// event judges one event and puts it where it belongs.
func (r *relay) event(raw []byte, whole bool) *failure {
	if r.tongue != nil {
		return r.translate(raw, whole)
	}
	if whole {
		if fail := r.read(raw); fail != nil {
			return fail
		}
	}
	if r.passing {
		r.out = append(r.out, raw...)
		return nil
	}
	r.held = append(r.held, raw...)
	if len(r.held) > maxHeld || !whole {
		r.release()
	}
	return nil
}

// release lets go what was held: from here on there is no second try.
func (r *relay) release() {
	r.passing = true
	r.out = append(r.out, r.held...)
	r.held = nil
	r.quiet.stop()
	if t := r.tongue; t != nil {
		r.x.inStream = func(body []byte) []byte { return t.event(t.encoder, body) }
		t.request.Turns = nil // nothing of them is needed any more, and a stream may last for long
	}
	r.committed()
}

// read looks at an event's meaning: is it content, the end, an error?
func (r *relay) read(raw []byte) *failure {
	e := parseEvent(raw)
	r.seals.event(e.data)
	switch r.lane.mark(e, r.passing, &r.usage) {
	case content:
		r.complete = false // one of several choices was, and another goes on
		r.pass()
	case enough:
		r.complete = true
		r.pass()
	case last:
		r.complete, r.finished = true, true
		r.pass()
	case broken:
		if r.passing {
			r.failed = true
			return nil
		}
		status, body := r.lane.failure(e.data)
		f := &failure{status: status, kind: apiFailure, header: r.resp.Header, rank: rankStatus(status, r.resp.Header), result: "error-event",
			reason: "it reported an error at the start of its stream"}
		if body != nil {
			f.body = body
			f.header = r.resp.Header.Clone()
			f.header.Set("Content-Type", "application/json")
		}
		return f
	}
	return nil
}

// pass notes that content goes out; the event itself follows.
func (r *relay) pass() {
	if !r.passing {
		r.release()
	}
}

// finish ends the relay; err is how the upstream ended, io.EOF where it did so
// properly.
func (r *relay) finish(ctx context.Context, err error) *failure {
	x := r.x
	if !r.passing && errors.Is(context.Cause(ctx), errSilent) {
		return silentFailure()
	}
	if r.tongue != nil {
		if fail := r.finishTranslated(ctx, err); fail != nil {
			return fail
		}
	}
	if !r.passing && r.werr == nil && x.r.Context().Err() == nil {
		return &failure{status: http.StatusBadGateway, kind: apiFailure, rank: rankNoAnswer, result: "cut", reason: "its stream ended before any content"}
	}
	if r.passing && !r.complete && r.tongue == nil && errors.Is(err, io.EOF) {
		r.lastEvent()
	}
	x.rec.usage = r.usage
	x.rec.status, x.rec.outcome = http.StatusOK, outcomeOK
	complete := r.complete && !r.failed && r.werr == nil
	x.e.seen.add(r.target.String(), http.StatusOK, !complete && r.werr == nil && x.r.Context().Err() == nil)
	x.rec.tried = append(x.rec.tried, clean(r.target.String(), 200)+"=200")
	switch {
	case complete:
	case x.r.Context().Err() != nil:
		x.interrupted()
	case r.werr != nil:
		x.rec.status, x.rec.outcome, x.w.abort = statusClientLeft, outcomeLeft, true
	case r.failed:
		// The client has the upstream's own error; another would only confuse it.
		x.rec.outcome, x.rec.problem, x.w.abort = outcomeFailed, clean(r.target.String(), 200)+": it reported an error in its stream", true
	default:
		x.rec.problem = clean(r.target.String(), 200) + ": its stream broke off"
		x.giveUp(&apiError{status: http.StatusOK, kind: apiFailure, outcome: outcomeFailed,
			message: "the upstream " + clean(r.target.String(), 200) + " broke off in the middle of its answer"})
	}
	return nil
}

// lastEvent passes on a last event that lacks its blank line.
func (r *relay) lastEvent() {
	rest := r.split.pending
	if len(rest) == 0 || r.split.spill {
		return
	}
	if m := r.lane.mark(parseEvent(rest), true, &r.usage); m == enough || m == last {
		r.complete, r.finished = true, true
		r.out = append(r.out[:0], rest...)
		r.split.pending = nil
		r.write()
	}
}
