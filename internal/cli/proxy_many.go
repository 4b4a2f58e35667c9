package cli

import (
	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/spf13/cobra"
)

// oneOrAll demands aliases, or --all and none.
func oneOrAll(c *cobra.Command, args []string, all bool) error {
	switch {
	case all && len(args) > 0:
		return fault.New(fault.Usage, "usage: "+c.UseLine(), "--all is every profile; %q is one argument too many", args[0])
	case !all && len(args) == 0:
		return fault.New(fault.Usage, "usage: "+c.UseLine(), "the <alias> is missing")
	}
	return nil
}

// enableMany enables several profiles, or all, and says of each how it went.
func (e *env) enableMany(c *cobra.Command, a *app.App, aliases []string, o app.EnableOptions) error {
	done, err := a.EnableMany(c.Context(), aliases, o)
	linger := true
	for _, r := range done {
		e.warnings(r.Warnings)
		e.note("The proxy of %q runs on %s.", r.Alias, r.BaseURL)
		e.restarted(r)
		linger = linger && r.Linger
	}
	if err != nil {
		return err
	}
	if len(done) == 0 {
		e.note("There is no profile yet; create one with: ringlet profiles create claude work --proxy -p anthropic")
	} else if done[0].Supervisor == "launchd" {
		e.note("They start at your login.")
	} else if !linger {
		e.note("They start at your login. To start them at boot, before anyone logs in: ringlet daemon linger on")
	}
	return e.done("", "")
}

func proxyDisableCmd(e *env) *cobra.Command {
	var all, force bool
	c := &cobra.Command{
		Use: "disable <alias>… | --all", Short: "Undo enable: stop the proxies, remove their units, put the agents' settings back", ValidArgsFunction: e.completeEach(enabledNames),
		Args: func(c *cobra.Command, args []string) error { return oneOrAll(c, args, all) },
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := e.app()
		if err != nil {
			return err
		}
		done, err := a.DisableMany(c.Context(), args, force)
		for _, alias := range done {
			e.note("Disabled the proxy of %q; its rules are kept. Enable it again with: ringlet proxy enable %s", alias, alias)
		}
		if err != nil {
			return err
		}
		if len(args) == 1 {
			return e.done("profile", args[0])
		}
		if len(done) == 0 {
			e.note("No proxy is enabled.")
		}
		return e.done("", "")
	}
	c.Flags().BoolVar(&force, "force", false, "disable even while requests are being answered")
	c.Flags().BoolVar(&all, "all", false, "every profile whose proxy is enabled")
	return c
}
