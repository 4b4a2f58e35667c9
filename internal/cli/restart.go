package cli

import (
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/spf13/cobra"
)

// defaultIdleWait is how long --when-idle waits: longer than an agent's turn.
const defaultIdleWait = 10 * time.Minute

func proxyRestartCmd(e *env) *cobra.Command {
	var all bool
	var idle app.WhenIdle
	c := &cobra.Command{
		Use: "restart <alias> | --all", Short: "Restart a proxy: no connection is refused, open requests have 4.5 s to end",
		ValidArgsFunction: e.complete(enabledNames),
		Args: func(c *cobra.Command, args []string) error {
			if err := oneOrAll(c, args, all); err != nil {
				return err
			}
			return between(0, "alias")(c, args)
		},
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := checkIdle(c, idle); err != nil {
			return err
		}
		a, err := e.app()
		if err != nil {
			return err
		}
		if all {
			return e.restartAll(c, a, idle)
		}
		r, err := a.Restart(c.Context(), args[0], idle)
		if err != nil {
			return err
		}
		e.note("Restarted the proxy of %q on %s.", args[0], r.BaseURL)
		return e.done("profile", args[0])
	}
	c.Flags().BoolVar(&all, "all", false, "every enabled proxy: unit files or launchd agents at once, then the running ones one after the other")
	whenIdle(c, &idle)
	return c
}

func daemonRestartCmd(e *env) *cobra.Command {
	var idle app.WhenIdle
	c := &cobra.Command{
		Use: "restart", Short: "Restart every running proxy, one after the other", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkIdle(c, idle); err != nil {
				return err
			}
			a, err := e.app()
			if err != nil {
				return err
			}
			return e.restartAll(c, a, idle)
		},
	}
	whenIdle(c, &idle)
	return c
}

func whenIdle(c *cobra.Command, idle *app.WhenIdle) {
	c.Flags().BoolVar(&idle.Wait, "when-idle", false, "wait until no request is open, of each proxy")
	c.Flags().DurationVar(&idle.Timeout, "timeout", defaultIdleWait, "how long --when-idle waits; then the proxy is not restarted")
}

// checkIdle refuses a time without what it is for.
func checkIdle(c *cobra.Command, idle app.WhenIdle) error {
	switch {
	case !idle.Wait && c.Flags().Changed("timeout"):
		return fault.New(fault.Usage, "add --when-idle", "--timeout is how long --when-idle waits, and that is not there")
	case idle.Timeout <= 0:
		return fault.New(fault.Usage, "write it as 10m or 2h", "--timeout %v is no time to wait", idle.Timeout)
	}
	return nil
}

func (e *env) restartAll(c *cobra.Command, a *app.App, idle app.WhenIdle) error {
	r, err := a.RestartAll(c.Context(), idle)
	for _, alias := range r.Restarted {
		e.note("Restarted the proxy of %q.", alias)
	}
	for _, alias := range r.Sleeping {
		e.note("The engine of %q sleeps; its unit files are up to date, and its next connection starts the new engine.", alias)
	}
	if len(r.Stopped) > 0 {
		e.note("Stopped, and left so, with what the init system has of them up to date: %s. Start what is enabled with: ringlet daemon start", strings.Join(r.Stopped, ", "))
	}
	if err != nil {
		return err
	}
	if len(r.Restarted)+len(r.Sleeping)+len(r.Stopped) == 0 {
		e.note(noneEnabled)
	}
	if !e.json {
		return nil
	}
	return e.printJSON(struct {
		Done     bool     `json:"done"`
		Messages []string `json:"messages"`
		app.RestartedAll
	}{true, e.said, r})
}
