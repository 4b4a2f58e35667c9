package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/ringlet/ringlet/internal/gateway/wire"
	"github.com/ringlet/ringlet/routes"
)

// translation is a request on its way to a target that speaks another format
// than its client, and the answer's way back.
type translation struct {
	client, target wire.Codec
	request        *wire.Request
	sealed         bool // parts went out that only who made them takes
}

// translate makes the body for a target that is asked in another format. The
// request is decoded once for all targets. base and bare are as in [exchange.unsealed].
func (x *exchange) translate(body *buffered, t routes.Target, format, model, base string, bare bool) (*translation, []byte, *failure) {
	client, err := wire.For(wire.Format(x.lane.format()))
	if err != nil {
		return nil, nil, x.unfit(nil, err)
	}
	target, err := wire.For(wire.Format(format))
	if err != nil {
		return nil, nil, x.unfit(client, err)
	}
	if x.neutral == nil {
		// What is decoded, and the body for the target, are about as large again.
		if err := body.grow(2 * int64(len(body.data))); errors.Is(err, errNeverFits) {
			return nil, nil, &failure{status: http.StatusRequestEntityTooLarge, kind: tooLarge, rank: rankUnfit, result: "too-large",
				reason: "the request is too large to be translated in the memory that the proxy has; compact the conversation, or raise MemoryMax in the proxy's unit"}
		} else if err != nil {
			return nil, nil, &failure{status: http.StatusServiceUnavailable, kind: overloaded, rank: rankTransient, result: "busy",
				reason: "there is no room to translate the request; try again in a few seconds"}
		}
		request, err := client.DecodeRequest(body.data)
		if err != nil {
			return nil, nil, x.unfit(client, err)
		}
		request.Created = x.rec.start.Unix()
		x.neutral = request
	}
	request, sealed := x.unsealed(format, base, bare)
	drops := slices.Clone(x.neutral.Drops)
	out, err := target.EncodeRequest(request, wire.Target{Model: model, Provider: t.Provider, MaxOutput: x.snap.config.Ringlet.Limits[t.String()].Output}, &drops)
	if err != nil {
		return nil, nil, x.unfit(client, err)
	}
	x.rec.dropped = drops
	return &translation{client: client, target: target, request: x.neutral, sealed: sealed}, out, nil
}

// unfit is a request that cannot be put into a target's format. What is wrong
// with it is the client's to know, and no log's.
func (x *exchange) unfit(client wire.Codec, err error) *failure {
	f := &failure{status: http.StatusBadRequest, kind: invalidRequest, rank: rankUnfit, result: "unfit", reason: "the request cannot be translated for it"}
	var e *wire.Error
	if client != nil && errors.As(err, &e) {
		f.status, f.body = client.EncodeError(e)
		f.header = http.Header{"Content-Type": {"application/json"}}
	} else {
		x.e.log.Debug("a request cannot be translated", "error", fmt.Sprintf("%T", err))
	}
	return f
}

// failed makes an upstream's error the client's; status is 0 for an error in a stream.
func (tr *translation) failed(status int, body []byte) (int, []byte) {
	return tr.client.EncodeError(tr.target.DecodeError(status, body))
}

// event makes an error's body in the client's format the event that ends a
// stream which has begun.
func (tr *translation) event(to wire.StreamEncoder, body []byte) []byte {
	return to.Append(nil, &wire.Event{Kind: wire.Failure, Err: tr.client.DecodeError(0, body)})
}

// ask is the client's request as a target of another format gets it: of the
// headers those that mean something there, and no query.
func (tr *translation) ask(r *http.Request, stream bool) *http.Request {
	out := &http.Request{URL: &url.URL{}, Header: make(http.Header, 4)}
	for _, name := range foreignRequestHeaders() {
		if v, ok := r.Header[name]; ok {
			out.Header[name] = v
		}
	}
	out.Header.Set("Content-Type", "application/json")
	out.Header.Set("Accept", "application/json")
	if stream {
		out.Header.Set("Accept", "text/event-stream")
	}
	return out
}

// foreignRequestHeaders are those that travel to a target of another format. All
// others belong to a vendor's own API, or to its client library, and would at best
// mean nothing to another one: docs/translation.md has the table.
func foreignRequestHeaders() []string {
	return []string{"User-Agent", "Accept-Language", "Traceparent", "Tracestate"}
}

// foreignResponseHeaders are those of an answer that travel back to a client of
// another format. The type and the encoding are for the engine to look at.
func foreignResponseHeaders() []string {
	return []string{"Content-Type", "Content-Encoding", "Cache-Control", "Retry-After", "Retry-After-Ms", "X-Should-Retry", "Request-Id", "X-Request-Id"}
}

// answer strips a response of what only its own format's clients understand.
func (tr *translation) answer(resp *http.Response) {
	kept := make(http.Header, 4)
	for _, name := range foreignResponseHeaders() {
		if v, ok := resp.Header[name]; ok {
			kept[name] = v
		}
	}
	resp.Header = kept
}

// unsealed is the decoded request without the signatures of the target's format
// that another upstream than the one at base is known to have made, or, where bare,
// without any. sealed tells that some are left.
func (x *exchange) unsealed(format, base string, bare bool) (request *wire.Request, sealed bool) {
	out := *x.neutral
	out.Turns = slices.Clone(out.Turns)
	for i, turn := range out.Turns {
		if !slices.ContainsFunc(turn.Parts, func(p wire.Part) bool { return p.Signature != "" && string(p.SignedBy) == format }) {
			continue
		}
		parts := make([]wire.Part, 0, len(turn.Parts))
		for _, p := range turn.Parts {
			if p.Signature != "" && string(p.SignedBy) == format {
				if bare || x.e.signers.another(p.Signature, base) {
					continue
				}
				sealed = true
			}
			parts = append(parts, p)
		}
		out.Turns[i].Parts = parts
	}
	return &out, sealed
}
