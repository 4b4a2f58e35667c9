package routes

import (
	"cmp"
	"fmt"
	"slices"
)

// Rule sends requests whose Condition holds to Target. Rules with a higher
// Priority come first; at the same priority the older one does.
type Rule struct {
	Name      string `json:"name"`
	Condition string `json:"condition"`
	Target    string `json:"target"`
	Priority  int    `json:"priority"`
}

// Kind says where a candidate target comes from.
type Kind string

// The origins of a candidate.
const (
	FromRule     Kind = "rule"
	FromAlias    Kind = "alias"
	FromProvider Kind = "provider" // the profile's own provider, under the requested model's name
)

// Candidate is a target that may answer a request. Rule is the rule's name for
// FromRule, the requested model for FromAlias, the provider for FromProvider.
type Candidate struct {
	Target Target
	Kind   Kind
	Rule   string
}

// Decision is where a request goes: to Candidates in order, each the fallback
// of the one before. It is empty when no rule matches and the profile has no
// provider of its own.
type Decision struct {
	Candidates []Candidate
}

type compiledRule struct {
	Rule
	cond   Condition
	target Target
}

// Table is a compiled set of rules and aliases; safe for concurrent use.
type Table struct {
	strategy Strategy
	rules    []compiledRule // in the order of precedence; aliasAt splits them
	aliasAt  int            // aliases come before rules[aliasAt]
	aliases  map[string]Target
	provider string
}

// Compile checks everything and builds the table. rules are in order of age,
// oldest first. provider is the profile's own provider, or "" for none.
func Compile(strategy Strategy, rules []Rule, aliases map[string]string, provider string) (*Table, error) {
	if _, err := ParseStrategy(string(strategy)); err != nil {
		return nil, err
	}
	t := &Table{strategy: strategy, aliases: make(map[string]Target, len(aliases)), provider: provider}
	seen := map[string]bool{}
	for _, r := range rules {
		if err := CheckRuleName(r.Name); err != nil {
			return nil, err
		}
		if seen[r.Name] {
			return nil, &SyntaxError{What: "rule name", Input: r.Name, Problem: "there are two rules of that name", Remedy: "give each rule its own name"}
		}
		seen[r.Name] = true
		cond, err := ParseCondition(r.Condition)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.Name, err)
		}
		target, err := ParseTarget(r.Target)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.Name, err)
		}
		t.rules = append(t.rules, compiledRule{r, cond, target})
	}
	for from, to := range aliases {
		if err := CheckModelName(from); err != nil {
			return nil, err
		}
		target, err := ParseTarget(to)
		if err != nil {
			return nil, fmt.Errorf("alias %q: %w", from, err)
		}
		t.aliases[from] = target
	}
	slices.SortStableFunc(t.rules, func(a, b compiledRule) int {
		if c := cmp.Compare(b.Priority, a.Priority); c != 0 {
			return c
		}
		return cmp.Compare(class(a.cond), class(b.cond))
	})
	// An alias has priority 0 and stands between conditional and always rules of that priority.
	t.aliasAt = slices.IndexFunc(t.rules, func(r compiledRule) bool {
		return r.Priority < 0 || r.Priority == 0 && r.cond.IsAlways()
	})
	if t.aliasAt < 0 {
		t.aliasAt = len(t.rules)
	}
	return t, nil
}

func class(c Condition) int {
	if c.IsAlways() {
		return 1
	}
	return 0
}

// Rules lists the rules in the order in which they are tried.
func (t *Table) Rules() []Rule {
	out := make([]Rule, len(t.rules))
	for i, r := range t.rules {
		out[i] = r.Rule
	}
	return out
}

// Strategy is the table's strategy.
func (t *Table) Strategy() Strategy { return t.strategy }

// Decide orders the targets for a request: matching rules by priority, at equal
// priority those with a condition, then the alias of the requested model (it
// has priority 0), then always rules, then age; last the profile's own provider
// under the requested model's name. A target that occurs twice is tried once.
// A condition that cannot be evaluated counts as not matching; the error is
// returned beside a usable decision.
func (t *Table) Decide(r Request) (Decision, error) {
	var d Decision
	var failed error
	add := func(c Candidate) {
		if t.strategy == Simple && len(d.Candidates) > 0 {
			return
		}
		for _, have := range d.Candidates {
			if have.Target == c.Target {
				return
			}
		}
		d.Candidates = append(d.Candidates, c)
	}
	alias := func() {
		if target, ok := t.aliases[r.Model]; ok {
			add(Candidate{target, FromAlias, r.Model})
		}
	}
	for i := range t.rules {
		if i == t.aliasAt {
			alias()
		}
		rule := &t.rules[i]
		ok, err := rule.cond.Match(r)
		if err != nil {
			failed = fmt.Errorf("rule %q: %w", rule.Name, err)
			continue
		}
		if ok {
			add(Candidate{rule.target, FromRule, rule.Name})
		}
	}
	if t.aliasAt == len(t.rules) {
		alias()
	}
	if t.provider != "" && r.Model != "" {
		add(Candidate{Target{t.provider, r.Model}, FromProvider, t.provider})
	}
	return d, failed
}
