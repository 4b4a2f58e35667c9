package cli

import (
	"github.com/spf13/cobra"
)

func aliasesCmd(e *env) *cobra.Command {
	return group("aliases", "Make profiles commands: `work` for `ringlet profiles run work`",
		aliasesInstallCmd(e), aliasesUninstallCmd(e), aliasesListCmd(e))
}

func aliasesInstallCmd(e *env) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "install <alias>", Short: "Make a profile a command in ~/.local/bin", Args: exactly("alias"),
		Long: `Make a profile a command: a small script in ~/.local/bin that runs
"ringlet profiles run <alias>" with the arguments that it is given. A file that
ringlet did not make is never replaced.`,
		Example:           "  ringlet aliases install work\n  ringlet aliases install work --name cw",
		ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			made, warnings, err := a.InstallCommand(c.Context(), args[0], name)
			if err != nil {
				return err
			}
			e.note("%q runs the profile %q from now on: %s", made.Name, made.Profile, made.Path)
			e.warnings(warnings)
			return e.done("profile", made.Profile)
		},
	}
	c.Flags().StringVar(&name, "name", "", "the command's name (default: the profile's alias)")
	_ = c.RegisterFlagCompletionFunc("name", cobra.NoFileCompletions)
	return c
}

func aliasesUninstallCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "uninstall <name>", Short: "Remove a command that install made", Args: exactly("name"),
		ValidArgsFunction: e.complete(commandNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			gone, err := a.UninstallCommand(c.Context(), args[0])
			if err != nil {
				return err
			}
			e.note("Removed %s; the profile %q stays.", gone.Path, gone.Profile)
			return e.done("profile", gone.Profile)
		},
	}
}

func aliasesListCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the commands that install made", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			list, err := a.Commands(c.Context())
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(list)
			}
			if len(list) == 0 {
				e.note("No profile is a command yet; make one: ringlet aliases install <alias>")
				return nil
			}
			var rows [][]string
			for _, i := range list {
				rows = append(rows, []string{i.Name, i.Profile, i.Path})
			}
			if err := e.table([]string{"Name", "Profile", "Path"}, rows); err != nil {
				return err
			}
			for _, i := range list {
				if i.Problem != "" {
					e.note("%s: %s", i.Name, i.Problem)
				}
			}
			return nil
		},
	}
}
