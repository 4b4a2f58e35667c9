package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/routes"
)

// FirstProvider is a provider that a first profile can have.
type FirstProvider struct {
	ID, Name  string
	KeyEnv    string // the variable of its key
	ShellOnly bool   // its key is in this shell only, and has to be stored for a service
	OwnLogin  bool   // the agent's own login, so that no key is needed
}

// InstalledAgents lists the agents that are there. None is an error that says
// how to install one.
func (a *App) InstalledAgents(ctx context.Context) ([]AgentInfo, error) {
	list, err := a.Agents(ctx)
	if err != nil {
		return nil, err
	}
	install := ""
	found := slices.DeleteFunc(slices.Clone(list), func(i AgentInfo) bool { return !i.Installed })
	for _, i := range list {
		if install == "" {
			install = i.Install
		}
	}
	if len(found) == 0 {
		return nil, fault.New(fault.Failed, "install one, for example: "+install+"; all of them: ringlet agents list", "no coding agent is installed")
	}
	return found, nil
}

// FirstProviders lists the providers that have a key, stored or in this shell:
// the one that the agent is made for first; the agent's own login last.
func (a *App) FirstProviders(agent string) ([]FirstProvider, error) {
	made, err := agents.ByName(agent)
	if err != nil {
		return nil, err
	}
	var out, own []FirstProvider
	for _, p := range a.Catalogue.List() {
		if p.AuthHeader == providers.Client {
			if made.OwnLogin() {
				own = append(own, FirstProvider{ID: p.ID, Name: p.Name, OwnLogin: true})
			}
			continue
		}
		if source := a.realKey(p); source != "" {
			out = append(out, FirstProvider{ID: p.ID, Name: p.Name, KeyEnv: p.AuthEnv, ShellOnly: source == shellOnly})
		}
	}
	slices.SortStableFunc(out, func(x, y FirstProvider) int {
		return cmp.Compare(rank(x.ID, made.Provider()), rank(y.ID, made.Provider()))
	})
	return append(out, own...), nil
}

func rank(id, first string) int {
	if id == first {
		return 0
	}
	return 1
}

// realKey is where a provider's key was found, "" for none: what a cloud's own
// tools would find is not known before it is asked.
func (a *App) realKey(p providers.Provider) string {
	if !p.TakesKey() {
		return ""
	}
	source, err := a.keySource(p, "")
	if err != nil || source == fromAWS || source == fromGoogle {
		return ""
	}
	return source
}

// FirstRules are the two rules of a first profile: everything to the best known
// model of its provider, and long prompts to another one that costs less or
// takes more. with names the providers whose keys may be used, which has the
// profile's own. Without a model that is known there is no rule, and without another one no second.
func (a *App) FirstRules(provider string, with []string) ([]routes.Rule, error) {
	p, err := a.Catalogue.Provider(provider)
	if err != nil {
		return nil, err
	}
	main, ok := best(p)
	if !ok {
		return nil, nil
	}
	target := func(p providers.Provider, m providers.Model) string {
		return routes.Target{Provider: p.ID, Model: m.ID}.String()
	}
	rules := []routes.Rule{{Name: "default", Condition: "always", Target: target(p, main), Weight: 1}}
	long := ""
	var chosen providers.Model
	try := func(p providers.Provider, m providers.Model) {
		cheaper := m.Priced && main.Priced && m.Input < main.Input
		if m.Context < longContext || m.ID == main.ID || !cheaper && m.Context <= main.Context {
			return
		}
		if long == "" || m.Priced && (!chosen.Priced || m.Input < chosen.Input) {
			long, chosen = target(p, m), m
		}
	}
	for _, id := range with {
		if other, err := a.Catalogue.Provider(id); err == nil && id != provider {
			if m, ok := best(other); ok {
				try(other, m)
			}
		}
	}
	if m, ok := p.Model(p.Small); ok && long == "" {
		try(p, m)
	}
	if long != "" {
		rules = append(rules, routes.Rule{Name: "long-context", Condition: "tokens > 100000", Target: long, Priority: 10, Weight: 1})
	}
	return rules, nil
}

// longContext is how many tokens a model has to take to be of use for prompts of more than 100000.
const longContext = 150_000

// best is the model that a provider is best known for, or the first of its own.
func best(p providers.Provider) (providers.Model, bool) {
	if m, ok := p.Model(p.Large); ok {
		return m, true
	}
	if len(p.Models) == 0 {
		return providers.Model{}, false
	}
	return p.Models[0], true
}

// FirstOptions describe a first profile.
type FirstOptions struct {
	Agent, Alias, Provider string
	Keys                   map[string]secrets.Secret // to be stored, by provider
	Rules                  []routes.Rule
}

// First is a first profile that was made.
type First struct {
	Created
	Stored map[string]LoginResult // the keys that were stored, by provider
}

// CheckFirst refuses what MakeFirst would, before anybody is asked for a key.
func (a *App) CheckFirst(o FirstOptions) error {
	_, _, err := a.newProfile(CreateOptions{Agent: o.Agent, Alias: o.Alias, Provider: o.Provider, Proxy: true, Rules: o.Rules})
	return err
}

// MakeFirst stores the keys and creates the profile with its proxy. An
// interrupt takes both back: nothing is left half made.
func (a *App) MakeFirst(ctx context.Context, o FirstOptions) (First, error) {
	out := First{Stored: map[string]LoginResult{}}
	create := CreateOptions{Agent: o.Agent, Alias: o.Alias, Provider: o.Provider, Proxy: true, Rules: o.Rules}
	if _, _, err := a.newProfile(create); err != nil {
		return out, err
	}
	undo := func(err error, created bool) error {
		if ctx.Err() == nil {
			return err
		}
		after := context.WithoutCancel(ctx)
		if alias, perr := profiles.ParseAlias(o.Alias); created && perr == nil {
			if _, perr := a.Profiles.Get(alias); perr == nil {
				_, perr = a.DeleteProfile(after, o.Alias, true)
				err = errors.Join(err, perr)
			}
		}
		for provider := range out.Stored {
			_, lerr := a.Logout(after, provider)
			err = errors.Join(err, lerr)
		}
		return err
	}
	for _, provider := range SortedKeys(o.Keys) {
		r, err := a.Login(ctx, provider, "", o.Keys[provider])
		if r.Path != "" {
			out.Stored[provider] = r
		}
		if err != nil {
			return out, undo(fmt.Errorf("store the key of %s: %w", provider, err), false)
		}
	}
	var err error
	out.Created, err = a.CreateProfile(ctx, create)
	if err == nil && out.Enabled == nil { // an interrupted search for the user manager looks as if there was none
		err = ctx.Err()
	}
	if err != nil {
		return out, undo(err, !errors.As(err, new(*profiles.ExistsError)))
	}
	return out, nil
}
