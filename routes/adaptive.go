package routes

import "cmp"

// What it is worth not to wait, in US dollars per second: about 36 dollars per hour.
// By it adaptive weighs time against reading a prompt again.
const secondWorth = 0.01

// Assumed for a target without a price, in US dollars per million tokens: what
// models for coding agents cost in the middle of the field.
const (
	usualInput     = 3.0
	usualCacheRead = 0.3
)

// rereading is what it costs to read a cached prefix anew at another target,
// in seconds: its tokens × (input − cache_read) of that target, at secondWorth.
func rereading(cached int, p Price, known bool) float64 {
	input, read := p.Input, p.cacheRead()
	if !known {
		input, read = usualInput, usualCacheRead
	}
	return float64(cached) * max(0, input-read) / 1e6 / secondWorth
}

// bySeen orders by how long a request is to be expected to wait. A conversation
// that is on none of the targets begins where it may be best, as far as is known, so
// that each is tried again at times; the others follow by what is expected of
// them. One that is on a target leaves it only where the other is expected to
// answer sooner by more than reading the cached prefix again costs.
func bySeen(pool []Candidate, in Inputs) {
	at, best := -1, 0
	for i := range pool {
		c := &pool[i]
		c.Basis, c.Seen, c.timed = BySeen, in.look(c.Target), true
		c.score = c.Seen.Expected
		if c.Target == in.At {
			at = i
		}
		if c.Seen.AtBest < pool[best].Seen.AtBest {
			best = i
		}
	}
	if len(pool) == 0 {
		return
	}
	first := pool[best].Target
	if at >= 0 {
		first = in.At
		stays, leave := pool[at], 0.0
		for i := range pool {
			c := &pool[i]
			price, known := in.Prices[c.Target.String()]
			gain := stays.Seen.Expected - c.Seen.Expected - rereading(max(0, stays.Seen.Cached-c.Seen.Cached), price, known)
			if c.Target != in.At && gain > leave {
				first, leave = c.Target, gain
			}
		}
	}
	for i := range pool {
		if pool[i].Target == first {
			pool[i].score = -1
			if first == in.At {
				pool[i].Basis = ByStay
			} else if at < 0 {
				pool[i].Basis = ByTrial
			}
		}
	}
	sortBy(pool, byScore)
}

func byScore(a, b *Candidate) int { return cmp.Compare(a.score, b.score) }
