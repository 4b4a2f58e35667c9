package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// relayWhole passes on an answer in one piece. Up to maxHeld bytes it is held
// until it is complete, so that a cut can still be answered by another target;
// a longer one is passed on as it comes.
func (a *attempt) relayWhole(ctx context.Context) *failure {
	a.quiet.stop() // it answered, and the rest may take its time
	var (
		held []byte
		err  error
	)
	a.x.keptAlive(a.x.untilPromise(), func() { held, err = io.ReadAll(io.LimitReader(a.resp.Body, maxHeld)) })
	if err != nil {
		return &failure{status: http.StatusBadGateway, kind: apiFailure, rank: rankNoAnswer, result: "cut", reason: "its answer broke off"}
	}
	if a.x.w.streams {
		return a.notAnswered("it answered with one message where a stream was asked for")
	}
	if len(held) < maxHeld {
		if status, failed := a.lane.whole(held, &a.x.rec.usage); status != 0 {
			return &failure{status: status, kind: apiFailure, header: a.resp.Header, body: failed, rank: rankStatus(status, a.resp.Header), result: "error-in-200",
				reason: "it answered with the status 200 and an error in it"}
		}
		tap := a.sealTap()
		tap.whole(held)
	}
	return a.passOn(held, len(held) < maxHeld)
}

// passOn gives the client the response byte for byte: what was read of it
// already, and, where that is not all, the rest.
func (a *attempt) passOn(read []byte, all bool) *failure {
	x, status := a.x, a.resp.StatusCode
	x.rec.status, x.rec.outcome = status, outcomeOK
	x.e.seen.add(a.target.String(), status, status >= 400)
	x.rec.tried = append(x.rec.tried, clean(a.target.String(), 200)+"="+strconv.Itoa(status))
	if status >= 400 {
		x.rec.outcome, x.rec.problem = outcomeFailed, "the upstream refused the request"
		if status == http.StatusUnauthorized || status == http.StatusForbidden {
			x.rec.problem = a.refusedKey()
		}
	}
	if x.w.wrote && status >= 400 {
		if rest, err := readError(x.r.Context(), a.resp.Body); err == nil {
			x.sayError(append(read, rest...))
		}
		x.w.abort = true
		return nil
	}
	if !x.w.wrote {
		a.head(status)
	}
	out := flushing{x.w}
	_, err := out.Write(read)
	if err == nil && !all {
		_, err = io.Copy(out, a.resp.Body)
	}
	if err != nil {
		a.brokeOff(err)
	}
	return nil
}

// refusedKey says whose credentials an upstream did not take.
func (a *attempt) refusedKey() string {
	if a.own {
		return "the upstream refused the agent's own login; log in again with the agent"
	}
	return "the upstream refused the key; store another one: ringlet providers login " + clean(a.target.Provider, 100)
}

// head sends the head of the response.
func (a *attempt) head(status int) {
	x := a.x
	responseHeaders(x.w.Header(), a.resp.Header)
	if status == http.StatusUnauthorized && !a.own && x.w.Header().Get("X-Should-Retry") == "" {
		// The same key is refused again: without this Claude Code tries for over a
		// minute, in silence. A login of its own it refreshes, and tries again.
		x.w.Header().Set("X-Should-Retry", "false")
	}
	if n := a.resp.ContentLength; n >= 0 {
		x.w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	}
	x.w.WriteHeader(status)
}

// brokeOff records an answer that could not be passed on to its end.
func (a *attempt) brokeOff(err error) {
	x := a.x
	x.w.abort = true
	switch {
	case x.r.Context().Err() != nil && errors.Is(context.Cause(x.r.Context()), errStopping):
		x.rec.outcome, x.rec.problem = outcomeStopped, "cut because the proxy stops"
	case x.r.Context().Err() != nil, errors.Is(err, errWrite):
		x.rec.outcome = outcomeLeft
	default:
		x.rec.outcome, x.rec.problem = outcomeFailed, clean(a.target.String(), 200)+": its answer broke off"
	}
}

// errWrite marks an error of the client's side.
var errWrite = errors.New("the client cannot be written to")

// flushing sends each piece at once.
type flushing struct{ w *writer }

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err != nil {
		return n, errors.Join(errWrite, err)
	}
	f.w.flush()
	return n, nil
}
