package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
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
	out      []byte // what goes out with the next flush
	werr     error  // of the client's side
	timer    *time.Timer
	tongue   *interpreter // where the client speaks another format; else nil
}

// relayStream passes an event stream on: held until its first content, then
// each event as it comes.
func (a *attempt) relayStream(ctx context.Context) *failure {
	r := &relay{attempt: a, usage: noUsage(), seals: a.sealTap(), timer: time.NewTimer(a.x.untilPing())}
	defer r.timer.Stop()
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

func (r *relay) run(ctx context.Context) *failure {
	in := readChunks(r.resp.Body)
	defer in.stop()
	for {
		select {
		case c := <-in.chunks:
			if !r.passing {
				r.quiet.heard()
			}
			if fail := r.take(c.data); fail != nil {
				return fail
			}
			if r.werr != nil || c.err != nil || r.tongue != nil && r.tongue.err != nil {
				return r.finish(ctx, c.err)
			}
		case <-r.timer.C:
			if r.complete || r.failed || r.tongue != nil && r.tongue.told {
				return r.finish(ctx, io.EOF) // all is out, the upstream only does not hang up
			}
			if r.split.boundary() {
				r.x.ping()
			}
			r.timer.Reset(pingAfter) // also where no ping could be put in: later, then
		case <-ctx.Done():
			return r.finish(ctx, ctx.Err())
		}
	}
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
	r.timer.Reset(pingAfter)
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
