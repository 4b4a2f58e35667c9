package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/ringlet/ringlet/internal/gateway/wire"
)

// errNoEvent is an event that is not what its format says.
var errNoEvent = errors.New("an event is not what its wire format says")

// interpreter translates a stream event by event.
type interpreter struct {
	*translation
	decoder wire.StreamDecoder
	encoder wire.StreamEncoder
	yield   func(*wire.Event)
	told    bool     // the upstream has said that it is done, and may say more about it
	err     error    // the upstream's stream cannot be understood
	failure *failure // it reported an error before its first content
}

func (r *relay) interpret(tr *translation) {
	r.tongue = &interpreter{translation: tr, decoder: tr.target.NewStreamDecoder(), encoder: tr.client.NewStreamEncoder(tr.request)}
	r.tongue.yield = r.say
}

// translate takes one event of the upstream.
func (r *relay) translate(raw []byte, whole bool) *failure {
	t := r.tongue
	if !whole {
		t.err = errNoEvent // longer than anything that is kept in memory
		return nil
	}
	e := parseEvent(raw)
	if len(e.data) == 0 || t.err != nil {
		return nil
	}
	r.seals.event(e.data)
	var none usage
	t.told = t.told || r.lane.mark(e, true, &none) == enough
	if err := t.decoder.Event(e.name, e.data, t.yield); err != nil {
		t.err = errNoEvent
	}
	return t.failure
}

// say puts one neutral event where it belongs.
func (r *relay) say(e *wire.Event) {
	t := r.tongue
	if t.failure != nil || r.complete || r.failed {
		return // nothing may follow
	}
	switch e.Kind {
	case wire.Start, wire.UsageReport, wire.Finish:
		r.usage.take(e.Usage)
	}
	if e.Kind == wire.Failure && !r.passing {
		status, body := t.client.EncodeError(e.Err)
		r.resp.Header.Set("Content-Type", "application/json")
		t.failure = &failure{status: status, kind: apiFailure, header: r.resp.Header, body: body, rank: rankStatus(status, r.resp.Header), result: "error-event",
			reason: "it reported an error at the start of its stream"}
		return
	}
	if r.passing {
		r.out = t.encoder.Append(r.out, e)
	} else {
		r.held = t.encoder.Append(r.held, e)
	}
	switch e.Kind {
	case wire.PartStart, wire.PartDelta:
		r.pass()
	case wire.Finish:
		r.complete, r.finished = true, true
		r.pass()
	case wire.Failure:
		r.failed = true
	}
}

// hangUp takes the upstream's end: what the decoder still kept comes out.
func (r *relay) hangUp() *failure {
	t := r.tongue
	if rest := r.split.pending; len(rest) > 0 && !r.split.spill {
		if fail := r.translate(rest, true); fail != nil {
			return fail
		}
	}
	if t.err == nil && !r.complete {
		if err := t.decoder.Close(t.yield); err != nil {
			t.err = io.ErrUnexpectedEOF
		}
	}
	if t.failure == nil {
		r.write()
	}
	return t.failure
}

// finishTranslated is what is left to do before [relay.finish]; err is how the
// upstream ended.
func (r *relay) finishTranslated(ctx context.Context, err error) *failure {
	t := r.tongue
	if errors.Is(err, io.EOF) && !r.complete && !r.failed && ctx.Err() == nil {
		r.out = r.out[:0]
		if fail := r.hangUp(); fail != nil {
			return fail
		}
	}
	if !r.passing && errors.Is(t.err, errNoEvent) {
		return &failure{status: http.StatusBadGateway, kind: apiFailure, rank: rankBroken, result: "bad-answer", reason: "its stream is not what its wire format says"}
	}
	return nil
}
