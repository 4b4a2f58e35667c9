package cli

import (
	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
)

func tokenCmd(e *env) *cobra.Command {
	return group("token", "Manage the local token that a proxy asks its agent for",
		proxyVerb(e, "rotate", "Replace a proxy's local token, in its agent's settings too", func(c *cobra.Command, a *app.App, alias string) error {
			live, err := a.RotateToken(c.Context(), alias)
			if err != nil {
				return err
			}
			if live {
				e.note("The running proxy of %q takes its new token only, and its agent's settings carry it.", alias)
				e.note("An agent that runs since before has the old one and is refused: start it anew with: ringlet profiles run %s", alias)
			} else {
				e.note("The proxy of %q has a new token, and its agent's settings carry it; it is used when the proxy runs next.", alias)
			}
			return e.done("profile", alias)
		}))
}
