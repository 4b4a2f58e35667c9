package routes

import "fmt"

// Candidate is a target that may answer a request. Rule is the rule's name for
// FromRule, the requested model for FromAlias, the provider for FromProvider.
type Candidate struct {
	Target Target
	Kind   Kind
	Rule   string
	Weight int      // the rule's share; 0 where no rule stands behind it
	Cost   Estimate // what the request would cost there; only known under the strategies that ask
	Seen   Seen     // what Inputs said of it
	Basis  Basis    // why it stands where it stands; Why has it in words
	score  float64  // what the strategy sorts by, least first
	of     int      // all the weights that it was drawn among
	timed  bool     // Seen's times led to its place
	id     int      // the target's number in the table; -1 where it has none
}

// Decision is where a request goes: to Candidates in order, each the fallback
// of the one before. It is empty when no rule matches and the profile has no
// provider of its own.
type Decision struct {
	Candidates []Candidate
	// Home is the target that the strategy means, be it down or not: a
	// conversation whose target is down comes back to it. Zero without candidates.
	Home Target
	// Sticky reports whether the strategy keeps conversations on their target.
	Sticky bool
}

// Decide orders the targets for a request. The order of precedence is: matching
// rules by priority, at equal priority those with a condition, then the alias of
// the requested model (it has priority 0), then always rules, then age; last the
// profile's own provider under the requested model's name. The strategies
// weighted, lowest-cost and adaptive choose among all matching rules, unless none
// but always match and the requested model has an alias, which is first then;
// the rest follows in order of precedence. Targets that are down come after those
// that are not. A target that occurs twice is tried once. A condition that cannot
// be evaluated counts as not matching; the error is returned beside a usable
// decision.
func (t *Table) Decide(r Request, in Inputs) (Decision, error) {
	found, byCondition, err := t.matching(r)
	d := Decision{}
	switch t.strategy {
	case Simple:
		found = found[:min(1, len(found))]
	case Weighted, LowestCost, Adaptive:
		d.Sticky = t.arrange(found, byCondition, r, in)
	}
	d.Candidates = t.once(found)
	if len(d.Candidates) == 0 {
		return d, err
	}
	d.Home = d.Candidates[0].Target
	if in.Seen != nil {
		for i := range d.Candidates {
			d.Candidates[i].Seen = in.Seen(d.Candidates[i].Target)
		}
		d.Candidates = downLast(d.Candidates)
	}
	return d, err
}

// matching lists what takes the request, in order of precedence. byCondition
// says that a rule with a condition of its own is among it.
func (t *Table) matching(r Request) (found []Candidate, byCondition bool, failed error) {
	found = make([]Candidate, 0, min(8, len(t.rules)+2))
	over := newMatcher(r)
	alias := func() {
		if target, ok := t.aliases[r.Model]; ok {
			found = append(found, Candidate{Target: target, Kind: FromAlias, Rule: r.Model, Basis: ByAlias, id: t.ids[target]})
		}
	}
	for i := range t.rules {
		if i == t.aliasAt {
			alias()
		}
		rule := &t.rules[i]
		ok, err := rule.cond.match(over)
		if err != nil {
			failed = fmt.Errorf("rule %q: %w", rule.Name, err)
			continue
		}
		if ok {
			found = append(found, Candidate{Target: rule.target, Kind: FromRule, Rule: rule.Name, Weight: rule.Share(), Basis: ByOrder, id: rule.id})
			byCondition = byCondition || !rule.cond.IsAlways()
		}
		if t.strategy == Simple && len(found) > 0 {
			return found, byCondition, failed // nothing else is asked
		}
	}
	if t.aliasAt == len(t.rules) {
		alias()
	}
	if t.provider != "" && r.Model != "" {
		own := Target{t.provider, r.Model}
		id, ok := t.ids[own]
		if !ok {
			id = -1 // nothing before it can be the same
		}
		found = append(found, Candidate{Target: own, Kind: FromProvider, Rule: t.provider, Basis: ByProvider, id: id})
	}
	return found, byCondition, failed
}

// once drops what repeats an earlier target, in place.
func (t *Table) once(found []Candidate) []Candidate {
	if len(found) < 2 {
		return found
	}
	seen := make([]bool, len(t.ids))
	out := found[:0]
	for _, c := range found {
		if c.id >= 0 {
			if seen[c.id] {
				continue
			}
			seen[c.id] = true
		}
		out = append(out, c)
	}
	return out
}

// downLast moves targets that are down behind the others.
func downLast(all []Candidate) []Candidate {
	up := make([]Candidate, 0, len(all))
	var down []Candidate
	for _, c := range all {
		if c.Seen.Down == "" {
			up = append(up, c)
		} else {
			down = append(down, c)
		}
	}
	return append(up, down...)
}

// Result is what a rule says to a request.
type Result struct {
	Rule
	Matches bool
	Err     error // the condition could not be evaluated, and counts as not matching
}

// Results are all rules in order, each with what it says to the request.
func (t *Table) Results(r Request) []Result {
	out := make([]Result, len(t.rules))
	for i := range t.rules {
		ok, err := t.rules[i].cond.Match(r)
		out[i] = Result{t.rules[i].Rule, ok, err}
	}
	return out
}
