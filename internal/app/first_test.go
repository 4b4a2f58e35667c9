package app

import (
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/profiles"
)

// The two rules of a first profile, with the catalogue that the program brings:
// the second goes to whom a key is there for, costs less or takes more.
func TestFirstRules(t *testing.T) {
	catalogue, err := providers.Load(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := &App{Catalogue: catalogue}
	known := func(target string) (providers.Provider, providers.Model) {
		for _, p := range catalogue.List() {
			for _, m := range p.Models {
				if p.ID+"/"+m.ID == target {
					return p, m
				}
			}
		}
		t.Fatalf("no model %s is known", target)
		return providers.Provider{}, providers.Model{}
	}
	for _, tt := range []struct {
		provider string
		with     []string
		second   string // the provider of the second rule
	}{
		{"anthropic", []string{"anthropic", "minimax"}, "minimax"},
		{"anthropic", []string{"anthropic"}, "anthropic"},
		{"openai", []string{"openai", "minimax"}, "minimax"},
	} {
		rules, err := a.FirstRules(tt.provider, tt.with)
		if err != nil || len(rules) == 0 || rules[0].Name != "default" || rules[0].Condition != "always" {
			t.Errorf("%s: %+v, %v", tt.provider, rules, err)
			continue
		}
		p, main := known(rules[0].Target)
		if p.ID != tt.provider || main.ID != p.Large {
			t.Errorf("%s: everything goes to %s", tt.provider, rules[0].Target)
		}
		if len(rules) != 2 {
			t.Errorf("%s with %v: %d rules", tt.provider, tt.with, len(rules))
			continue
		}
		other, long := known(rules[1].Target)
		if other.ID != tt.second || long.Context < longContext || long.Input >= main.Input && long.Context <= main.Context || rules[1].Priority <= rules[0].Priority {
			t.Errorf("%s with %v: long prompts go to %+v", tt.provider, tt.with, rules[1])
		}
	}
	if _, err := a.FirstRules("nobody", nil); err == nil {
		t.Error("an unknown provider has rules")
	}
}

// Every status that comes through a proxy has a sentence and what to do, and
// nothing of the upstream's can act on a terminal.
func TestExplainProxy(t *testing.T) {
	for _, status := range []int{400, 401, 402, 403, 404, 413, 429, 500, 503, 529} {
		err := explainProxy(profiles.Profile{Alias: "work", Provider: "p"}, ProxyTest{Status: status, Model: "m"}, []byte(`{"error":{"message":"words\u001b[31m\nof theirs"}}`))
		text, hint := err.Error(), fault.Hint(err)
		if !strings.Contains(text, "(HTTP ") || strings.ContainsAny(text, "\x1b\n") || !strings.Contains(text, "of theirs") ||
			!strings.Contains(hint, "ringlet ") && !strings.Contains(hint, "console") {
			t.Errorf("%d: %q, hint %q", status, text, hint)
		}
	}
}
