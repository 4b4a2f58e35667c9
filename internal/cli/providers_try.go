package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
)

func providersTestCmd(e *env) *cobra.Command {
	o := app.TestOptions{}
	c := &cobra.Command{
		Use:   "test <provider> [model]",
		Short: "Send one smallest request, and explain what came back",
		Long: `Send one request of a few tokens to a provider with the stored key, past any
proxy, and explain what came back. Without a model the cheapest known one is asked.
It costs a fraction of a cent, which is shown where the price is known.`,
		Args: between(1, "provider", "model"), ValidArgsFunction: e.complete(providerNames, modelsOf),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			if len(args) > 1 {
				o.Model = args[1]
			}
			r, err := a.TestProvider(c.Context(), args[0], o)
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(r)
			}
			fmt.Fprintf(e.stdout, "%s/%s answered in %.1f s.\n", r.Provider, r.Model, float64(r.Milliseconds)/1000)
			fmt.Fprintf(e.stdout, "Asked: %s (%s)\n", r.URL, r.Format)
			fmt.Fprintf(e.stdout, "Key: %s\n", orText(r.KeySource, "not needed"))
			cost := "the price is not known"
			if r.Cost != nil {
				cost = strconv.FormatFloat(*r.Cost, 'f', 6, 64) + " US dollars"
			}
			fmt.Fprintf(e.stdout, "Tokens: %d in, %d out; %s\n", r.InputTokens, r.OutputTokens, cost)
			return nil
		},
	}
	c.Flags().StringVar(&o.Endpoint, "endpoint", "", "the endpoint to ask (see: ringlet providers inspect)")
	c.Flags().DurationVar(&o.Timeout, "timeout", time.Minute, "how long to wait for the answer")
	return c
}
