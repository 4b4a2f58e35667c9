package routes

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// Rule sends requests whose Condition holds to Target. Rules with a higher
// Priority come first; at the same priority the older one does.
type Rule struct {
	Name      string `json:"name"`
	Condition string `json:"condition"`
	Target    string `json:"target"`
	Priority  int    `json:"priority"`
	// Weight is the rule's share under the strategy weighted, 1 to [MaxWeight]; 0
	// was not given, which is 1.
	Weight int `json:"weight"`
}

// MaxWeight is the largest weight of a rule.
const MaxWeight = 1_000_000

// Share is the weight that counts: 1 where none was given.
func (r Rule) Share() int { return max(1, r.Weight) }

// CheckWeight refuses a weight that is no share.
func CheckWeight(weight int) error {
	if weight < 0 || weight > MaxWeight {
		return &SyntaxError{What: "weight", Input: strconv.Itoa(weight), Problem: fmt.Sprintf("it must be 1 to %d", MaxWeight),
			Remedy: "weights are shares: with --weight 3 a rule gets three times the conversations of one with 1"}
	}
	return nil
}

// Kind says where a candidate target comes from.
type Kind string

// The origins of a candidate.
const (
	FromRule     Kind = "rule"
	FromAlias    Kind = "alias"
	FromProvider Kind = "provider" // the profile's own provider, under the requested model's name
)

type compiledRule struct {
	Rule
	cond   Condition
	target Target
	id     int // of the target: the same for all rules and aliases that name it
}

// Table is a compiled set of rules and aliases; safe for concurrent use.
type Table struct {
	strategy Strategy
	rules    []compiledRule // in the order of precedence; aliasAt splits them
	aliasAt  int            // aliases come before rules[aliasAt]
	aliases  map[string]Target
	ids      map[Target]int // numbers the targets, so that each is tried once at a cost linear in the rules
	provider string
	// leastSize is the smallest prompt whose size can make a difference, in tokens.
	leastSize int
}

// Compile checks everything and builds the table. rules are in order of age,
// oldest first. provider is the profile's own provider, or "" for none.
func Compile(strategy Strategy, rules []Rule, aliases map[string]string, provider string) (*Table, error) {
	if _, err := ParseStrategy(string(strategy)); err != nil {
		return nil, err
	}
	t := &Table{strategy: strategy, aliases: make(map[string]Target, len(aliases)), ids: map[Target]int{}, provider: provider}
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
		if err := CheckWeight(r.Weight); err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.Name, err)
		}
		t.rules = append(t.rules, compiledRule{r, cond, target, t.number(target)})
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
		t.number(target)
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
	t.leastSize = leastSize(t.rules)
	return t, nil
}

// number gives each target an id, from 0.
func (t *Table) number(target Target) int {
	id, ok := t.ids[target]
	if !ok {
		id = len(t.ids)
		t.ids[target] = id
	}
	return id
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
