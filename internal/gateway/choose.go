package gateway

import (
	"time"

	"github.com/ringlet/ringlet/routes"
)

// choice is what was decided about a request, and what it was decided by.
type choice struct {
	conv     *conversation // nil for requests that are none, as the engine's own
	estimate int           // of the prompt, before it was corrected; 0 where nothing asked for it
}

// choose lets the table decide by what was seen. Where the decision hangs on the size of
// the prompt, that is estimated, and corrected by what the upstream last reported
// of the conversation.
func (x *exchange) choose(f *facts, body []byte) (routes.Decision, error) {
	if x.self {
		return x.snap.table.Decide(f.Request, routes.Inputs{})
	}
	conv := x.e.talks.get(conversationKey(x.r.Header, f.system, f.opening))
	x.choice.conv = conv
	if x.snap.table.NeedsTokens(f.Request, conv.correct(f.size.most())) {
		x.measure(f, body)
	}
	now := time.Now()
	d, err := x.snap.table.Decide(f.Request, routes.Inputs{
		Seed: conv.key, At: conv.at(), Prices: x.snap.config.Ringlet.Prices,
		Seen: func(t routes.Target) routes.Seen {
			s := x.e.seen.look(t, now)
			s.Cached = conv.cached(t, now)
			if n := conv.expects(); n > 0 {
				s.Output = n
			}
			return s
		},
	})
	if d.Sticky {
		conv.settle(d.Home)
	}
	return d, err
}

// measure estimates the size of the prompt, and corrects the estimate; again does nothing.
func (x *exchange) measure(f *facts, body []byte) {
	if x.choice.estimate > 0 || x.choice.conv == nil {
		return
	}
	f.measure(body)
	x.choice.estimate = f.Tokens
	f.Tokens = x.choice.conv.correct(f.Tokens)
	x.rec.estimate = f.Tokens
}

// learn remembers what the answer of a target told.
func (x *exchange) learn(t routes.Target) {
	if x.choice.conv == nil || x.rec.outcome != outcomeOK {
		return
	}
	u := x.rec.usage
	x.choice.conv.learn(x.choice.estimate, max(0, u.input)+max(0, u.cacheRead)+max(0, u.cacheWrite))
	x.choice.conv.answered(t, u, time.Now())
	x.e.seen.showed(t, u.output)
}
