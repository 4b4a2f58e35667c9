package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/dialect"
	"github.com/ringlet/ringlet/routes"
)

// try sends the request to one target. nil means that the client has its answer,
// whatever it is; a failure, that nothing of this target has reached the client
// and the next one may be tried.
func (x *exchange) try(t routes.Target, body *buffered, f *facts, count bool) *failure {
	fail := x.tryOnce(t, body, f, count, false)
	if fail != nil && fail.unseal {
		x.e.log.Debug("target refused what another made; once more without it", "target", t.String())
		x.rec.tried = append(x.rec.tried, clean(t.String(), 200)+"=signature")
		fail = x.tryOnce(t, body, f, count, true)
	}
	return fail
}

// tryOnce is one request of try; bare leaves out the parts of the conversation
// that only the provider takes that made them.
func (x *exchange) tryOnce(t routes.Target, body *buffered, f *facts, count, bare bool) *failure {
	p, fail := x.prepare(t, body, f, count, bare)
	if fail != nil {
		return fail
	}
	ctx, cancel := context.WithCancelCause(x.r.Context())
	defer cancel(nil)
	req, sent, fail := p.up.request(ctx, p.client, p.call, p.out)
	if fail != nil {
		return fail
	}
	quiet := x.limitSilence(cancel, count)
	defer quiet.stop()
	resp, fail := x.send(p.up, p.call, req)
	if fail != nil {
		fail.asked = true
		return fail
	}
	quiet.heard()
	defer resp.Body.Close()
	x.e.log.Debug("target answered", "target", t.String(), "status", resp.StatusCode)
	if p.tr != nil {
		p.tr.answer(resp)
	}
	a := &attempt{x: x, target: t, own: p.up.own(), model: p.call.Model, lane: laneOf(p.call.Format), tr: p.tr, base: p.base, sealed: p.sealed, resp: resp, quiet: quiet, committed: func() {
		x.permit.answered()
		if sent.drop() {
			body.release()
		}
	}}
	if count {
		fail = a.counted(ctx)
	} else {
		fail = a.judge(ctx)
	}
	if fail != nil {
		fail.asked, fail.answer = true, resp.StatusCode
	}
	return fail
}

func keyProblem(provider string, err error) string {
	msg := err.Error()
	if !strings.Contains(msg, "ringlet providers login") {
		msg += "; run: ringlet providers login " + provider
	}
	return msg
}

// send sends the request and waits for the response's headers; a client hears
// pings where that takes long.
func (x *exchange) send(up *upstream, call *dialect.Call, req *http.Request) (resp *http.Response, fail *failure) {
	var err error
	x.keptAlive(x.untilPromise(), func() { resp, err = x.e.transport.RoundTrip(req) })
	if err != nil {
		if errors.Is(context.Cause(req.Context()), errSilent) {
			return nil, silentFailure()
		}
		return nil, transportFailure(err)
	}
	gunzip(resp)
	up.dialect.Answer(*call, resp)
	return resp, nil
}

// attempt is one target's response on its way to the client.
type attempt struct {
	x      *exchange
	target routes.Target
	own    bool         // the client's own login was sent
	model  string       // as the target's provider calls it
	lane   lane         // of the target's answer
	tr     *translation // nil where that is the client's too
	resp   *http.Response
	quiet  quiet
	base   string // URL of the target
	sealed bool   // the request had parts that only who made them takes
	// committed is called when the client gets content: no other target will need
	// the request's body, and a stream may last for long.
	committed func()
}

// judge decides by status and type what the response is.
func (a *attempt) judge(ctx context.Context) *failure {
	status := a.resp.StatusCode
	kind, _, _ := mime.ParseMediaType(a.resp.Header.Get("Content-Type"))
	switch {
	case status >= 300 && status < 400:
		return a.notAnswered(fmt.Sprintf("it answered with a redirect (%d), which is not followed: a key belongs to one host; correct the provider's base URL", status))
	case status < 200:
		return a.notAnswered(fmt.Sprintf("it answered with the status %d", status))
	case status >= 400 && a.tr != nil:
		return a.translateRefusal(ctx)
	case status >= 400:
		return a.refused(ctx)
	case packed(a.resp) != "":
		return a.opaque()
	case kind == "text/html":
		return a.notAnswered("it answered with a web page; correct the provider's base URL")
	case kind == "text/event-stream" && (a.x.w.padded || a.tr != nil && !a.x.stream):
		return a.notAnswered("it answered with a stream where one message was asked for")
	case kind == "text/event-stream":
		return a.relayStream(ctx)
	case a.x.w.streams || a.tr != nil && a.x.stream:
		return a.notAnswered("it answered with one message where a stream was asked for")
	case a.tr != nil:
		return a.translateWhole()
	default:
		return a.relayWhole(ctx)
	}
}

// notAnswered is an answer that is none.
func (a *attempt) notAnswered(reason string) *failure {
	return &failure{status: http.StatusBadGateway, kind: apiFailure, rank: rankBroken, result: "bad-answer", reason: reason}
}

// refused handles an error status. It ends here, byte for byte, unless another
// target may do better.
func (a *attempt) refused(ctx context.Context) *failure {
	status := a.resp.StatusCode
	if status == http.StatusBadRequest && a.sealed {
		body, err := readError(ctx, a.resp.Body)
		if err == nil && meansSeal(a.lane.format(), body) {
			return &failure{status: status, kind: invalidRequest, header: a.resp.Header, body: body, rank: rankStatus(status, a.resp.Header), result: "signature", unseal: true,
				reason: "it refused what another provider signed"}
		}
		return a.passOn(body, err == nil)
	}
	if !retryable(status) && status != http.StatusNotFound {
		return a.passOn(nil, false)
	}
	body, err := readError(ctx, a.resp.Body)
	if err != nil {
		// A body that is not complete is worth nothing to the client.
		return &failure{status: status, kind: apiFailure, header: a.resp.Header, rank: rankStatus(status, a.resp.Header), result: strconv.Itoa(status),
			reason: fmt.Sprintf("it answered with the status %d and an error that could not be read", status)}
	}
	if status == http.StatusNotFound && !meansModel(body, a.model) {
		return a.passOn(body, true)
	}
	reason := fmt.Sprintf("it answered with the status %d", status)
	if status == http.StatusNotFound {
		reason = "it does not have the model " + clean(a.model, 200)
	}
	return &failure{status: status, kind: apiFailure, reason: reason, header: a.resp.Header, body: body, rank: rankStatus(status, a.resp.Header), result: strconv.Itoa(status)}
}

var errErrorTooLong = errors.New("the error's body is too long")

// readError reads an error's body, bounded in size and time.
func readError(ctx context.Context, body io.ReadCloser) ([]byte, error) {
	stop := time.AfterFunc(errorBodyTimeout, func() { _ = body.Close() })
	defer stop.Stop()
	data, err := io.ReadAll(io.LimitReader(body, maxErrorBody+1))
	if err == nil && len(data) > maxErrorBody {
		err = errErrorTooLong
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return data, err
}
