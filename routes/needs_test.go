package routes

import "testing"

func TestNeedsTokens(t *testing.T) {
	for _, c := range []struct {
		condition string
		most      int
		request   Request
		want      bool
	}{
		{"always", 1 << 30, Request{}, false},
		{"thinking and tools > 3", 1 << 30, Request{}, false},
		{"tokens > 60000", 60_000, Request{}, false},
		{"tokens > 60000", 60_001, Request{}, true},
		{"60_000 < tokens", 60_001, Request{}, true},
		{"tokens >= 60000", 60_000, Request{}, true},
		{"tokens < 1000", 999, Request{}, false},
		{"tokens < 1000", 1000, Request{}, true},
		{"tokens == 5", 4, Request{}, false},
		{"tokens == 5", 5, Request{}, true},
		{"tokens != 5 and tokens > 3", 3, Request{}, false},
		{"tokens > 10 and tokens < 20", 1000, Request{}, true}, // the same at both ends
		{"tokens > 1e3", 1000, Request{}, false},
		{"tokens > 999.5", 1000, Request{}, true},
		{"tokens in [3, 7]", 2, Request{}, false},
		{"tokens in [3, 7]", 3, Request{}, true},
		{"not (tokens > 100)", 200, Request{}, true},
		{"tokens > -1", 1 << 30, Request{}, true}, // not understood, so asked for
		{"tokens > max_tokens", 10, Request{}, true},
		{"-tokens < -100", 10, Request{}, true},
		{"tokens > 100 and tools > 3", 1 << 30, Request{Tools: 3}, false}, // what else is known decides
		{"tokens > 100 and tools > 3", 1 << 30, Request{Tools: 4}, true},
		{"tokens > 100 or stream", 1 << 30, Request{Stream: true}, false},
	} {
		table, err := Compile(Conditional, []Rule{{Name: "r", Condition: c.condition, Target: "a/m"}, {Name: "rest", Condition: "always", Target: "b/m"}}, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := table.NeedsTokens(c.request, c.most); got != c.want {
			t.Errorf("%s, at most %d tokens: %v, want %v", c.condition, c.most, got, c.want)
		}
		if !c.want {
			continue
		}
		if !table.UsesTokens() {
			t.Errorf("%s: the table is said not to use tokens", c.condition)
		}
	}
	cheapest, err := Compile(LowestCost, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if !cheapest.NeedsTokens(Request{}, 1) {
		t.Error("lowest-cost does without the prompt's size")
	}
}

// FuzzNeedsTokens: where the size is said not to matter, it does not.
func FuzzNeedsTokens(f *testing.F) {
	for _, s := range []string{"tokens > 60 and tools > 2", "tokens in [1, 2.0, 30]", "tokens == 5 or tokens == 7", "not (tokens < 9) and stream", "tokens > tools", "tokens >= 0x10", "(tokens > 3) == stream"} {
		f.Add(s, 12, 3, true)
	}
	f.Fuzz(func(t *testing.T, text string, most, tools int, stream bool) {
		cond, err := ParseCondition(text)
		if err != nil || most < 0 {
			return
		}
		most %= 200
		r := Request{Model: "m", Tools: tools, Stream: stream}
		if cond.needsTokens(r, most) {
			return
		}
		first, _ := cond.Match(r)
		for r.Tokens = 1; r.Tokens <= most; r.Tokens++ {
			if again, _ := cond.Match(r); again != first {
				t.Fatalf("%q is %v at 0 and %v at %d tokens, at most %d", text, first, again, r.Tokens, most)
			}
		}
	})
}
