package gateway

import (
	"context"
	"net/http"
	"strconv"

	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// count answers how many tokens a prompt has, which only the Messages format
// can be asked. The first target that speaks it counts; where there is none, or
// it does not, the answer is the engine's own estimate: an error would keep some
// agents from compacting their conversation.
func (x *exchange) count(body *buffered, f *facts, candidates []routes.Candidate) {
	for _, c := range candidates {
		up := x.snap.upstreams[c.Target.Provider]
		if up == nil || up.pick(routes.Messages, x.snap.model(c.Target)) != routes.Messages {
			continue
		}
		x.chose(c)
		fail := x.try(c.Target, body, f, true)
		if fail == nil {
			return
		}
		if x.r.Context().Err() != nil {
			x.interrupted()
			return
		}
		x.note(c.Target, fail)
		break // another model would count otherwise
	}
	x.measure(f, body.data)
	x.estimate(f)
}

// estimate answers with the size that rules see too.
func (x *exchange) estimate(f *facts) {
	answer := []byte(`{"input_tokens":` + strconv.Itoa(max(1, f.Tokens)) + `}`)
	h := x.w.Header()
	clear(h)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(answer)))
	x.rec.status, x.rec.outcome = http.StatusOK, outcomeOK
	x.rec.tried = append(x.rec.tried, "estimate=200")
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(answer) // a client that left is seen by its context
}

// counted passes a count on; anything else than a count is a failure, after
// which the tokens are estimated.
func (a *attempt) counted(ctx context.Context) *failure {
	status := a.resp.StatusCode
	failed := &failure{status: status, kind: apiFailure, rank: rankBroken, result: strconv.Itoa(status), reason: "it did not count the prompt's tokens"}
	if status != http.StatusOK {
		return failed
	}
	data, err := readError(ctx, a.resp.Body)
	if err != nil || gjson.GetBytes(data, "input_tokens").Type != gjson.Number {
		failed.result = "bad-answer"
		return failed
	}
	return a.passOn(data, true)
}
