package cli

import (
	"fmt"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/spf13/cobra"
)

// proxyUnitCmd shows unit files, or launchd's agent: where they are and how, what would be written
// (--print), how that differs from what is there (--diff).
func proxyUnitCmd(e *env) *cobra.Command {
	var printed, differs bool
	c := &cobra.Command{
		Use: "unit <alias>", Short: "Show a proxy's unit files or launchd agent, and how they would be written now", Args: exactly("alias"), ValidArgsFunction: e.complete(enabledNames),
		RunE: func(c *cobra.Command, args []string) error {
			if printed && differs {
				return fault.New(fault.Usage, "usage: "+c.UseLine(), "--print and --diff cannot be had at once")
			}
			a, err := e.app()
			if err != nil {
				return err
			}
			files, enabled, err := a.Units(c.Context(), args[0])
			if err != nil {
				return err
			}
			take := "restart"
			if !enabled {
				take = "enable"
				e.note("The proxy of %q is disabled; this is what enable would write.", args[0])
			}
			switch {
			case e.json:
				err = e.printJSON(files)
			case printed:
				err = e.unitTexts(files)
			case differs:
				for _, f := range files {
					if _, err = fmt.Fprint(e.stdout, f.Diff); err != nil {
						break
					}
				}
			default:
				err = e.unitTable(files)
			}
			if err != nil || !differs {
				return err
			}
			// As diff(1) has it: 1 says that there is a difference.
			for _, f := range files {
				if f.Diff != "" {
					e.note("Take it over with: ringlet proxy %s %s", take, args[0])
					return &app.ExitError{Code: 1}
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&printed, "print", false, "print what enable and restart would write")
	c.Flags().BoolVar(&differs, "diff", false, "print how that differs from what is there; exit code 1 when it does")
	return c
}

// unitTexts prints the files, each under its path as a comment.
func (e *env) unitTexts(files []app.UnitFile) error {
	for i, f := range files {
		if i > 0 {
			fmt.Fprintln(e.stdout)
		}
		if _, err := fmt.Fprintf(e.stdout, "# %s\n%s", f.Path, f.Want); err != nil {
			return err
		}
	}
	return nil
}

func (e *env) unitTable(files []app.UnitFile) error {
	var rows [][]string
	for _, f := range files {
		rows = append(rows, []string{f.Path, f.State, orText(strings.Join(f.DropIns, " "), "-")})
	}
	return e.table([]string{"File", "State", "Drop-ins"}, rows)
}
