package cli

import (
	"fmt"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
)

func profilesImportCmd(e *env) *cobra.Command {
	var o app.ImportOptions
	c := &cobra.Command{
		Use: "import <alias>", Short: "Copy the settings of the agent's own home into a profile", Args: exactly("alias"),
		Long: `Copy what you have set up in the agent's own home, such as ~/.claude, into a
profile: settings, instructions, commands, agents, skills, MCP servers. Nothing is
moved, no login is copied, provider keys are left out, and files that the profile has
stay as they are. It prints what was copied, and what was left and why.`,
		Example:           "  ringlet profiles import work\n  ringlet profiles import work --from ~/backup/.claude --with-history",
		ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			done, err := a.ImportProfile(c.Context(), args[0], o)
			if done.Profile != "" {
				if perr := e.imported(done); perr != nil {
					return perr
				}
			}
			return err
		},
	}
	c.Flags().StringVar(&o.From, "from", "", "the agent's folder (default: the one in your home, such as ~/.claude)")
	c.Flags().StringVar(&o.Agent, "agent", "", "the agent whose folder it is (default: the profile's)")
	c.Flags().BoolVar(&o.History, "with-history", false, "copy conversations as well")
	c.Flags().BoolVar(&o.Force, "force", false, "replace files that the profile has")
	_ = c.MarkFlagDirname("from")
	_ = c.RegisterFlagCompletionFunc("agent", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return e.complete(agentNames)(c, nil, "")
	})
	return c
}

func (e *env) imported(done app.Imported) error {
	if e.json {
		return e.printJSON(done)
	}
	for _, path := range done.Copied {
		if _, err := fmt.Fprintf(e.stdout, "copied %s\n", path); err != nil {
			return err
		}
	}
	for _, l := range done.Left {
		if _, err := fmt.Fprintf(e.stdout, "left %s: %s\n", l.Path, l.Why); err != nil {
			return err
		}
	}
	e.note("Copied %d %s to %s; %d left.", len(done.Copied), plural(len(done.Copied), "item", "items"), done.Home, len(done.Left))
	return nil
}
