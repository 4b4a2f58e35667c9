package cli

import (
	"context"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/spf13/cobra"
)

func profilesCmd(e *env) *cobra.Command {
	return group("profiles", "Create, list, run and delete profiles",
		profilesCreateCmd(e), profilesListCmd(e), profilesInspectCmd(e), profilesRunCmd(e), profilesEnvCmd(e), profilesImportCmd(e), profilesDeleteCmd(e))
}

func profilesCreateCmd(e *env) *cobra.Command {
	var o app.CreateOptions
	var dryRun bool
	c := &cobra.Command{
		Use:   "create <agent> <alias>",
		Short: "Create a profile of an agent",
		Long: `Create a profile of an agent (claude, codex, opencode, droid, grok). With --proxy the profile gets its own
proxy, which is enabled and started at once: systemd runs it as
ringlet-proxy@<alias>.service, launchd as dev.ringlet.proxy.<alias>.`,
		Example:           `  ringlet profiles create claude work --proxy -p anthropic`,
		Args:              exactly("agent", "alias"),
		ValidArgsFunction: e.complete(agentNames, nothing),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			o.Agent, o.Alias = args[0], args[1]
			if !c.Flags().Changed("provider") {
				o.Provider = app.DefaultProvider(o.Agent)
			}
			if dryRun {
				plan, err := a.PlanProfile(c.Context(), o)
				if err != nil {
					return err
				}
				return e.plan(plan)
			}
			if e.terminal() != nil {
				o.AskKey = e.askKey
			}
			made, err := a.CreateProfile(c.Context(), o)
			if err != nil {
				return err
			}
			if made.StoredKey.Path != "" {
				e.storedKey(o.Provider, made.StoredKey)
			}
			e.created(made)
			e.note("Next: ringlet profiles run %s", made.Alias)
			return e.done("profile", made.Alias)
		},
	}
	c.Flags().BoolVar(&o.Proxy, "proxy", false, "give the profile its own proxy, enable and start it")
	c.Flags().StringVarP(&o.Provider, "provider", "p", "", "the provider that answers what no rule takes (default: the one that the agent is made for, such as anthropic)")
	c.Flags().StringVar(&o.Endpoint, "endpoint", "", "the provider's endpoint, for example china for minimax (see: ringlet providers inspect)")
	c.Flags().StringVar(&o.Model, "model", "", "the model that the agent asks for (default: the agent's own choice)")
	c.Flags().BoolVar(&o.IsolateHome, "isolate-home", false, "give the agent the profile's home as HOME, so that git, ssh and shells in it have settings of their own as well")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be written where, and write nothing")
	_ = c.RegisterFlagCompletionFunc("model", func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		provider := o.Provider
		if provider == "" && len(args) > 0 {
			provider = app.DefaultProvider(args[0])
		}
		return e.complete(func(ctx context.Context, a *app.App, _ []string) []string {
			return modelsOf(ctx, a, []string{provider})
		})(c, nil, "")
	})
	_ = c.RegisterFlagCompletionFunc("provider", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return e.complete(providerNames)(c, nil, "")
	})
	return c
}

func profilesListCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the profiles", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			// A profile that cannot be read is reported, and the others are still listed.
			list, broken := a.ListProfiles(c.Context())
			if list == nil && broken != nil {
				return broken
			}
			if e.json {
				if err := e.printJSON(list); err != nil {
					return err
				}
				return broken
			}
			if len(list) == 0 && broken == nil {
				e.note("There is no profile yet; create one with: ringlet profiles create claude work --proxy -p anthropic")
				return nil
			}
			var rows [][]string
			for _, p := range list {
				proxy := "no"
				if p.Proxy {
					proxy = "yes"
				}
				used := "never"
				if p.LastUsed != nil {
					used = p.LastUsed.Local().Format("2006-01-02 15:04")
				}
				rows = append(rows, []string{p.Alias, p.Agent, p.Provider, p.Endpoint, proxy, used})
			}
			if err := e.table([]string{"Profile", "Agent", "Provider", "Endpoint", "Proxy", "Last used"}, rows); err != nil {
				return err
			}
			return broken
		},
	}
}

func profilesInspectCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "inspect <alias>", Short: "Show a profile, its files and its agent", Args: exactly("alias"),
		ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			p, err := a.InspectProfile(c.Context(), args[0])
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(p)
			}
			lines := [][2]string{
				{"Profile", p.Alias}, {"Agent", p.AgentTitle}, {"Agent binary", orText(p.AgentPath, "not found in PATH")},
				{"Provider", p.Provider + " (endpoint " + p.Endpoint + ")"}, {"Home", p.Home}, {"Agent settings", orText(p.Settings, "untouched; the agent is told everything when it starts")},
				{"Created", p.CreatedAt.Local().Format("2006-01-02 15:04")},
			}
			if p.Proxy {
				lines = append(lines, [2]string{"Proxy", p.BaseURL}, [2]string{"Unit", p.Unit}, [2]string{"Proxy configuration", p.ProxyConfig},
					[2]string{"Proxy log", p.ProxyLog}, [2]string{"Points at the proxy", yesNo(p.Pointed)})
			} else {
				lines = append(lines, [2]string{"Proxy", "none; give it one with: ringlet proxy enable " + p.Alias})
			}
			if p.Model != "" {
				lines = append(lines, [2]string{"Model", p.Model})
			}
			if p.Isolated {
				lines = append(lines, [2]string{"HOME of the agent", "the profile's home"})
			}
			return e.lines(lines)
		},
	}
}

func profilesRunCmd(e *env) *cobra.Command {
	var direct bool
	c := &cobra.Command{
		Use:   "run <alias> [-- agent arguments]",
		Short: "Run the profile's agent through its proxy",
		Long: `Run the profile's agent. With a proxy, ringlet first makes sure that it runs the
current configuration and is this user's own, and points the agent at it. The
agent gets the terminal, and its exit code is passed on.

With --direct the agent asks the profile's provider itself: for when the proxy is
what does not work.

What else follows the alias goes to the agent as it is.`,
		Example: "  ringlet profiles run work\n  ringlet profiles run work -- -p \"say hi\"",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return between(1, "alias")(c, args)
			}
			return nil
		},
		ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			rest := args[1:]
			if len(rest) > 0 && rest[0] == "--direct" { // where most people type it; no agent has such a flag
				direct, rest = true, rest[1:]
			}
			if len(rest) > 0 && rest[0] == "--" {
				rest = rest[1:]
			}
			return a.RunProfile(c.Context(), args[0], rest, direct)
		},
	}
	c.Flags().BoolVar(&direct, "direct", false, "run past the proxy: the agent asks its provider itself")
	c.Flags().SetInterspersed(false)
	return c
}

func profilesDeleteCmd(e *env) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "delete <alias>", Short: "Delete a profile and what ringlet made for it", Args: exactly("alias"),
		Long: `Delete a profile: its proxy with its unit or launchd agent, port and token go, and the agent's settings are
put back. The agent's own files (history, settings) stay in the profile's home.`,
		ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			home, err := a.DeleteProfile(c.Context(), args[0], force)
			if err != nil {
				return err
			}
			e.note("Deleted the profile %q.", args[0])
			if home != "" {
				e.note("The agent's own files stay in %s; remove them yourself if you do not need them.", home)
			}
			return e.done("profile", args[0])
		},
	}
	c.Flags().BoolVar(&force, "force", false, "delete even while requests are being answered")
	return c
}

// created says what became of a new profile and its proxy.
func (e *env) created(made app.Created) {
	e.note("Created the %s profile %q in %s.", made.AgentTitle, made.Alias, made.Home)
	for _, n := range made.Notes {
		e.note("note: %s", n)
	}
	e.warnings(made.Warnings)
	switch {
	case made.Enabled != nil:
		e.enabled(*made.Enabled)
	case made.NotEnabled != nil:
		e.note("warning: the proxy is saved, not enabled: %v", made.NotEnabled)
		if hint := fault.Hint(made.NotEnabled); hint != "" {
			e.note("hint: %s", hint)
		}
	}
}

// warnings are left out where --log-level error asks for errors only.
func (e *env) warnings(list []string) {
	if e.logLevel == "error" {
		return
	}
	for _, w := range list {
		e.note("warning: %s", w)
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// restarted says that an engine had to be.
func (e *env) restarted(r app.EnableResult) {
	if r.Restarted {
		refused := "no connection was refused"
		if r.Engine == "ultrallm" {
			refused = "connections were refused for a moment"
		}
		e.note("It was restarted for what was changed; %s.", refused)
	}
}

// enabled says what enable did and how to look after it.
func (e *env) enabled(r app.EnableResult) {
	e.warnings(r.Warnings)
	if r.Engine == "ultrallm" {
		e.note("Its engine is ultrallm; what that lacks: ringlet proxy status %s", r.Alias)
	}
	e.note("The proxy of %q runs on %s.", r.Alias, r.BaseURL)
	e.restarted(r)
	e.note("Look after it with: ringlet proxy status %s, or %s", r.Alias, r.Inspect)
	if r.Supervisor == "launchd" {
		e.note("It starts at your login.")
	} else if !r.Linger {
		e.note("It starts at your login. To start it at boot, before anyone logs in: ringlet daemon linger on")
	}
}
