package gateway

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ringlet/ringlet/routes"
)

// A trace is a day's work of some agents as it may be recorded: conversations
// whose prompts grow turn by turn, and for each target how it behaves at each time.
// Time is the trace's own, and chance comes from a fixed seed.
type trace struct {
	name    string
	targets []func(at time.Duration) weather
	steady  bool // nothing changes
}

// weather is how a target behaves at a time.
type weather struct {
	first float64 // median seconds to the first byte
	fails float64 // share of requests that fail, after a tenth of that time
}

func always(w weather) func(time.Duration) weather { return func(time.Duration) weather { return w } }

func until(at time.Duration, before, after weather) func(time.Duration) weather {
	return func(now time.Duration) weather {
		if now < at {
			return before
		}
		return after
	}
}

const workday = 6 * time.Hour

// traces has each change early, in the middle and late in the day: late is hard,
// because the best fixed choice was right for nearly all of it.
func traces() []trace {
	out := []trace{{"steady", []func(time.Duration) weather{
		always(weather{1.0, 0.01}), always(weather{1.6, 0.01}), always(weather{1.2, 0.02})}, true}}
	for when, at := range map[string]time.Duration{"early": workday / 6, "in the middle": workday / 2, "late": workday * 5 / 6} {
		out = append(out,
			trace{"one target slows down " + when, []func(time.Duration) weather{
				until(at, weather{0.9, 0.01}, weather{7, 0.02}), always(weather{1.4, 0.01}), always(weather{2.5, 0.01})}, false},
			trace{"one starts failing " + when, []func(time.Duration) weather{
				until(at, weather{1.0, 0.005}, weather{1.0, 0.6}), always(weather{1.5, 0.01})}, false},
			trace{"two swap " + when, []func(time.Duration) weather{
				until(at, weather{0.8, 0.01}, weather{3.2, 0.01}), until(at, weather{3.2, 0.01}, weather{0.8, 0.01})}, false})
	}
	return out
}

// simulate plays a trace and returns the mean time that a request waited for its
// first byte, failed attempts included; reading a cached prefix again at another
// target counts by what it costs, at a cent per second.
func simulate(t *testing.T, tr trace, strategy routes.Strategy, order []int, seed uint64) float64 {
	t.Helper()
	chance := rand.New(rand.NewPCG(seed, 7))
	var rules []routes.Rule
	for i, n := range order {
		rules = append(rules, routes.Rule{Name: string(rune('a' + n)), Condition: "always", Target: "p/" + string(rune('a'+n)), Priority: -i, Weight: 1})
	}
	table, err := routes.Compile(strategy, rules, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	const reread = 2.7 / 1e6 / 0.01 // seconds per token: $3.00 − $0.30 per million
	seen := map[routes.Target]*experience{}
	begin := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	waited, requests := 0.0, 0
	for now := time.Duration(0); now < workday; {
		// One conversation: some turns, each with a longer prompt.
		key, home, warm, cached := chance.Uint64(), routes.Target{}, routes.Target{}, 0
		prompt := 12_000 + chance.IntN(4000)
		for turns := 1 + chance.IntN(14); turns > 0; turns-- {
			clock := begin.Add(now)
			d, err := table.Decide(routes.Request{Tokens: prompt}, routes.Inputs{Seed: key, At: home, Seen: func(x routes.Target) routes.Seen {
				e := experience{}
				if known := seen[x]; known != nil {
					e = *known
				}
				s := e.seen(clock)
				if x == warm {
					s.Cached = cached
				}
				return s
			}})
			if err != nil {
				t.Fatal(err)
			}
			if d.Sticky {
				home = d.Home
			}
			requests++
			for _, c := range d.Candidates {
				w := tr.targets[c.Target.Model[0]-'a'](now)
				if seen[c.Target] == nil {
					seen[c.Target] = &experience{}
				}
				first := w.first * math.Exp(0.4*chance.NormFloat64())
				if chance.Float64() < w.fails {
					waited += first / 10
					seen[c.Target].saw(clock, false, 0)
					continue
				}
				waited += first
				if c.Target != warm {
					waited += float64(cached) * reread
				}
				warm, cached = c.Target, prompt
				seen[c.Target].saw(clock, true, time.Duration(first*float64(time.Second)))
				break
			}
			prompt += 500 + chance.IntN(2500)
			now += time.Duration(2+chance.IntN(14)) * time.Second
		}
		now += time.Duration(chance.IntN(60)) * time.Second
	}
	return waited / float64(requests)
}

// The terms: within 5% of the best fixed choice where the targets change,
// and no worse than weighted where they do not.
func TestAdaptiveAgainstTheBestFixedChoice(t *testing.T) {
	for _, tr := range traces() {
		t.Run(tr.name, func(t *testing.T) {
			var all []int
			for i := range tr.targets {
				all = append(all, i)
			}
			mean := func(s routes.Strategy, order []int) float64 {
				sum := 0.0
				const seeds = 3
				for seed := range uint64(seeds) {
					sum += simulate(t, tr, s, order, seed+1)
				}
				return sum / seeds
			}
			adaptive, weighted := mean(routes.Adaptive, all), mean(routes.Weighted, all)
			best := math.Inf(1)
			for i := range all {
				order := append([]int{i}, append(append([]int{}, all[:i]...), all[i+1:]...)...)
				fixed := mean(routes.Conditional, order)
				t.Logf("always %c first: %.3f s", 'a'+i, fixed)
				best = min(best, fixed)
			}
			t.Logf("adaptive: %.3f s, weighted: %.3f s, best fixed choice: %.3f s (%+.1f%%)", adaptive, weighted, best, 100*(adaptive/best-1))
			if tr.steady && adaptive > weighted {
				t.Errorf("adaptive waits %.3f s, weighted %.3f s", adaptive, weighted)
			}
			if adaptive > 1.05*best {
				t.Errorf("adaptive waits %.3f s, more than 5%% over the best fixed choice, %.3f s", adaptive, best)
			}
		})
	}
}
