package gateway

import (
	"fmt"
	"net/http"

	"github.com/ringlet/ringlet/internal/gateway/dialect"
	"github.com/ringlet/ringlet/routes"
)

// prepared is a request as one target gets it, all but the credentials.
type prepared struct {
	up     *upstream
	call   *dialect.Call
	client *http.Request // whose headers and query travel
	out    *outgoing
	base   string       // the target's base URL
	sealed bool         // parts go out that only who made them takes
	tr     *translation // nil where the target speaks the client's format
}

// prepare puts the request into the form of one target: with the target's model
// in it where the format is the client's, translated where it is not.
//
// What another provider sealed is left out; bare leaves out all that is sealed.
func (x *exchange) prepare(t routes.Target, body *buffered, f *facts, count, bare bool) (*prepared, *failure) {
	up := x.snap.upstreams[t.Provider]
	if up == nil {
		return nil, noEndpoint(t)
	}
	up = up.forClient(x.lane.format(), x.r)
	model := x.snap.model(t)
	format := up.pick(x.lane.format(), model)
	if format == "" {
		return nil, noEndpoint(t)
	}
	if up.keyErr != nil {
		return nil, &failure{status: http.StatusUnauthorized, kind: authentication, rank: rankNoKey, result: "no-key", reason: keyProblem(t.Provider, up.keyErr)}
	}
	p := &prepared{up: up, client: x.r, call: &dialect.Call{Format: format, Model: up.dialect.Model(format, model), Stream: f.Stream, Count: count}}
	p.base = up.config.Formats[format]
	edits, fail := unthreaded(t, format, p.base, body.data, f)
	if fail != nil {
		return nil, fail
	}
	if format != x.lane.format() {
		tr, out, fail := x.translate(body, t, format, p.call.Model, p.base, bare)
		if fail != nil {
			return nil, fail
		}
		p.sealed = tr.sealed
		p.tr, p.client, p.out = tr, tr.ask(x.r, f.Stream), wholeBody(out)
		return p, nil
	}
	drop := x.e.signers.foreign(f.sealed, p.base)
	if isAnthropic(t, p.base) {
		drop = f.unsigned(drop)
	}
	if bare {
		drop = everything(f)
	}
	if drop != nil {
		edits = append(edits, f.without(drop)...)
	}
	p.sealed = !bare && f.carries()
	named, err := modelEdit(body.data, f, p.call.Model)
	if err != nil {
		return nil, &failure{status: http.StatusInternalServerError, kind: apiFailure, rank: rankBroken, result: "bad-name", reason: "the model's name cannot be written as JSON"}
	}
	p.out = apply(body.data, append(edits, named))
	p.out.body = body
	return p, nil
}

func noEndpoint(t routes.Target) *failure {
	return &failure{status: http.StatusNotFound, kind: notFound, rank: rankSkipped, result: "no-endpoint",
		reason: fmt.Sprintf("the model %s has no endpoint in any wire format", clean(t.String(), 200))}
}
