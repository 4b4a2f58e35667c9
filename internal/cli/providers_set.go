package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/spf13/cobra"
)

func providersSetCmd(e *env) *cobra.Command {
	var fromEnv bool
	c := &cobra.Command{
		Use:   "set <provider> <name>=<value>...",
		Short: "Say what only you know about a provider: an Azure resource, a region, a project",
		Long: `Store settings of a provider that is reached at an address of your own: the
resource of Azure OpenAI, the region of Amazon Bedrock, the project of Google
Vertex AI. ringlet providers inspect lists them. They are kept in the provider's
file in providers.d, because a service does not see the variables of your shell;
--from-env takes them from there. name= takes a setting back.`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return fault.New(fault.Usage, "name one: ringlet providers list", "the provider is missing")
			case len(args) == 1 && !fromEnv:
				return fault.New(fault.Usage, "see what there is to set: ringlet providers inspect "+args[0], "name=value is missing")
			case len(args) > 1 && fromEnv:
				return fault.New(fault.Usage, "use one of the two", "--from-env and name=value are both there")
			}
			return nil
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return e.complete(providerNames)(c, args, word)
			}
			return e.settingNames(args[0]), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			given, err := pairs(args[1:])
			if fromEnv {
				given, err = a.SettingsFromEnv(args[0], os.Getenv)
			}
			if err != nil {
				return err
			}
			result, err := a.SetProvider(c.Context(), args[0], given)
			if result.Path == "" {
				return err
			}
			for _, name := range app.SortedKeys(given) {
				e.note("Set %s of %s to %q in %s.", name, args[0], given[name], result.Path)
			}
			for _, alias := range result.Reloaded {
				e.note("The running proxy of %q uses it from now on.", alias)
			}
			if err != nil {
				return err
			}
			return e.done("provider", args[0])
		},
	}
	c.Flags().BoolVar(&fromEnv, "from-env", false, "take the settings from the environment variables that others use for them")
	return c
}

// askSettings fills in, before a key is asked for, what is not known yet of the
// host that it would be for: from the environment, or on a terminal.
func (e *env) askSettings(ctx context.Context, a *app.App, p app.ProviderInfo, fromEnv bool) error {
	if p.SettingsProblem == "" || p.KeyEnv == "" {
		return nil
	}
	given := map[string]string{}
	switch {
	case fromEnv:
		found, err := a.SettingsFromEnv(p.ID, os.Getenv)
		if err != nil {
			return err
		}
		given = found
	case e.terminal() == nil:
		return nil // what is missing is said with its remedy
	default:
		for _, s := range p.Settings {
			if s.Optional || s.Value != "" {
				continue
			}
			fmt.Fprintf(e.stderr, "%s of %s, %s, as in %s: ", s.Name, p.Name, s.About, s.Example)
			line, err := unlessDone(ctx, func() ([]byte, error) { return bufio.NewReader(e.stdin).ReadBytes('\n') })
			if err != nil {
				return fmt.Errorf("read the answer: %w", err)
			}
			given[s.Name] = strings.TrimSpace(string(line))
		}
	}
	result, err := a.SetProvider(ctx, p.ID, given)
	if result.Path != "" {
		e.note("Stored the settings of %s in %s.", p.ID, result.Path)
	}
	return err
}

func pairs(args []string) (map[string]string, error) {
	out := map[string]string{}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, fault.New(fault.Usage, "write it as name=value", "%q is no name=value", arg)
		}
		out[name] = value
	}
	return out, nil
}

func (e *env) settingNames(provider string) []string {
	a, err := e.app()
	if err != nil {
		return nil
	}
	p, err := a.Provider(provider)
	if err != nil {
		return nil
	}
	var out []string
	for _, s := range p.Settings {
		out = append(out, s.Name+"=")
	}
	return out
}
