package routes

import (
	"fmt"
	"strings"
	"testing"
)

func order(t *testing.T, strategy Strategy, rules []Rule, aliases map[string]string, provider string, r Request) string {
	t.Helper()
	table, err := Compile(strategy, rules, aliases, provider)
	if err != nil {
		t.Fatal(err)
	}
	d, err := table.Decide(r, Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range d.Candidates {
		out = append(out, fmt.Sprintf("%s:%s=%s", c.Kind, c.Rule, c.Target))
	}
	return strings.Join(out, " ")
}

func TestPrecedence(t *testing.T) {
	rules := []Rule{
		{"default", "always", "a/default", 0, 0},
		{"thinking", "thinking", "a/opus", 5, 0},
		{"long", "tokens > 100000", "m/long", 10, 0},
		{"heavy", "tools >= 10", "a/opus", 5, 0},
		{"late", "stream", "a/stream", 0, 0},
		{"last", "always", "a/last", -1, 0},
		{"second", "always", "b/second", 0, 0},
	}
	aliases := map[string]string{"fast": "a/haiku"}
	for _, c := range []struct {
		name     string
		strategy Strategy
		provider string
		req      Request
		want     string
	}{
		{"nothing special", Conditional, "", Request{Model: "x"}, "rule:default=a/default rule:second=b/second rule:last=a/last"},
		{"two always rules are primary and fallback", Conditional, "", Request{}, "rule:default=a/default rule:second=b/second rule:last=a/last"},
		{"priority, and a target is tried once", Conditional, "", Request{Thinking: true, Tools: 12, Tokens: 200000},
			"rule:long=m/long rule:thinking=a/opus rule:default=a/default rule:second=b/second rule:last=a/last"},
		{"an alias comes before always and after conditions", Conditional, "", Request{Model: "fast", Stream: true},
			"rule:late=a/stream alias:fast=a/haiku rule:default=a/default rule:second=b/second rule:last=a/last"},
		{"an alias has priority 0", Conditional, "", Request{Model: "fast", Thinking: true},
			"rule:thinking=a/opus alias:fast=a/haiku rule:default=a/default rule:second=b/second rule:last=a/last"},
		{"the own provider is last", Conditional, "own", Request{Model: "x"}, "rule:default=a/default rule:second=b/second rule:last=a/last provider:own=own/x"},
		{"simple takes the first", Simple, "own", Request{Model: "fast"}, "alias:fast=a/haiku"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := order(t, c.strategy, rules, aliases, c.provider, c.req); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
	if got := order(t, Conditional, nil, aliases, "own", Request{Model: "fast"}); got != "alias:fast=a/haiku provider:own=own/fast" {
		t.Errorf("no rules: %s", got)
	}
	if got := order(t, Conditional, nil, nil, "", Request{Model: "fast"}); got != "" {
		t.Errorf("nothing at all: %s", got)
	}
}

func TestCompileRefuses(t *testing.T) {
	ok := Rule{"r", "always", "a/b", 0, 0}
	for _, c := range []struct {
		name     string
		strategy Strategy
		rules    []Rule
		aliases  map[string]string
		want     string
	}{
		{"strategy", "random", nil, nil, "no such strategy"},
		{"rule name", Conditional, []Rule{{"a b", "always", "a/b", 0, 0}}, nil, "column 2"},
		{"no rule name", Conditional, []Rule{{"", "always", "a/b", 0, 0}}, nil, "1 to 64"},
		{"twice", Conditional, []Rule{ok, ok}, nil, "two rules"},
		{"condition", Conditional, []Rule{{"r", "tokens >", "a/b", 0, 0}}, nil, `rule "r"`},
		{"target", Conditional, []Rule{{"r", "always", "ab", 0, 0}}, nil, `no "/"`},
		{"alias name", Conditional, nil, map[string]string{"a b": "a/b"}, "model name"},
		{"alias target", Conditional, nil, map[string]string{"a": "a/"}, `alias "a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile(c.strategy, c.rules, c.aliases, "")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want …%s…", err, c.want)
			}
		})
	}
}

func TestParseTarget(t *testing.T) {
	for in, want := range map[string]string{
		"anthropic/claude-opus-4":        "anthropic claude-opus-4",
		"openrouter/meta-llama/llama:fr": "openrouter meta-llama/llama:fr",
		"m/claude-sonnet-4[1m]":          "m claude-sonnet-4[1m]",
	} {
		got, err := ParseTarget(in)
		if err != nil || got.Provider+" "+got.Model != want || got.String() != in {
			t.Errorf("%q: %q %q, %v", in, got.Provider, got.Model, err)
		}
	}
	for _, in := range []string{"", "claude", "/x", "x/", "a b/c", "a/b\n", `a/"b`, "a/é"} {
		if got, err := ParseTarget(in); err == nil {
			t.Errorf("%q: accepted as %v", in, got)
		}
	}
}

func TestStrategyNames(t *testing.T) {
	for in, want := range map[string]string{"Conditional": "Conditional", "SIMPLE": "Simple"} {
		s, err := ParseStrategy(in)
		if err != nil || s.Title() != want {
			t.Errorf("%q: %q, %v", in, s.Title(), err)
		}
	}
	if got := LowestCost.Title(); got != "LowestCost" {
		t.Errorf("title %q", got)
	}
}
