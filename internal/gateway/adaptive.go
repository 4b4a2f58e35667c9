package gateway

import (
	"math"
	"time"

	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/routes"
)

// What the strategy adaptive goes by: how often a target answers, and how long it
// takes to begin. Both are means that forget, by answers and by time, so that a
// target which got better is found out, and one which got worse is left. The
// spread of what is known is optimism: of two targets the one of which less is
// known is tried sooner (discounted UCB; Garivier and Moulines, On upper-confidence
// bound policies for non-stationary bandit problems, 2008).
const (
	// forgetsPerAnswer is what an answer takes from the weight of those before it:
	// about 30 count.
	forgetsPerAnswer = 0.97
	// halfLife is the time in which what is known loses half its weight.
	halfLife = 20 * time.Minute
	// failureCosts is what a failed attempt counts, in seconds of waiting.
	failureCosts = 10
	// failsAtFirst is the share of failures that is assumed with the weight of one
	// answer.
	failsAtFirst = 0.05
	// firstGuess is the time to the first byte, in seconds, of a target that was never seen.
	firstGuess = 1.5
	// leastKnown is the weight that what is known never falls below. It bounds how much
	// slower a target may have been to be tried again at last: 30 times.
	leastKnown = 0.02
	// spreadAtFirst is the variance of the logarithm of the times, assumed
	// with the weight of four answers.
	spreadAtFirst = 0.25
	// fastest bounds times below; a refused connection takes no time at all.
	fastest = 0.01
)

// experience is what was seen of a target. Its JSON form is part of the state file.
type experience struct {
	Good   float64   `json:"good"`   // answers, by weight
	Bad    float64   `json:"bad"`    // failures, by weight
	Mean   float64   `json:"mean"`   // of the logarithm of the seconds to the first byte
	Spread float64   `json:"spread"` // sum of its squared differences from the mean, by weight
	At     time.Time `json:"at"`     // of the newest
}

// aged is what of it counts now.
func (e experience) aged(now time.Time) experience {
	if e.At.IsZero() || !now.After(e.At) {
		return e
	}
	return e.times(math.Exp2(-float64(now.Sub(e.At)) / float64(halfLife)))
}

func (e experience) times(factor float64) experience {
	e.Good *= factor
	e.Bad *= factor
	e.Spread *= factor
	return e
}

// saw adds an attempt; first is the time to its first byte.
func (e *experience) saw(now time.Time, ok bool, first time.Duration) {
	*e = e.aged(now).times(forgetsPerAnswer)
	e.At = now
	if !ok {
		e.Bad++
		return
	}
	e.Good++
	x := math.Log(max(first.Seconds(), fastest))
	if e.Good <= 1 {
		e.Mean, e.Spread = x, 0
		return
	}
	before := x - e.Mean
	e.Mean += before / e.Good
	e.Spread += before * (x - e.Mean)
}

// expect is how long a request waits at the target, in seconds, a failure counted
// as failureCosts: as it is to be expected, and as it may be at best by what little
// is known.
func (e experience) expect(now time.Time) (expected, atBest float64) {
	e = e.aged(now)
	tries := e.Good + e.Bad
	fails := (e.Bad + failsAtFirst) / (tries + 1)
	failsAtBest := max(0, fails-math.Sqrt(fails*(1-fails)/(tries+1)))

	mean, known := e.Mean, max(e.Good, leastKnown)
	if e.At.IsZero() || e.Good == 0 {
		mean, known = math.Log(firstGuess), leastKnown
	}
	variance := (e.Spread + 4*spreadAtFirst) / (e.Good + 4)
	level := math.Exp(mean + variance/2)
	return level + fails*failureCosts, level*math.Exp(-math.Sqrt(variance/known)) + failsAtBest*failureCosts
}

// seen is the experience as a table of routes takes it.
func (e experience) seen(now time.Time) routes.Seen {
	var s routes.Seen
	s.Expected, s.AtBest = e.expect(now)
	e = e.aged(now)
	s.Answers, s.Failures = e.Good, e.Bad
	return s
}

// unseen is what is known of a target that never was asked.
func unseen() routes.Seen { return experience{}.seen(time.Time{}) }

// report adds what was seen to a target's line in /health.
func (e experience) report(t *health.Target, now time.Time) {
	e = e.aged(now)
	if e.Good+e.Bad < leastKnown {
		return
	}
	rate := math.Round(1000*e.Good/(e.Good+e.Bad)) / 1000
	t.SuccessRate = &rate
	if e.Good > 0 {
		t.FirstByteMS = int64(1000 * math.Exp(e.Mean))
	}
}
