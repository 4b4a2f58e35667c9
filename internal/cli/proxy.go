package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
)

func proxyCmd(e *env) *cobra.Command {
	return group("proxy", "Enable, control and configure the proxies of profiles",
		proxyEnableCmd(e), proxyDisableCmd(e),
		proxyVerb(e, "start", "Start a proxy", func(c *cobra.Command, a *app.App, alias string) error {
			r, err := a.Start(c.Context(), alias)
			if err != nil {
				return err
			}
			e.note("The proxy of %q runs on %s.", alias, r.BaseURL)
			return e.done("profile", alias)
		}),
		proxyVerb(e, "stop", "Stop a proxy until the next start, run or boot", func(c *cobra.Command, a *app.App, alias string) error {
			enabled, err := a.Stop(c.Context(), alias)
			if err != nil {
				return err
			}
			if !enabled {
				e.note("The proxy of %q is disabled; there is nothing to stop.", alias)
				return e.done("profile", alias)
			}
			e.note("Stopped the proxy of %q. It stays enabled; start it again with: ringlet proxy start %s", alias, alias)
			return e.done("profile", alias)
		}),
		proxyRestartCmd(e),
		proxyVerb(e, "reload", "Let a running proxy read its configuration and keys anew", func(c *cobra.Command, a *app.App, alias string) error {
			what, err := a.Reload(c.Context(), alias)
			if err != nil {
				return err
			}
			if what == app.Live {
				e.note("The running proxy of %q has read its configuration and keys anew.", alias)
			} else {
				e.note("%s", what.Sentence(alias))
			}
			return e.done("profile", alias)
		}),
		proxyStopAllCmd(e), proxyStatusCmd(e), proxyConfigCmd(e), proxyUnitCmd(e), proxyLogsCmd(e), proxyEnvironmentCmd(e),
		tokenCmd(e), routeCmd(e), modelAliasCmd(e), strategyCmd(e), serveCmd(e), reloadWaitCmd(e), mendCmd(e))
}

// proxyVerb is a verb that takes an alias and nothing else.
func proxyVerb(e *env, verb, short string, do func(*cobra.Command, *app.App, string) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " <alias>", Short: short, Args: exactly("alias"), ValidArgsFunction: e.complete(enabledNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			return do(c, a, args[0])
		},
	}
}

func proxyStopAllCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "stop-all", Short: "Stop every proxy; they stay enabled", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error { return stopAll(e, c) },
	}
}

func proxyStatusCmd(e *env) *cobra.Command {
	var watched bool
	c := &cobra.Command{
		Use: "status [alias]", Short: "Show the proxies' state, as the init system has it",
		Args: between(0, "alias"), ValidArgsFunction: e.complete(enabledNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			if watched {
				ctx, done := e.whileRead(c.Context())
				defer done()
				w := e.watcher()
				return a.Watch(ctx, args, w.show, w.note)
			}
			ask := a.Overview
			if e.json || len(args) > 0 {
				ask = a.Status
			}
			list, problem := ask(c.Context(), args...)
			if list == nil && problem != nil {
				return problem
			}
			if e.json {
				if err := e.printJSON(list); err != nil {
					return err
				}
				return problem
			}
			if len(list) == 0 && problem == nil {
				e.note(noProxy)
				return nil
			}
			if err := e.statusTable(list); err != nil {
				return err
			}
			if len(args) == 1 {
				e.statusDetails(list[0])
			} else {
				for _, s := range list {
					e.statusProblem(s)
				}
			}
			return problem
		},
	}
	c.Flags().BoolVarP(&watched, "watch", "w", false, "go on with every change until interrupted; with --json one array a line")
	return c
}

func (e *env) statusTable(list []app.ProxyStatus) error {
	var rows [][]string
	for _, s := range list {
		port, pid, started := "-", "-", "-"
		if s.Port > 0 {
			port = strconv.Itoa(s.Port)
		}
		if s.PID > 0 {
			pid = strconv.Itoa(s.PID)
		}
		if s.Started != nil {
			started = s.Started.Local().Format("2006-01-02 15:04")
		}
		rows = append(rows, []string{s.Profile, port, pid, s.Status, strconv.Itoa(s.Restarts), started})
	}
	return e.table([]string{"Profile", "Port", "PID", "Status", "Restarts", "Started"}, rows)
}

// engineLines say which engine it is; of one that is not ringlet's own, where it
// lies and what it does not have.
func engineLines(name, path string, lacks []string) string {
	if len(lacks) == 0 {
		return "Engine: " + name + "\n"
	}
	path = orText(path, "looked for by enable")
	return fmt.Sprintf("Engine: %s (%s)\nLacks: %s\n", name, path, strings.Join(lacks, "; "))
}

// statusProblem says on standard error what is wrong with a proxy.
func (e *env) statusProblem(s app.ProxyStatus) {
	for _, p := range s.Problems {
		e.note("%s: %s", s.Profile, p)
	}
}

func (e *env) statusDetails(s app.ProxyStatus) {
	fmt.Fprintf(e.stdout, "\nUnit: %s\n%sConfiguration: %s\n", s.Unit, engineLines(s.Engine, s.EnginePath, s.Lacks), s.ConfigPath)
	fmt.Fprint(e.stdout, useLines(s))
	if h := s.Health; h != nil && h.Seq > 0 {
		fmt.Fprintf(e.stdout, "Configuration in force: seq %d\nOpen requests: %d\n", h.Seq, h.OpenStreams)
		for _, k := range h.Keys {
			fmt.Fprintf(e.stdout, "Key of %s: %s\n", k.Provider, orText(k.Source, "missing; store it with: ringlet providers login "+k.Provider))
		}
		for _, t := range h.Targets {
			fmt.Fprintf(e.stdout, "Target %s: %d %s, %d failed%s%s\n", t.Target, t.Requests, plural(int(t.Requests), "request", "requests"), t.Failures, t.Lately(), t.LeftAlone())
		}
	}
	e.statusProblem(s)
}

func proxyConfigCmd(e *env) *cobra.Command {
	var regenerate bool
	c := proxyVerb(e, "config", "Show a proxy's configuration", func(c *cobra.Command, a *app.App, alias string) error {
		if regenerate {
			aside, err := a.Regenerate(c.Context(), alias)
			if err != nil {
				return err
			}
			if aside != "" {
				e.note("The file that was there is kept as %s.", aside)
			}
		}
		cfg, err := a.Config(c.Context(), alias)
		if err != nil {
			return err
		}
		if e.json {
			return e.printJSON(cfg)
		}
		port := "auto"
		if cfg.PinnedPort {
			port = strconv.Itoa(cfg.Port)
		}
		fmt.Fprintf(e.stdout, "Enabled: %t\nPort: %s\nStrategy: %s\nRules:\n", cfg.Enabled, port, cfg.StrategyTitle)
		for _, r := range cfg.Rules {
			fmt.Fprintf(e.stdout, "  [%s] %s -> %s (priority: %d%s)\n", r.Name, r.Condition, r.Target, r.Priority, weightText(r.Weight))
		}
		if len(cfg.Aliases) > 0 {
			fmt.Fprintln(e.stdout, "Aliases:")
			for _, m := range cfg.Aliases {
				fmt.Fprintf(e.stdout, "  %s -> %s\n", m.From, m.To)
			}
		}
		fmt.Fprintf(e.stdout, "Provider: %s\n%s", cfg.Provider, engineLines(cfg.Engine, cfg.EnginePath, cfg.Lacks))
		fmt.Fprint(e.stdout, limitLine(cfg.Limits), idleLine(cfg.Idle), logLine(cfg.Log))
		if cfg.Port > 0 {
			fmt.Fprintf(e.stdout, "Address: http://127.0.0.1:%d\n", cfg.Port)
		}
		fmt.Fprintf(e.stdout, "File: %s\n", cfg.Path)
		return nil
	})
	c.ValidArgsFunction = e.complete(profileNames)
	c.Flags().BoolVar(&regenerate, "regenerate", false, "write config.yaml anew from the profile, keeping the one that was there aside")
	return c
}

// weightText is shown where a rule has a weight of its own.
func weightText(weight int) string {
	if weight == 1 {
		return ""
	}
	return fmt.Sprintf(", weight: %d", weight)
}
