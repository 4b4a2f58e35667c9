package routes

// ExpectedOutput is how many tokens of answer are counted with where nothing has
// shown what to expect and the request's own cap is not smaller: what coding
// agents' turns, mostly a sentence and a tool call, come to.
const ExpectedOutput = 1000

// Estimate is what a request is expected to cost at a target.
type Estimate struct {
	Known  bool    // the target has a price
	USD    float64 // US dollars; 0 where no price is known
	Input  int     // tokens of the prompt, cached ones included
	Cached int     // of them, those that are read from the target's cache
	Output int     // tokens of the answer
}

// estimate applies the formula of lowest-cost:
//
//	(prompt − cached) × input + cached × cache_read + answer × output
//
// all per million tokens. A provider whose price for cached tokens is not known
// is counted with its full price.
func estimate(r Request, p Price, known bool, seen Seen) Estimate {
	e := Estimate{Known: known, Input: r.Tokens, Cached: min(seen.Cached, r.Tokens), Output: seen.Output}
	if e.Output <= 0 {
		e.Output = ExpectedOutput
	}
	if r.MaxTokens > 0 {
		e.Output = min(e.Output, r.MaxTokens)
	}
	if known {
		e.USD = (float64(e.Input-e.Cached)*p.Input + float64(e.Cached)*p.cacheRead() + float64(e.Output)*p.Output) / 1e6
	}
	return e
}

func (p Price) cacheRead() float64 {
	if p.CacheRead <= 0 {
		return p.Input
	}
	return p.CacheRead
}

// Estimate is what the request would cost at the target.
func (in Inputs) Estimate(r Request, t Target) Estimate {
	p, known := in.Prices[t.String()]
	return estimate(r, p, known, in.look(t))
}
