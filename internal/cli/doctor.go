package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/doctor"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/spf13/cobra"
)

func doctorCmd(e *env) *cobra.Command {
	var o app.DoctorOptions
	c := &cobra.Command{
		Use: "doctor [alias…]", Short: "Find what keeps proxies from working, and mend it",
		Long: `Looks at the init system, unit files, ports, permissions, configurations, keys,
agents' settings, the providers' hosts and what is left of deleted profiles, and
prints a line for each: ok, warning or failure, what was found, and the command
that mends it. With --fix it does what is safe and says what it did; it never
touches what is not ringlet's. Exits with 1 when something failed and was not mended.`,
		Args: cobra.ArbitraryArgs, ValidArgsFunction: e.completeEach(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			log, err := e.logger()
			if err != nil {
				return err
			}
			a, err := app.OpenDoctor(app.Options{Logger: log, Stderr: e.stderr, Init: e.init})
			if err != nil {
				return err
			}
			o.Aliases = args
			found, err := a.Doctor(c.Context(), o)
			if err != nil {
				return err
			}
			if e.json {
				err = e.printJSON(found)
			} else {
				err = e.findings(found)
			}
			if err != nil {
				return err
			}
			return e.verdict(found, o.Fix)
		},
	}
	c.Flags().BoolVar(&o.Fix, "fix", false, "mend what can be mended safely, and say what was done")
	c.Flags().BoolVar(&o.Offline, "offline", false, "ask no provider's host")
	return c
}

// findings prints one line per finding; profiles that a check found well share one.
func (e *env) findings(found []doctor.Finding) error {
	var rows [][]string
	type well struct{ check, text string }
	at := map[well]int{}
	for _, f := range found {
		text, word := f.Finding, string(f.Result)
		switch {
		case f.Fixed:
			word, text = "fixed", text+"; done: "+f.Fix
		case f.Fix != "":
			text += remedy(f.Fix)
		}
		profile := f.Profile
		if profile == "" {
			profile = "-"
		}
		if f.Result == doctor.OK {
			key := well{f.Check, text}
			if i, ok := at[key]; ok {
				rows[i][2] += "," + profile
				continue
			}
			at[key] = len(rows)
		}
		rows = append(rows, []string{word, f.Check, profile, text})
	}
	for _, row := range rows {
		if names := strings.Split(row[2], ","); len(names) > 3 {
			row[2] = fmt.Sprintf("%s and %d more", names[0], len(names)-1)
		}
	}
	return e.table([]string{"Result", "Check", "Profile", "Finding"}, rows)
}

// remedy introduces a command that stands alone; a sentence speaks for itself.
func remedy(fix string) string {
	first, _, _ := strings.Cut(fix, " ")
	if slices.Contains([]string{"ringlet", "systemctl", "launchctl", "chmod", "sudo"}, first) {
		return "; mend it: " + fix
	}
	return "; " + fix
}

// verdict is what it comes to.
func (e *env) verdict(found []doctor.Finding, fix bool) error {
	count := func(want func(doctor.Finding) bool) int {
		n := 0
		for _, f := range found {
			if want(f) {
				n++
			}
		}
		return n
	}
	failed := doctor.Failures(found)
	warned := count(func(f doctor.Finding) bool { return f.Result == doctor.Warning && !f.Fixed })
	mendable := count(doctor.Finding.Mendable)
	hint := "the lines above name the commands that mend them"
	if mendable > 0 && !fix {
		hint = fmt.Sprintf("ringlet doctor --fix mends %d of what was found; %s", mendable, hint)
	}
	if failed > 0 {
		return fault.New(fault.Failed, hint, "%d %s", failed, plural(failed, "thing does not work", "things do not work"))
	}
	if warned > 0 {
		e.note("%d %s; %s.", warned, plural(warned, "warning", "warnings"), hint)
	} else if !slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Fixed }) {
		e.note("All is well.")
	}
	return nil
}
