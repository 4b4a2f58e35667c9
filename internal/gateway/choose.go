package gateway

import (
	"time"

	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// choice is what was decided about a request, and what it was decided by.
type choice struct {
	conv     *conversation // nil for requests that are none, as the engine's own
	estimate int           // of the prompt, before it was corrected
}

// choose corrects the estimated size of the prompt by what the upstream last
// reported of the conversation, and lets the table decide by what was seen.
func (x *exchange) choose(f *facts, body []byte) (routes.Decision, error) {
	if x.self {
		return x.snap.table.Decide(f.Request, routes.Inputs{})
	}
	system, opening := openingOf(body)
	conv := x.e.talks.get(conversationKey(x.r.Header, system, opening))
	x.choice = choice{conv: conv, estimate: f.Tokens}
	f.Tokens = conv.correct(f.Tokens)
	x.rec.estimate = f.Tokens
	now := time.Now()
	d, err := x.snap.table.Decide(f.Request, routes.Inputs{
		Seed: conv.key, At: conv.at(), Prices: x.snap.config.Ringlet.Prices,
		Seen: func(t routes.Target) routes.Seen {
			s := x.e.seen.look(t, now)
			s.Cached, s.Output = conv.cached(t, now), conv.expects()
			return s
		},
	})
	if d.Sticky {
		conv.settle(d.Home)
	}
	return d, err
}

// learn remembers what the answer of a target told.
func (x *exchange) learn(t routes.Target) {
	if x.choice.conv == nil || x.rec.outcome != outcomeOK {
		return
	}
	u := x.rec.usage
	x.choice.conv.learn(x.choice.estimate, max(0, u.input)+max(0, u.cacheRead)+max(0, u.cacheWrite))
	x.choice.conv.answered(t, u, time.Now())
}

// openingOf has sums of the system prompt and of the first message of the user, in
// whatever format: Messages and Responses have a member for the system prompt, in
// Chat Completions, and with Codex, it is a message.
func openingOf(body []byte) (system, opening uint64) {
	list := "messages"
	if gjson.GetBytes(body, "input").Exists() {
		list = "input"
	}
	of := func(paths ...string) uint64 {
		h := newSum()
		for _, path := range paths {
			h = h.text(gjson.GetBytes(body, path).Raw)
		}
		return uint64(h)
	}
	first := list + ".0"
	switch gjson.GetBytes(body, first+".role").Str {
	case "system", "developer":
	default:
		first = "system"
	}
	return of("system", "instructions", first), of(list + `.#(role=="user").content`)
}
