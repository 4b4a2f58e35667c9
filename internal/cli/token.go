package cli

import (
	"time"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
)

func tokenCmd(e *env) *cobra.Command {
	return group("token", "Manage the local token that a proxy asks its agent for", tokenRotateCmd(e), tokenRevokeCmd(e))
}

func tokenRotateCmd(e *env) *cobra.Command {
	grace := app.DefaultGrace
	c := proxyVerb(e, "rotate", "Replace a proxy's local token, in its agent's settings too", func(c *cobra.Command, a *app.App, alias string) error {
		r, err := a.RotateToken(c.Context(), alias, grace)
		if err != nil {
			return err
		}
		when := "it is used when the proxy runs next"
		if r.Live {
			when = "the running proxy takes it"
		}
		e.note("The proxy of %q has a new token: its agent's settings carry it, and %s.", alias, when)
		if r.Ended != nil {
			e.note("The token before the old one would have been valid until %s; it is refused from now on.", localTime(*r.Ended))
		}
		if r.Until != nil {
			e.note("Agents and shells that have the old one can go on with it until %s. To end that now: ringlet proxy token revoke %s", localTime(*r.Until), alias)
		} else {
			e.note("The old one is refused: start agents that run since before anew with: ringlet profiles run %s", alias)
		}
		return e.done("profile", alias)
	})
	c.Long = `Replace the local token that a proxy asks its agent for, in the agent's settings
too, without a restart. Agents that run have the old one, which stays valid for a
day: no request of theirs fails. A rotation within that time ends the validity of
the token before it. With --grace 0 the old one is refused at once, for a token
that others may know.`
	c.Flags().DurationVar(&grace, "grace", grace, "how long the old token stays valid, up to 168h; 0 ends it at once")
	return c
}

// localTime is a time to the second: until then somebody is let in.
func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func tokenRevokeCmd(e *env) *cobra.Command {
	c := proxyVerb(e, "revoke", "End the validity of the token before the last rotation", func(c *cobra.Command, a *app.App, alias string) error {
		had, err := a.RevokeToken(c.Context(), alias)
		if err != nil {
			return err
		}
		if had {
			e.note("The token that %q had before is refused from now on.", alias)
		} else {
			e.note("%q has no other token than its own.", alias)
		}
		return e.done("profile", alias)
	})
	return c
}
