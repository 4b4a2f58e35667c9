package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/usage"
	"github.com/spf13/cobra"
)

// defaultSince is how far back usage looks where nobody says.
const defaultSince = "30d"

func usageCmd(e *env) *cobra.Command {
	var since, by string
	c := &cobra.Command{
		Use:   "usage [alias]",
		Short: "Add up requests, tokens, cost and waiting times of the proxies",
		Long: `Add up what the proxies recorded of each request: of one profile, or of all.

In is all tokens of the prompts, Cached the part of them that was read from a
provider's cache. Cost is in US dollars at the prices that the profile's
configuration had at the time; a price that nobody knows counts as unknown, not as
0. First byte is the time until the client got the first byte of the answer.`,
		Example: `  ringlet usage
  ringlet usage work --since 7d --by model
  ringlet usage --since 2026-11-01 --by day --json`,
		Args: between(0, "alias"), ValidArgsFunction: e.complete(profileNames),
		RunE: func(c *cobra.Command, args []string) error {
			o := app.UsageOptions{}
			if len(args) > 0 {
				o.Alias = args[0]
			}
			var err error
			if o.Since, err = usage.ParseSince(since, time.Now()); err != nil {
				return fault.New(fault.Usage, "as in: ringlet usage --since 7d, or --since 2026-11-01", "--since: %w", err)
			}
			if by != "" {
				if o.By, err = usage.ParseBy(by); err != nil {
					return fault.New(fault.Usage, "choose one of: "+strings.Join(usage.Groups(), ", "), "--by: %w", err)
				}
			}
			a, err := e.app()
			if err != nil {
				return err
			}
			r, err := a.Usage(c.Context(), o)
			if r.Rows == nil {
				return err
			}
			if printErr := e.usage(r, o.Since); printErr != nil {
				return printErr
			}
			return err
		},
	}
	c.Flags().StringVar(&since, "since", defaultSince, "from when on: a number of days or hours (7d, 12h), a day or a month (2026-11-01, 2026-11)")
	c.Flags().StringVar(&by, "by", "", "group by target, model (as asked for), rule, day or profile (default: target for one profile, profile for all)")
	_ = c.RegisterFlagCompletionFunc("by", cobra.FixedCompletions(usage.Groups(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("since", cobra.FixedCompletions([]string{"1d", "7d", "30d", "90d"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// usage prints a report: the sums on standard output, what is missing in them on
// standard error.
func (e *env) usage(r app.UsageReport, since time.Time) error {
	if e.json {
		if err := e.printJSON(r.Rows); err != nil {
			return err
		}
	} else if err := e.usageTable(r); err != nil {
		return err
	}
	for _, p := range r.Problems {
		e.note("%s", p)
	}
	switch {
	case r.Total.Requests == 0:
		e.note("No request was recorded since %s.", since.Format("2006-01-02 15:04"))
	case len(r.Unpriced) > 0:
		e.note("The cost is without %d %s, as nobody knew the price of %s; name it under models in providers.d, and new requests count.",
			r.Total.Unpriced, plural(int(r.Total.Unpriced), "request", "requests"), strings.Join(r.Unpriced, ", "))
	}
	return nil
}

func (e *env) usageTable(r app.UsageReport) error {
	name := string(r.By)
	heading := []string{strings.ToUpper(name[:1]) + name[1:], "Requests", "Failed", "In", "Cached", "Out", "Cost", "First byte", "p95"}
	var rows [][]string
	for _, row := range r.Rows {
		rows = append(rows, usageCells(orDash(row.Name), row))
	}
	if len(rows) > 1 {
		rows = append(rows, usageCells("total", r.Total))
	}
	return e.table(heading, rows)
}

func usageCells(name string, r app.UsageRow) []string {
	in := r.Input + r.CacheRead + r.CacheWrite
	cached := "-"
	if in > 0 {
		cached = fmt.Sprintf("%.0f%%", 100*r.CacheReadShare)
	}
	return []string{name, number(r.Requests), number(r.Failed), number(in), cached, number(r.Output), cost(r), waited(r.FirstByte), waited(r.FirstByteSlow)}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// cost is in US dollars; one that lacks something is marked with a plus.
func cost(r app.UsageRow) string {
	switch {
	case r.Cost == nil:
		return "-"
	case r.Unpriced > 0:
		return price(*r.Cost) + "+"
	}
	return price(*r.Cost)
}

// price shows cents, and fractions of them where there are no whole ones.
func price(v float64) string {
	if v > 0 && v < 0.01 {
		return "$" + strconv.FormatFloat(v, 'f', 6, 64)
	}
	return "$" + strconv.FormatFloat(v, 'f', 2, 64)
}

func waited(ms *int64) string {
	switch {
	case ms == nil:
		return "-"
	case *ms < 1000:
		return strconv.FormatInt(*ms, 10) + " ms"
	}
	return strconv.FormatFloat(float64(*ms)/1000, 'f', 1, 64) + " s"
}
