package gateway

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/ringlet/ringlet/routes"
)

// attemptAt is one attempt at a target, whose outcome the target is judged by.
func (x *exchange) attemptAt(t routes.Target, body *buffered, f *facts) *failure {
	x.permit = x.e.seen.permit(t)
	defer x.permit.dismissed() // after a panic; else it is over by then
	fail := x.try(t, body, f, false)
	x.report(t, fail)
	return fail
}

// report tells what came of an attempt. Only what the target is to blame for
// counts against it: not a request that it refused, not a client that left, and not
// an attempt that never reached it.
func (x *exchange) report(t routes.Target, fail *failure) {
	p, now := x.permit, time.Now()
	switch {
	case fail == nil && x.rec.outcome == outcomeOK:
		x.learn(t)
		first := now.Sub(p.start)
		if x.w.first > 0 {
			first = x.rec.start.Add(x.w.first).Sub(p.start)
		}
		p.succeeded(first)
	case fail == nil && x.rec.outcome == outcomeFailed && x.rec.status < 400:
		p.failed(&failure{status: http.StatusBadGateway, rank: rankNoAnswer, reason: "its answer broke off"}, 0)
	case fail != nil && fail.asked && retryable(fail.status) && x.r.Context().Err() == nil:
		p.failed(fail, retryAfter(fail.header, now))
	default:
		p.dismissed()
	}
}

// hopeless reports whether none of the targets that are left should be asked. All
// of them are down then, as those come last. Where another target was asked and
// failed, they are tried nevertheless; and so is the only one, where no wait that
// it asked for is in the way: with a single target a breaker could only make
// things worse.
func hopeless(left []routes.Candidate, failures []*failure) bool {
	down := left[0].Seen.Down
	if down == "" || down == downOpen && len(left) == 1 {
		return false
	}
	for _, f := range failures {
		if f.asked {
			return false
		}
	}
	return true
}

// leftAlone are the failures of targets that are not asked: what they said last,
// and when the first of them will be asked again.
func (x *exchange) leftAlone(left []routes.Candidate) []*failure {
	now := time.Now()
	var out []*failure
	soonest := time.Duration(-1)
	for _, c := range left {
		last, wait := x.e.seen.waiting(c.Target, now)
		f := failure{status: http.StatusServiceUnavailable, rank: rankTransient, reason: "it failed too often"}
		if last != nil {
			f = *last
		}
		if soonest < 0 || wait < soonest {
			soonest = wait
		}
		f.kind, f.result, f.asked = kindOf(f.status), c.Seen.Down, false
		if f.reason += ", and is left alone"; wait > 0 {
			f.reason += fmt.Sprintf(" for another %d s", seconds(wait))
		}
		out = append(out, &f)
		x.note(c.Target, &f)
	}
	for _, f := range out {
		f.header = http.Header{"Retry-After": {strconv.Itoa(max(1, seconds(soonest)))}}
	}
	return out
}

// seconds are those of a wait, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// kindOf is the type of error that goes with a status.
func kindOf(status int) string {
	switch status {
	case http.StatusTooManyRequests:
		return "rate_limit_error"
	case http.StatusServiceUnavailable, 529:
		return overloaded
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return timedOut
	}
	return apiFailure
}
