package routes

import (
	"errors"
	"strings"
	"testing"
)

func TestConditionMatches(t *testing.T) {
	big := Request{Model: "claude-sonnet-4", Tokens: 150000, Tools: 12, Thinking: true, ThinkingMode: "adaptive", Stream: true, Messages: 3, Hour: 23, Weekday: "sat"}
	small := Request{Model: "claude-haiku-3", Tokens: 900, Messages: 1, Subagent: true}
	for _, c := range []struct {
		text       string
		big, small bool
	}{
		{"always", true, true},
		{" always ", true, true},
		{"not always", false, false},
		{"always and thinking", true, false},
		{"thinking", true, false},
		{"not thinking", false, true},
		{"tokens > 100000", true, false},
		{"tokens < 1000", false, true},
		{"tools >= 10", true, false},
		{"tools == 12 or subagent", true, true},
		{"(tokens > 1000 and stream) and not subagent", true, false},
		{`model matches "haiku"`, false, true},
		{`model == "claude-sonnet-4"`, true, false},
		{`model contains "sonnet" && tokens >= 150_000`, true, false},
		{`weekday in ["sat", "sun"]`, true, false},
		{`hour >= 22 or hour < 6`, true, true},
		{`thinking_mode == "adaptive"`, true, false},
		{"messages != 1", true, false},
	} {
		cond, err := ParseCondition(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		for _, r := range []struct {
			req  Request
			want bool
		}{{big, c.big}, {small, c.small}} {
			if got, err := cond.Match(r.req); err != nil || got != r.want {
				t.Errorf("%s on %s: %v, %v; want %v", c.text, r.req.Model, got, err, r.want)
			}
		}
	}
}

func TestConditionErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		column int
		want   string
	}{
		{"", 0, "empty"},
		{"tokens >", 9, "it ends too early"},
		{"tokens > > 3", 10, "unexpected token"},
		{"token > 3", 1, `unknown fact "token"`},
		{"thinking and tokns > 3", 14, `unknown fact "tokns"`},
		{"tokens", 0, "must be true or false"},
		{`tokens > "3"`, 8, "mismatched types"},
		{"tokens + 3 > 4", 8, `operator "+"`},
		{"len(model) > 3", 1, "functions"},
		{"now()", 1, "functions"},
		{"thinking ? stream : subagent", 28, "not part of a condition"},
		{`model matches model`, 7, "quoted pattern"},
		{`model matches "["`, 7, "error parsing regexp"},
		{"let x = 1; x > 0", 5, "not part of a condition"},
		{"model.foo == 1", 7, "not part of a condition"},
		{strings.Repeat("(", 5000), 0, "longer than"},
		{"$env", 1, "unknown fact"},
	} {
		_, err := ParseCondition(c.text)
		var syn *SyntaxError
		if !errors.As(err, &syn) {
			t.Errorf("%q: error %v is no SyntaxError", c.text, err)
			continue
		}
		if syn.Column != c.column || !strings.Contains(syn.Problem, c.want) {
			t.Errorf("%q: column %d, %q; want column %d, …%s…", c.text, syn.Column, syn.Problem, c.column, c.want)
		}
		if syn.Hint() == "" || syn.ExitCode() != 2 {
			t.Errorf("%q: no hint or exit code %d", c.text, syn.ExitCode())
		}
	}
}

func FuzzParseCondition(f *testing.F) {
	for _, s := range []string{"always", "tokens > 100000 and not subagent", `model matches "(?i)haiku"`, "tools in [1,2]", "((", "\"", "a ?? b", "#.x", "tokens > -1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cond, err := ParseCondition(s)
		if err != nil {
			var syn *SyntaxError
			if !errors.As(err, &syn) {
				t.Fatalf("%q: untyped error %v", s, err)
			}
			if syn.Column < 0 || syn.Column > len(s)+1 {
				t.Fatalf("%q: column %d is outside", s, syn.Column)
			}
			return
		}
		// What compiles evaluates, on any request.
		for _, r := range []Request{{}, {Model: "m", Tokens: 1 << 40, Tools: 99, Thinking: true, Weekday: "mon"}} {
			if _, err := cond.Match(r); err != nil {
				t.Fatalf("%q compiles but fails: %v", s, err)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	cond, err := ParseCondition("tokens > 100000 and not subagent")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = cond.Match(Request{Tokens: 120000})
	}
}
