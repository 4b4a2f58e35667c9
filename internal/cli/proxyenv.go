package cli

import (
	"maps"
	"slices"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/spf13/cobra"
)

// proxyEnvironmentCmd is about the few variables that a service does not get
// from the shell and may need.
func proxyEnvironmentCmd(e *env) *cobra.Command {
	var record, forget bool
	c := proxyVerb(e, "environment", "Show, record or forget what HTTPS_PROXY, NO_PROXY and the like are for the proxy", func(c *cobra.Command, a *app.App, alias string) error {
		if record && forget {
			return fault.New(fault.Usage, "choose one", "--record and --clear exclude each other")
		}
		if !record && !forget {
			r, err := a.ProxyEnv(alias)
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(r)
			}
			if len(r.Environment) == 0 {
				e.note("Nothing is recorded; record what this shell has with: ringlet proxy environment %s --record", alias)
			}
			var rows [][]string
			for _, name := range slices.Sorted(maps.Keys(r.Environment)) {
				rows = append(rows, []string{name, r.Environment[name]})
			}
			return e.table([]string{"Variable", "Value"}, rows)
		}
		r, err := a.SetProxyEnv(c.Context(), alias, record)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(r.Environment)) {
			e.note("Recorded %s=%s", name, r.Environment[name])
		}
		if forget {
			e.note("Nothing is recorded any more.")
		}
		if r.Restart {
			e.note("The running proxy uses it after: ringlet proxy restart %s", alias)
		}
		return e.done("profile", alias)
	})
	c.ValidArgsFunction = e.complete(profileNames)
	c.Flags().BoolVar(&record, "record", false, "keep what this shell has, for the proxy of this profile")
	c.Flags().BoolVar(&forget, "clear", false, "forget what was recorded")
	return c
}
