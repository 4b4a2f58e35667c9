package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/routes"
	"github.com/spf13/cobra"
)

func initCmd(e *env) *cobra.Command {
	var o app.FirstOptions
	var yes bool
	c := &cobra.Command{
		Use: "init", Short: "Set up a first profile: choose, create, start, and try it", Args: exactly(),
		Long: `Set up a first profile. ringlet looks for coding agents and for provider keys, in its
store and in this shell, asks which to use, creates the profile with a proxy and two
rules (everything to the provider's best known model, long prompts to one that costs
less or takes more), starts it, and sends one test request through it.

With --yes nothing is asked: what is not said by a flag is chosen as the questions
propose it, and the keys in this shell are stored.`,
		Example: "  ringlet init\n  ringlet init --yes --agent claude --provider anthropic --alias work",
		RunE: func(c *cobra.Command, _ []string) error {
			if !yes && e.terminal() == nil {
				return fault.New(fault.Usage, "say it all: ringlet init --yes --agent claude --provider anthropic --alias work", "ringlet init asks questions, and there is no terminal to ask on")
			}
			a, err := e.app()
			if err != nil {
				return err
			}
			return e.first(c.Context(), a, o, yes)
		},
	}
	c.Flags().StringVar(&o.Agent, "agent", "", "the agent (default: asked for, or the first that is installed)")
	c.Flags().StringVarP(&o.Provider, "provider", "p", "", "the provider (default: asked for, or the agent's own where it has a key)")
	c.Flags().StringVar(&o.Alias, "alias", "", "the profile's name (default: asked for, or work)")
	c.Flags().BoolVar(&yes, "yes", false, "ask nothing, and store keys that this shell has")
	_ = c.RegisterFlagCompletionFunc("agent", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return e.complete(agentNames)(c, nil, "")
	})
	_ = c.RegisterFlagCompletionFunc("provider", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return e.complete(providerNames)(c, nil, "")
	})
	_ = c.RegisterFlagCompletionFunc("alias", cobra.NoFileCompletions)
	return c
}

// first asks everything, then does everything.
func (e *env) first(ctx context.Context, a *app.App, o app.FirstOptions, yes bool) error {
	if err := e.firstAnswers(ctx, a, &o, yes); err != nil {
		return err
	}
	made, err := a.MakeFirst(ctx, o)
	if err != nil {
		if ctx.Err() != nil && !errors.Is(err, context.Canceled) {
			return ctx.Err()
		}
		return err
	}
	for _, provider := range app.SortedKeys(made.Stored) {
		e.storedKey(provider, made.Stored[provider])
	}
	e.created(made.Created)
	for _, r := range o.Rules {
		e.note("Rule [%s] %s -> %s", r.Name, r.Condition, r.Target)
	}
	if len(o.Rules) == 0 {
		e.note("No rule: no model of %s is known, so every request goes there as it is.", o.Provider)
	}
	test, err := a.TestProxy(ctx, o.Alias)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && test.URL == "":
		e.note("note: no test request was sent: %v", err)
	case err != nil:
		e.note("warning: the profile is made, but its test request failed: %v", err)
		if hint := fault.Hint(err); hint != "" {
			e.note("hint: %s", hint)
		}
	default:
		e.note("A test request through the proxy was answered in %d ms (%d tokens in, %d out).", test.Milliseconds, test.InputTokens, test.OutputTokens)
	}
	e.note("Next: ringlet profiles run %s", o.Alias)
	e.note("Its routes: ringlet proxy config %s; as a command: ringlet aliases install %s", o.Alias, o.Alias)
	return e.done("profile", o.Alias)
}

// firstAnswers fills in what no flag said.
func (e *env) firstAnswers(ctx context.Context, a *app.App, o *app.FirstOptions, yes bool) error {
	installed, err := a.InstalledAgents(ctx)
	if err != nil {
		return err
	}
	if o.Agent == "" {
		var list []choice
		for _, i := range installed {
			list = append(list, choice{i.Agent, strings.TrimSpace(i.Title + " " + i.Version)})
		}
		if o.Agent, err = e.choiceOr(ctx, "The agent", list, yes); err != nil {
			return err
		}
	}
	found, err := a.FirstProviders(o.Agent)
	if err != nil {
		return err
	}
	if o.Provider == "" {
		if o.Provider, err = e.firstProvider(ctx, o.Agent, found, yes); err != nil {
			return err
		}
	}
	if o.Alias == "" {
		if o.Alias = "work"; !yes {
			if o.Alias, err = e.line(ctx, "The profile's name", "work"); err != nil {
				return err
			}
		}
	}
	if err := a.CheckFirst(*o); err != nil { // before anybody types a key in vain
		return err
	}
	o.Keys = map[string]secrets.Secret{}
	with, err := e.firstKeys(ctx, a, o, found, yes)
	if err != nil {
		return err
	}
	o.Rules, err = a.FirstRules(o.Provider, with)
	if err != nil {
		return err
	}
	// A key that no rule needs is not stored.
	maps.DeleteFunc(o.Keys, func(provider string, _ secrets.Secret) bool {
		return provider != o.Provider && !slices.ContainsFunc(o.Rules, func(r routes.Rule) bool { return strings.HasPrefix(r.Target, provider+"/") })
	})
	return nil
}

func (e *env) choiceOr(ctx context.Context, question string, list []choice, yes bool) (string, error) {
	if yes {
		return list[0].id, nil
	}
	return e.choose(ctx, question, list)
}

// firstProvider asks for the provider: of those with a key, or else the one that the agent is made for.
func (e *env) firstProvider(ctx context.Context, agent string, found []app.FirstProvider, yes bool) (string, error) {
	var list []choice
	keyed := false
	for _, p := range found {
		title := p.Name + ", whose key is stored"
		if p.ShellOnly {
			title = p.Name + ", whose key is in " + p.KeyEnv
		}
		if p.OwnLogin {
			title = p.Name + ", without a key of yours"
		} else {
			keyed = true
		}
		list = append(list, choice{p.ID, title})
	}
	own := app.DefaultProvider(agent)
	if !keyed {
		if yes {
			return "", fault.New(fault.Failed, "store one: ringlet providers login "+own+"; or choose the agent's own login: --provider self", "no provider has a key, neither stored nor in this shell")
		}
		list = slices.Insert(list, 0, choice{own, own + ", whose key you type"})
	}
	return e.choiceOr(ctx, "The provider", list, yes)
}

// firstKeys settles the key of the provider, and offers those of others for the
// second rule. It returns the providers whose keys may be used.
func (e *env) firstKeys(ctx context.Context, a *app.App, o *app.FirstOptions, found []app.FirstProvider, yes bool) (with []string, err error) {
	at := slices.IndexFunc(found, func(p app.FirstProvider) bool { return p.ID == o.Provider })
	if at < 0 {
		info, err := a.Provider(o.Provider)
		if err != nil {
			return nil, err
		}
		if info.KeyEnv != "" && info.KeySource == "" {
			if yes {
				return nil, fault.New(fault.Failed, "store it: ringlet providers login "+o.Provider, "%s has no key, neither stored nor in %s", info.Name, info.KeyEnv)
			}
			key, err := e.readKey(ctx, info.Name)
			if err != nil {
				return nil, err
			}
			if key.Empty() {
				return nil, fault.New(fault.Failed, "store it, then repeat: ringlet providers login "+o.Provider, "%s needs a key", info.Name)
			}
			o.Keys[o.Provider] = key
		}
	}
	with = []string{o.Provider}
	if at >= 0 && found[at].ShellOnly {
		p := found[at]
		ok := yes
		if !yes {
			if ok, err = e.agreed(ctx, fmt.Sprintf("%s is set in this shell, where a service does not see it. Store it for %s", p.KeyEnv, p.Name)); err != nil {
				return nil, err
			}
		}
		if !ok {
			return nil, fault.New(fault.Failed, "store it, then repeat: ringlet providers login "+p.ID, "%s needs a key that its proxy can see", p.Name)
		}
		o.Keys[p.ID] = secrets.NewSecret(os.Getenv(p.KeyEnv))
	}
	for _, p := range found {
		if p.ID == o.Provider || p.OwnLogin {
			continue
		}
		if p.ShellOnly {
			rules, err := a.FirstRules(o.Provider, append(slices.Clone(with), p.ID))
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(rules, func(r routes.Rule) bool { return strings.HasPrefix(r.Target, p.ID+"/") }) {
				continue // it would not be used
			}
			ok := yes
			if !yes {
				if ok, err = e.agreed(ctx, fmt.Sprintf("%s is set too. Store it, and send long prompts to %s", p.KeyEnv, p.Name)); err != nil {
					return nil, err
				}
			}
			if !ok {
				continue
			}
			o.Keys[p.ID] = secrets.NewSecret(os.Getenv(p.KeyEnv))
		}
		with = append(with, p.ID)
	}
	return with, nil
}
