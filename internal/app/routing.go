package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/routes"
)

// Routed is what a change of the rules led to.
type Routed struct {
	Warnings      []string
	Place, Of     int // the rule's place in the order, from 1; AddRoute only
	StrategyTitle string
	Applied       Applied
}

// RouteInfo is one rule as it is listed, in the order in which rules are tried.
type RouteInfo struct {
	Name      string `json:"name"`
	Condition string `json:"condition"`
	Target    string `json:"target"`
	Priority  int    `json:"priority"`
	Weight    int    `json:"weight"`     // the share under the strategy weighted
	Resolved  string `json:"model_sent"` // what the provider calls the model
}

// AliasInfo is one model alias as it is listed.
type AliasInfo struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Resolved string `json:"model_sent"`
}

// AddRoute adds a rule and lets a running engine take it up.
func (a *App) AddRoute(ctx context.Context, alias string, rule routes.Rule) (Routed, error) {
	var table *routes.Table
	var agent, keyless string
	r, err := a.edit(ctx, alias, func(p *profiles.Profile) (err error) {
		if err := p.AddRule(rule); err != nil {
			return err
		}
		agent, keyless = p.Agent, a.keylessTarget(*p, rule.Target)
		table, err = p.Table()
		return err
	})
	if err != nil {
		return r, err
	}
	if keyless != "" {
		r.Warnings = append(r.Warnings, keyless)
	}
	rules := table.Rules()
	r.Of = len(rules)
	r.Place = 1 + slices.IndexFunc(rules, func(x routes.Rule) bool { return x.Name == rule.Name })
	if w := alwaysTrue(agent, rule.Condition); w != "" {
		r.Warnings = append(r.Warnings, w)
	}
	return r, nil
}

// keylessTarget warns of a target whose provider has no key, or is "".
func (a *App) keylessTarget(p profiles.Profile, target string) string {
	t, err := routes.ParseTarget(target)
	if err != nil {
		return "" // refused elsewhere
	}
	for _, u := range a.uses(p) {
		if u.provider.ID == t.Provider {
			return a.missingKey(u, seesFiles)
		}
	}
	return ""
}

// alwaysTrue says so when a condition holds for all that an agent usually
// sends: such a rule leaves nothing to those after it.
func alwaysTrue(agent, condition string) string {
	cond, err := routes.ParseCondition(condition)
	if err != nil || cond.IsAlways() {
		return ""
	}
	ag, err := agents.ByName(agent)
	if err != nil {
		return ""
	}
	for _, req := range ag.Typical() {
		if ok, err := cond.Match(req); err != nil || !ok {
			return ""
		}
	}
	return fmt.Sprintf("%q holds for every request that %s usually sends, so this rule takes them all from the rules after it", condition, ag.Title())
}

// RemoveRoute removes a rule.
func (a *App) RemoveRoute(ctx context.Context, alias, name string) (Routed, error) {
	return a.edit(ctx, alias, func(p *profiles.Profile) error {
		_, err := p.RemoveRule(name)
		return err
	})
}

// SetAlias sends requests for the model from to the target to.
func (a *App) SetAlias(ctx context.Context, alias, from, to string) (Routed, error) {
	var keyless string
	r, err := a.edit(ctx, alias, func(p *profiles.Profile) error {
		p.SetAlias(from, to)
		keyless = a.keylessTarget(*p, to)
		return nil
	})
	if err == nil && keyless != "" {
		r.Warnings = append(r.Warnings, keyless)
	}
	return r, err
}

// RemoveAlias removes a model alias.
func (a *App) RemoveAlias(ctx context.Context, alias, from string) (Routed, error) {
	return a.edit(ctx, alias, func(p *profiles.Profile) error {
		_, err := p.RemoveAlias(from)
		return err
	})
}

// SetStrategy chooses a strategy by its name.
func (a *App) SetStrategy(ctx context.Context, alias, name string) (Routed, error) {
	strategy, err := routes.ParseStrategy(name)
	if err != nil {
		return Routed{}, err
	}
	r, err := a.edit(ctx, alias, func(p *profiles.Profile) error {
		p.Proxy.Strategy = strategy
		return nil
	})
	r.StrategyTitle = strategy.Title()
	return r, err
}

// edit changes a profile, and lets a running engine take the change up.
func (a *App) edit(ctx context.Context, alias string, change func(*profiles.Profile) error) (Routed, error) {
	// Before the lock, whose file a profile that is not there must not leave behind.
	p, err := a.profile(alias)
	if err != nil {
		return Routed{}, err
	}
	hadLogin := a.ownLogin(p)
	p, c, err := a.Profiles.Update(ctx, p.Alias, func(p *profiles.Profile) error {
		if err := change(p); err != nil {
			return err
		}
		return a.checkLogin(*p)
	})
	if err != nil {
		return Routed{}, err
	}
	r := Routed{Warnings: warnings(c.Warnings)}
	if !c.Profile && !c.Config {
		r.Applied = Unchanged
	}
	// Also when nothing changed: an earlier command may have been interrupted before the reload.
	applied, err := a.apply(ctx, p, c)
	if err != nil {
		return r, err
	}
	if r.Applied == Nothing || applied == Live {
		r.Applied = applied
	}
	if p.Proxy.Enabled && a.ownLogin(p) != hadLogin {
		if err := a.repoint(ctx, p); err != nil {
			return r, err
		}
	}
	return r, nil
}

func warnings(list []profiles.Warning) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = w.String()
	}
	return out
}

// Routes lists the rules of a profile in the order in which they are tried.
func (a *App) Routes(_ context.Context, alias string) ([]RouteInfo, error) {
	p, err := a.profile(alias)
	if err != nil {
		return nil, err
	}
	return a.routes(p)
}

func (a *App) routes(p profiles.Profile) ([]RouteInfo, error) {
	table, err := p.Table()
	if err != nil {
		return nil, err
	}
	out := []RouteInfo{}
	for _, r := range table.Rules() {
		out = append(out, a.routeInfo(r))
	}
	return out, nil
}

func (a *App) routeInfo(r routes.Rule) RouteInfo {
	return RouteInfo{r.Name, r.Condition, r.Target, r.Priority, r.Share(), a.resolved(r.Target)}
}

// resolved is what the provider will be asked for, or "" where it cannot be told.
func (a *App) resolved(target string) string {
	t, err := routes.ParseTarget(target)
	if err != nil {
		return ""
	}
	id, _, _, err := a.Catalogue.ResolveModel(t.Provider, t.Model)
	if err != nil {
		return ""
	}
	return id
}

// Aliases lists the model aliases of a profile by name.
func (a *App) Aliases(_ context.Context, alias string) ([]AliasInfo, error) {
	p, err := a.profile(alias)
	if err != nil {
		return nil, err
	}
	return a.aliases(p), nil
}

func (a *App) aliases(p profiles.Profile) []AliasInfo {
	out := []AliasInfo{}
	for _, from := range SortedKeys(p.Proxy.Aliases) {
		to := p.Proxy.Aliases[from]
		out = append(out, AliasInfo{from, to, a.resolved(to)})
	}
	return out
}

// profile reads one profile by what the user typed.
func (a *App) profile(alias string) (profiles.Profile, error) {
	name, err := profiles.ParseAlias(alias)
	if err != nil {
		return profiles.Profile{}, err
	}
	return a.Profiles.Get(name)
}
