package routes

import (
	"math"
	"strings"
	"testing"
)

func TestAdaptiveOrder(t *testing.T) {
	rules := []Rule{{"a", "always", "a/m", 0, 1}, {"b", "always", "b/m", 0, 1}, {"c", "always", "c/m", 0, 1}}
	table := compiled(t, Adaptive, rules, nil, "own")
	seen := func(all map[string]Seen) func(Target) Seen {
		return func(x Target) Seen { return all[x.Provider] }
	}
	usual := map[string]Seen{"a": {Expected: 2, AtBest: 1.8}, "b": {Expected: 1, AtBest: 0.9}, "c": {Expected: 3, AtBest: 0.5}}
	with := func(name string, s Seen) map[string]Seen {
		out := map[string]Seen{}
		for k, v := range usual {
			out[k] = v
		}
		out[name] = s
		return out
	}
	for _, c := range []struct {
		name string
		at   string
		seen map[string]Seen
		want string
		why  string
	}{
		{"a new conversation tries what may be best", "", usual, "c/m b/m a/m own/m", "the best for all that is known, 3.0 s expected"},
		{"one that goes on goes by what is expected", "a", usual, "b/m a/m c/m own/m", "by what was seen, 1.0 s expected"},
		// 10,000 tokens × $2.70 per million are $0.027, or 2.7 s.
		{"a warm cache is worth waiting for", "a", with("a", Seen{Expected: 3.6, Cached: 10_000}), "a/m b/m c/m own/m", "the conversation is on it"},
		{"for so long", "a", with("a", Seen{Expected: 3.8, Cached: 10_000}), "b/m c/m a/m own/m", "by what was seen"},
		{"the other has it in its cache too", "a", with("b", Seen{Expected: 1, Cached: 10_000}), "b/m a/m c/m own/m", ""},
		{"nothing is better", "b", usual, "b/m a/m c/m own/m", "the conversation is on it, 1.0 s expected"},
		{"on the profile's own provider", "own", usual, "c/m b/m a/m own/m", ""},
		{"a target that is down", "", with("c", Seen{Expected: 3, AtBest: 0.5, Down: "open"}), "b/m a/m own/m c/m", "by what was seen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := Target{}
			if c.at != "" {
				at = Target{c.at, "m"}
			}
			d, err := table.Decide(Request{Model: "m", Tokens: 12_000}, Inputs{At: at, Seen: seen(c.seen)})
			if err != nil || d.names() != c.want || !strings.HasPrefix(d.Candidates[0].Why(), c.why) {
				for _, x := range d.Candidates {
					t.Log(x.Target, x.Why())
				}
				t.Errorf("%s, %v; want %s", d.names(), err, c.want)
			}
		})
	}
	d, _ := table.Decide(Request{Model: "m"}, Inputs{})
	if d.names() != "a/m b/m c/m own/m" {
		t.Errorf("nothing was seen: %s", d.names())
	}
}

func TestReadingAgain(t *testing.T) {
	for _, c := range []struct {
		name  string
		price Price
		known bool
		want  float64
	}{
		{"by its prices", Price{Input: 1, CacheRead: 0.5}, true, 5},
		{"without a cheaper cache nothing is lost", Price{Input: 1}, true, 0},
		{"a price that is not known", Price{}, false, 27},
	} {
		if got := rereading(100_000, c.price, c.known); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %g s, want %g", c.name, got, c.want)
		}
	}
}

func TestResults(t *testing.T) {
	table := compiled(t, Conditional, []Rule{{"long", "tokens > 10", "a/m", 0, 1}, {"all", "always", "b/m", 0, 1}}, nil, "")
	got := table.Results(Request{Tokens: 5})
	if len(got) != 2 || got[0].Name != "long" || got[0].Matches || !got[1].Matches || got[0].Err != nil {
		t.Errorf("%+v", got)
	}
}
