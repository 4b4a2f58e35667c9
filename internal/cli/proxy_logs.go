package cli

import (
	"time"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
)

func proxyLogsCmd(e *env) *cobra.Command {
	lines := count{value: 50, least: 0}
	var follow, all bool
	var since, grep, level string
	c := &cobra.Command{
		Use: "logs <alias>… | --all", Short: "Show proxies' logs", ValidArgsFunction: e.completeEach(profileNames),
		Args: func(c *cobra.Command, args []string) error { return oneOrAll(c, args, all) },
		RunE: func(c *cobra.Command, args []string) error {
			o := app.LogOptions{Lines: lines.value, Follow: follow, JSON: e.json}
			var err error
			if c.Flags().Changed("since") {
				if o.Since, err = app.ParseSince(since, time.Now()); err != nil {
					return err
				}
			}
			if c.Flags().Changed("level") {
				if o.Level, err = app.ParseLevel(level); err != nil {
					return err
				}
			}
			if c.Flags().Changed("grep") {
				if o.Grep, err = app.ParseGrep(grep); err != nil {
					return err
				}
			}
			if !o.Since.IsZero() && !c.Flags().Changed("lines") {
				o.Lines = 1_000_000 // the time is the bound
			}
			a, err := e.app()
			if err != nil {
				return err
			}
			ctx := c.Context()
			if follow {
				var done func()
				ctx, done = e.whileRead(ctx)
				defer done()
			}
			return a.Logs(ctx, args, o, e.stdout)
		},
	}
	c.Flags().VarP(&lines, "lines", "n", "how many of the last lines to show; with --since, all of them")
	c.Flags().StringVar(&since, "since", "", `only what is newer: 1h, "10 min ago", 10:30, yesterday, 2026-01-18, "2026-01-18 10:30"`)
	c.Flags().StringVar(&grep, "grep", "", "only lines in which this regular expression is found")
	c.Flags().StringVar(&level, "level", "", "only lines this urgent: error, warning or info")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on with new lines until interrupted")
	c.Flags().BoolVar(&all, "all", false, "every profile that has a proxy, in the order of time")
	_ = c.RegisterFlagCompletionFunc("level", cobra.FixedCompletions(app.Levels(), cobra.ShellCompDirectiveNoFileComp))
	return c
}
