package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
)

func providersModelsCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "models <provider> [filter]",
		Short: "List a provider's known models: prices, context windows, wire formats",
		Long: `List the models of a provider that the catalogue knows, with their prices in US
dollars per million tokens (- where there is none per token, or none is known),
their context windows in tokens, and the wire formats they speak. The filter is
a part of the model's id. A model that is not listed can be used all the same.`,
		Args: between(1, "provider", "filter"), ValidArgsFunction: e.complete(providerNames, modelsOf),
		RunE: func(_ *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			p, err := a.Provider(args[0])
			if err != nil {
				return err
			}
			models := p.Models
			if len(args) > 1 {
				models = filtered(models, args[1])
			}
			if e.json {
				return e.printJSON(models)
			}
			switch {
			case len(p.Models) == 0:
				e.note("No model of %s is known; any that it has can be used: %s/<model>.", p.Name, p.ID)
			case len(models) == 0:
				e.note("No known model of %s has %q in its id; see all: ringlet providers models %s", p.Name, args[1], p.ID)
			}
			return e.table(modelHeading(), modelRows(models))
		},
	}
}

func filtered(models []app.ModelInfo, part string) []app.ModelInfo {
	out := []app.ModelInfo{}
	for _, m := range models {
		if strings.Contains(strings.ToLower(m.ID), strings.ToLower(part)) {
			out = append(out, m)
		}
	}
	return out
}

func modelHeading() []string {
	return []string{"Model", "Input", "Output", "Cache read", "Cache write", "Context", "Formats"}
}

func modelRows(models []app.ModelInfo) [][]string {
	var rows [][]string
	for _, m := range models {
		price := func(v float64) string {
			if !m.Priced {
				return "-"
			}
			return dollars(v)
		}
		context := "-"
		if m.Context > 0 {
			context = strconv.FormatInt(m.Context, 10)
		}
		rows = append(rows, []string{m.ID, price(m.Input), price(m.Output), price(m.CacheRead), price(m.CacheWrite), context, strings.Join(m.Formats, ",")})
	}
	return rows
}

// modelsOf names the models of the provider before them.
func modelsOf(_ context.Context, a *app.App, args []string) []string {
	p, err := a.Provider(args[0])
	if err != nil {
		return nil
	}
	var out []string
	for _, m := range p.Models {
		out = append(out, m.ID)
	}
	return out
}
