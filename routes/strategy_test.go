package routes

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func compiled(t testing.TB, s Strategy, rules []Rule, aliases map[string]string, provider string) *Table {
	t.Helper()
	table, err := Compile(s, rules, aliases, provider)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// names are the decision's targets in order.
func (d Decision) names() string {
	var out []string
	for _, c := range d.Candidates {
		out = append(out, c.Target.String())
	}
	return strings.Join(out, " ")
}

func TestParseStrategy(t *testing.T) {
	for in, want := range map[string]Strategy{"Weighted": Weighted, "lowest-cost": LowestCost, "LowestCost": LowestCost,
		"LOWEST_COST": LowestCost, "simple": Simple, "Conditional": Conditional} {
		got, err := ParseStrategy(in)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, s := range Available() {
		if got, err := ParseStrategy(s.Title()); err != nil || got != s {
			t.Errorf("the title of %s is not read back: %v", s, err)
		}
	}
}

func TestWeightedKeepsToItsWeights(t *testing.T) {
	rules := []Rule{{"one", "always", "a/one", 0, 1}, {"three", "always", "a/three", 9, 3}, {"six", "stream", "b/six", 0, 6}, {"none", "thinking", "c/none", 0, 100}}
	table := compiled(t, Weighted, rules, map[string]string{"fast": "a/fast"}, "own")
	const n = 10_000
	first, second := map[string]int{}, map[string]int{}
	for seed := range uint64(n) {
		d, err := table.Decide(Request{Model: "m", Stream: true}, Inputs{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Candidates) != 4 || d.Candidates[3].Target.String() != "own/m" || d.Home != d.Candidates[0].Target || !d.Sticky {
			t.Fatalf("%s, home %s", d.names(), d.Home)
		}
		first[d.Candidates[0].Rule]++
		if d.Candidates[0].Rule == "six" {
			second[d.Candidates[1].Rule]++
		}
	}
	for rule, weight := range map[string]float64{"one": 1, "three": 3, "six": 6} {
		if share := float64(first[rule]) / n; math.Abs(share-weight/10) > 0.02 {
			t.Errorf("%s got %.3f of the conversations, want %.1f", rule, share, weight/10)
		}
	}
	// The others are drawn likewise: 3 to 1 among those whose first was six.
	if share := float64(second["three"]) / float64(first["six"]); math.Abs(share-0.75) > 0.02 {
		t.Errorf("three is the fallback of six for %.3f, want 0.75", share)
	}
}

func TestTwoRulesOfOneTargetAddTheirWeights(t *testing.T) {
	table := compiled(t, Weighted, []Rule{{"a", "always", "x/m", 0, 1}, {"b", "always", "x/m", 0, 2}, {"c", "always", "y/m", 0, 1}}, nil, "")
	n := 0
	for seed := range uint64(10_000) {
		d, _ := table.Decide(Request{}, Inputs{Seed: seed})
		if len(d.Candidates) != 2 {
			t.Fatal(d.names())
		}
		if d.Candidates[0].Target.Provider == "x" {
			n++
		}
	}
	if share := float64(n) / 10_000; math.Abs(share-0.75) > 0.02 {
		t.Errorf("x got %.3f, want 0.75", share)
	}
}

func TestTheChoosingStrategiesAndAliases(t *testing.T) {
	rules := []Rule{{"day", "always", "a/day", 5, 1}, {"long", "tokens > 1000", "b/long", 0, 1}, {"more", "always", "c/more", 0, 1}}
	prices := map[string]Price{"a/day": {Input: 3, Output: 15}, "b/long": {Input: 1, Output: 1}, "c/more": {Input: 2, Output: 2}, "d/fast": {Input: 9, Output: 9}}
	table := compiled(t, LowestCost, rules, map[string]string{"fast": "d/fast"}, "own")
	for _, c := range []struct {
		name string
		r    Request
		want string
	}{
		{"without an alias", Request{Model: "m", Tokens: 10}, "c/more a/day own/m"},
		{"an alias where none but always match", Request{Model: "fast", Tokens: 10}, "d/fast a/day c/more own/fast"},
		{"a condition is stronger than the alias", Request{Model: "fast", Tokens: 2000}, "b/long c/more a/day d/fast own/fast"},
	} {
		d, err := table.Decide(c.r, Inputs{Prices: prices})
		if err != nil || d.names() != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, d.names(), err, c.want)
		}
		if d.Sticky != (d.Candidates[0].Kind == FromRule) {
			t.Errorf("%s: sticky %v", c.name, d.Sticky)
		}
	}
}

func TestLowestCost(t *testing.T) {
	rules := []Rule{{"dear", "always", "a/dear", 0, 1}, {"cheap", "always", "b/cheap", 0, 1}, {"unknown", "always", "c/unknown", 9, 1}, {"middle", "always", "d/middle", 0, 1}}
	table := compiled(t, LowestCost, rules, nil, "")
	prices := map[string]Price{
		"a/dear":   {Input: 3, Output: 15, CacheRead: 0.3},
		"b/cheap":  {Input: 1, Output: 5, CacheRead: 0.1},
		"d/middle": {Input: 0.5, Output: 40},
	}
	cached := func(target string, n int) func(Target) Seen {
		return func(x Target) Seen {
			if x.String() == target {
				return Seen{Cached: n, Output: 500}
			}
			return Seen{Output: 500}
		}
	}
	at := func(s string) Target { x, _ := ParseTarget(s); return x }
	for _, c := range []struct {
		name string
		r    Request
		in   Inputs
		want string
	}{
		{"a short answer to much text", Request{Tokens: 100_000, MaxTokens: 100}, Inputs{}, "d/middle b/cheap a/dear c/unknown"},
		{"a long answer to little text", Request{Tokens: 1000, MaxTokens: 32_000}, Inputs{}, "b/cheap a/dear d/middle c/unknown"},
		// 90,000 × 0.3 + 10,000 × 3 + 500 × 15 = $0.0645, and b: 100,000 × 1 + 500 × 5 = $0.1025.
		{"a warm cache is worth more than a lower price", Request{Tokens: 100_000}, Inputs{At: at("a/dear"), Seen: cached("a/dear", 90_000)}, "a/dear d/middle b/cheap c/unknown"},
		// 20,000 × 0.3 + 80,000 × 3 + 500 × 15 = $0.2535.
		{"a little of it is not", Request{Tokens: 100_000}, Inputs{At: at("a/dear"), Seen: cached("a/dear", 20_000)}, "d/middle b/cheap a/dear c/unknown"},
		{"more cached than there is", Request{Tokens: 1000}, Inputs{At: at("a/dear"), Seen: cached("a/dear", 90_000)}, "b/cheap a/dear d/middle c/unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.Prices = prices
			d, err := table.Decide(c.r, c.in)
			if err != nil || d.names() != c.want {
				for _, x := range d.Candidates {
					t.Log(x.Target, x.Why())
				}
				t.Errorf("%s, %v; want %s", d.names(), err, c.want)
			}
		})
	}
	same := compiled(t, LowestCost, []Rule{{"a", "always", "a/m", 0, 1}, {"b", "always", "b/m", 0, 1}}, nil, "")
	d, _ := same.Decide(Request{Tokens: 5}, Inputs{At: at("b/m"), Prices: map[string]Price{"a/m": {Input: 1}, "b/m": {Input: 1}}})
	if d.names() != "b/m a/m" || d.Candidates[0].Basis != ByStay {
		t.Errorf("at the same cost the conversation stays: %s (%s)", d.names(), d.Candidates[0].Why())
	}
}

func TestWeightedStays(t *testing.T) {
	table := compiled(t, Weighted, []Rule{{"a", "always", "a/m", 0, 1}, {"b", "always", "b/m", 0, 1000}, {"c", "tokens > 10", "c/m", 0, 1}}, nil, "")
	d, _ := table.Decide(Request{Tokens: 20}, Inputs{Seed: 1, At: Target{"a", "m"}})
	if d.Candidates[0].Target.Provider != "a" || d.Home.Provider != "a" || d.Candidates[0].Why() != "the conversation is on it" {
		t.Errorf("%s: %s", d.names(), d.Candidates[0].Why())
	}
	d, _ = table.Decide(Request{Tokens: 2}, Inputs{Seed: 1, At: Target{"c", "m"}})
	if d.Home.Provider == "c" {
		t.Errorf("a target whose rule does not match any more is left: %s", d.names())
	}
}

func TestDownComesLast(t *testing.T) {
	rules := []Rule{{"a", "always", "a/m", 2, 1}, {"b", "always", "b/m", 1, 1}, {"c", "always", "c/m", 0, 1}}
	down := func(which string) Inputs {
		return Inputs{At: Target{"a", "m"}, Seen: func(x Target) Seen {
			if strings.Contains(which, x.Provider) {
				return Seen{Down: "open"}
			}
			return Seen{}
		}}
	}
	for _, s := range []Strategy{Conditional, Weighted, LowestCost} {
		table := compiled(t, s, rules, nil, "")
		d, _ := table.Decide(Request{}, down("a"))
		last := d.Candidates[2]
		if d.Home.Provider != "a" || last.Target.Provider != "a" || !strings.HasSuffix(last.Why(), "; last, because it is open") {
			t.Errorf("%s: %s, home %s, %s", s, d.names(), d.Home, last.Why())
		}
		if d, _ = table.Decide(Request{}, down("abc")); d.Candidates[0].Target.Provider != "a" || len(d.Candidates) != 3 {
			t.Errorf("%s, all down: %s", s, d.names())
		}
	}
}

func TestWeightsAreChecked(t *testing.T) {
	for _, w := range []int{-1, MaxWeight + 1} {
		if _, err := Compile(Weighted, []Rule{{"r", "always", "a/b", 0, w}}, nil, ""); err == nil || !strings.Contains(err.Error(), fmt.Sprint(w)) {
			t.Errorf("%d: %v", w, err)
		}
	}
}

// BenchmarkDecide shows that the cost is linear in the rules, whatever the
// strategy: every rule matches, each with a target of its own.
//
//	go test -run xxx -bench Decide ./routes
func BenchmarkDecide(b *testing.B) {
	for _, s := range Available() {
		for _, n := range []int{10, 100, 1000} {
			var rules []Rule
			for i := range n {
				rules = append(rules, Rule{fmt.Sprint("r", i), "tokens > 10", fmt.Sprint("p/m", i), i % 7, 1 + i%5})
			}
			table := compiled(b, s, rules, nil, "own")
			b.Run(fmt.Sprintf("%s/%d", s, n), func(b *testing.B) {
				for b.Loop() {
					_, _ = table.Decide(Request{Model: "m", Tokens: 100}, Inputs{Seed: 7})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/rule")
			})
		}
	}
}
