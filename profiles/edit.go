package profiles

import (
	"fmt"
	"slices"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/nearest"
	"github.com/ringlet/ringlet/routes"
)

// AddRule appends a rule, the youngest. A name that is taken is refused.
func (p *Profile) AddRule(r routes.Rule) error {
	for _, have := range p.Proxy.Rules {
		if have.Name == r.Name {
			return fault.New(fault.Usage,
				fmt.Sprintf("choose another name, or remove it first: ringlet proxy route remove %s %s", p.Alias, r.Name),
				"the profile %q already has a rule %q (%s -> %s)", p.Alias, r.Name, have.Condition, have.Target)
		}
	}
	p.Proxy.Rules = append(p.Proxy.Rules, r)
	return nil
}

// RemoveRule takes a rule away and returns it; no such rule leads to exit code 3.
func (p *Profile) RemoveRule(name string) (routes.Rule, error) {
	i := slices.IndexFunc(p.Proxy.Rules, func(r routes.Rule) bool { return r.Name == name })
	if i < 0 {
		var have []string
		for _, r := range p.Proxy.Rules {
			have = append(have, r.Name)
		}
		return routes.Rule{}, &NotFoundError{What: "rule", Name: name, In: string(p.Alias),
			Nearest: nearest.Names(name, have, 3), List: "ringlet proxy route list " + string(p.Alias)}
	}
	r := p.Proxy.Rules[i]
	p.Proxy.Rules = slices.Delete(p.Proxy.Rules, i, i+1)
	return r, nil
}

// SetAlias sends requests for the model from to the target to.
func (p *Profile) SetAlias(from, to string) {
	if p.Proxy.Aliases == nil {
		p.Proxy.Aliases = map[string]string{}
	}
	p.Proxy.Aliases[from] = to
}

// RemoveAlias takes an alias away and returns its target; no such alias leads
// to exit code 3.
func (p *Profile) RemoveAlias(from string) (target string, err error) {
	target, ok := p.Proxy.Aliases[from]
	if !ok {
		var have []string
		for name := range p.Proxy.Aliases {
			have = append(have, name)
		}
		return "", &NotFoundError{What: "alias", Name: from, In: string(p.Alias),
			Nearest: nearest.Names(from, have, 3), List: "ringlet proxy alias list " + string(p.Alias)}
	}
	delete(p.Proxy.Aliases, from)
	return target, nil
}
