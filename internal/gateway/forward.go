package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// forward tries the candidates one after the other until one has answered.
func (x *exchange) forward(body *buffered, f *facts, candidates []routes.Candidate) {
	if len(candidates) == 0 {
		x.refuse(x.noRule())
		return
	}
	var failures []*failure
	for i, c := range candidates {
		if hopeless(candidates[i:], failures) {
			failures = append(failures, x.leftAlone(candidates[i:])...)
			break
		}
		x.chose(c)
		x.more = i+1 < len(candidates)
		fail := x.attemptAt(c.Target, body, f)
		if fail == nil {
			return
		}
		if x.r.Context().Err() != nil {
			x.interrupted()
			return
		}
		x.note(c.Target, fail)
		failures = append(failures, fail)
		if fail.rank == rankThread {
			break
		}
	}
	x.allFailed(best(failures), failures, candidates)
}

// chose notes where the request goes and why: a rule's name, or "alias:" and the
// model asked for, or "provider:" and the profile's own provider.
func (x *exchange) chose(c routes.Candidate) {
	x.rec.rule, x.rec.target = c.Rule, c.Target.String()
	if c.Kind != routes.FromRule {
		x.rec.rule = string(c.Kind) + ":" + c.Rule
	}
}

func (x *exchange) noRule() *apiError {
	return &apiError{status: http.StatusNotFound, kind: notFound, message: fmt.Sprintf(
		"no rule of the profile %q takes this request; add one: ringlet proxy route add %s default always <provider>/<model>", x.e.profile, x.e.profile)}
}

// note counts and remembers a failed attempt.
func (x *exchange) note(t routes.Target, f *failure) {
	if f.asked {
		x.e.seen.add(t.String(), f.answer, true)
	}
	x.rec.tried = append(x.rec.tried, clean(t.String(), 200)+"="+f.result)
	x.rec.problem = clean(t.String(), 200) + ": " + f.reason
	x.e.log.Debug("target failed", "target", t.String(), "reason", f.reason)
}

// interrupted ends an exchange whose client has left, or which is cut because
// the engine stops.
func (x *exchange) interrupted() {
	if errors.Is(context.Cause(x.r.Context()), errStopping) {
		err := stoppingError()
		x.rec.problem = "cut because the proxy stops"
		x.giveUp(err)
		return
	}
	x.rec.status, x.rec.outcome = statusClientLeft, outcomeLeft
	x.w.abort = true
}

// allFailed gives the client the failure that tells it most.
func (x *exchange) allFailed(f *failure, all []*failure, candidates []routes.Candidate) {
	for i, c := range candidates {
		if i < len(all) && all[i] == f {
			x.chose(c)
		}
	}
	if x.snap.table.Strategy() != routes.Simple {
		f.header = patiently(f.status, f.header, time.Now())
	}
	x.rec.status, x.rec.outcome = f.status, outcomeFailed
	if len(all) > 1 {
		x.rec.problem = "all targets failed"
	} else {
		x.rec.problem = f.reason
	}
	if f.body == nil || x.w.wrote && !gjson.ValidBytes(f.body) {
		msg := fmt.Sprintf("%s: %s", clean(x.rec.target, 200), f.reason)
		if len(all) > 1 {
			msg += fmt.Sprintf(" (%d targets failed; see ringlet proxy logs %s)", len(all), x.e.profile)
		}
		after, _ := strconv.Atoi(f.header.Get("Retry-After")) // a date is not kept: nothing came with it
		x.giveUp(&apiError{status: f.status, kind: f.kind, message: msg, outcome: outcomeFailed, retryAfter: after})
		return
	}
	if x.w.wrote {
		x.sayError(waitInWords(x.lane.format(), f, time.Now()))
		return
	}
	clear(x.w.Header())
	responseHeaders(x.w.Header(), f.header)
	x.w.Header().Set("Content-Length", fmt.Sprint(len(f.body)))
	x.w.WriteHeader(f.status)
	_, _ = x.w.Write(f.body) // a client that left is seen by its context
}
