package cli

import (
	"fmt"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/shell"
	"github.com/spf13/cobra"
)

func profilesEnvCmd(e *env) *cobra.Command {
	var asked string
	c := &cobra.Command{
		Use: "env <alias>", Short: "Print what makes this shell the profile's", Args: exactly("alias"),
		Long: `Print lines that give a shell the environment of the profile's agent, so that the
agent can be started by its own name there. With a proxy, ringlet first makes sure
that it runs and that the agent is pointed at it, as "ringlet profiles run" does.

  bash, zsh:   eval "$(ringlet profiles env work)"
  fish:        ringlet profiles env work | source
  PowerShell:  ringlet profiles env work --shell powershell | Out-String | Invoke-Expression

The lines can hold the profile's token, or its provider's key.`,
		Example:           `  eval "$(ringlet profiles env work)"`,
		ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			kind, err := app.ShellKind(asked)
			if err != nil {
				return err
			}
			a, err := e.app()
			if err != nil {
				return err
			}
			made, err := a.ProfileEnv(c.Context(), args[0])
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(made)
			}
			if f := e.outputTerminal(); f {
				e.note("hint: nothing is set yet; let the shell read it: %s", kind.Eval("ringlet profiles env "+args[0]))
			}
			_, err = fmt.Fprint(e.stdout, made.Script(kind))
			return err
		},
	}
	c.Flags().StringVar(&asked, "shell", "", "bash, zsh, fish or powershell (default: the shell that SHELL names)")
	_ = c.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions(shell.Kinds(), cobra.ShellCompDirectiveNoFileComp))
	return c
}
