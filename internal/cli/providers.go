package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/spf13/cobra"
)

func providersCmd(e *env) *cobra.Command {
	return group("providers", "List providers, and keep their keys",
		providersListCmd(e), providersInspectCmd(e), providersModelsCmd(e), providersTestCmd(e), providersLoginCmd(e), providersLogoutCmd(e), providersSetCmd(e))
}

func providersListCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the providers, built-in and your own", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			infos := a.Providers()
			if e.json {
				return e.printJSON(infos)
			}
			var rows [][]string
			for _, p := range infos {
				key := "missing"
				switch {
				case p.KeySource != "":
					key = p.KeySource
				case p.KeyProblem != "":
					key = "unusable"
					e.note("warning: %s: %s", p.ID, p.KeyProblem)
				case p.SettingsProblem != "":
					key = "not set up"
				case p.Auth == "none":
					key = "not needed"
				}
				rows = append(rows, []string{p.ID, p.Name, strings.Join(p.Formats, ","), orDash(p.KeyEnv), key, strconv.Itoa(len(p.Models))})
			}
			return e.table([]string{"Provider", "Name", "Formats", "Key variable", "Key", "Models"}, rows)
		},
	}
}

func providersInspectCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "inspect <provider>", Short: "Show a provider's endpoints, models and prices", Args: exactly("provider"),
		ValidArgsFunction: e.complete(providerNames),
		RunE: func(_ *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			p, err := a.Provider(args[0])
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(p)
			}
			fmt.Fprintf(e.stdout, "Provider: %s (%s)\nSource: %s\n", p.ID, p.Name, p.Source)
			for _, ep := range p.Endpoints {
				mark := ""
				if ep.Name == p.DefaultEndpoint {
					mark = " (default)"
				}
				fmt.Fprintf(e.stdout, "Endpoint %s%s:\n", ep.Name, mark)
				for _, format := range app.SortedKeys(ep.Bases) {
					fmt.Fprintf(e.stdout, "  %-9s %s\n", format, ep.Bases[format])
				}
			}
			for _, s := range p.Settings {
				fmt.Fprintf(e.stdout, "Setting %s (%s): %s\n", s.Name, s.About, orDash(s.Value))
			}
			fmt.Fprintf(e.stdout, "Auth: %s\n", auth(p))
			switch {
			case p.SettingsProblem != "":
				fmt.Fprintf(e.stdout, "Not set up: %s\n", p.SettingsProblem)
			case p.KeySource != "":
				fmt.Fprintf(e.stdout, "Key: from %s\n", p.KeySource)
			case p.Auth == "none":
				fmt.Fprintln(e.stdout, "Key: not needed")
			case p.KeyProblem != "":
				fmt.Fprintf(e.stdout, "Key: unusable: %s\n", p.KeyProblem)
			default:
				fmt.Fprintf(e.stdout, "Key: missing; store it with: ringlet providers login %s\n", p.ID)
			}
			if len(p.Models) == 0 {
				return nil
			}
			fmt.Fprintln(e.stdout, "\nModels, prices in US dollars per million tokens:")
			return e.table(modelHeading(), modelRows(p.Models))
		},
	}
}

func providersLoginCmd(e *env) *cobra.Command {
	var fromEnv bool
	var endpoint string
	c := &cobra.Command{
		Use:   "login <provider>",
		Short: "Store a provider's API key, read without echo or from standard input",
		Long: `Store a provider's API key in a file of yours (mode 0600), for the host of the
provider's endpoint and no other. The key is read from the terminal without echo,
or from standard input (ringlet providers login anthropic < key-file); it never
stands on a command line. Running proxies take it up at once.`,
		Args: exactly("provider"), ValidArgsFunction: e.complete(providerNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			p, err := a.Provider(args[0])
			if err != nil {
				return err
			}
			if err := e.askSettings(c.Context(), a, p, fromEnv); err != nil {
				return err
			}
			if _, err := a.LoginBases(p.ID, endpoint); err != nil {
				return err
			}
			var key secrets.Secret
			if fromEnv {
				if p.KeyEnv == "" {
					return fault.New(fault.Usage, "leave --from-env out", "%s has no key variable", p.ID)
				}
				key = secrets.NewSecret(os.Getenv(p.KeyEnv))
				if key.Empty() {
					return fault.New(fault.Failed, "set it, or type the key: ringlet providers login "+p.ID, "%s is not set", p.KeyEnv)
				}
			} else if key, err = e.readKey(c.Context(), p.Name); err != nil {
				return err
			}
			result, err := a.Login(c.Context(), p.ID, endpoint, key)
			if result.Path == "" {
				return err
			}
			e.storedKey(p.ID, result)
			if err != nil {
				return err
			}
			return e.done("provider", p.ID)
		},
	}
	c.Flags().BoolVar(&fromEnv, "from-env", false, "take the key from the provider's environment variable")
	c.Flags().StringVar(&endpoint, "endpoint", "", "the endpoint that the key is for (see: ringlet providers inspect)")
	return c
}

func providersLogoutCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "logout <provider>", Short: "Forget a provider's stored key", Args: exactly("provider"),
		ValidArgsFunction: e.complete(providerNames),
		RunE: func(c *cobra.Command, args []string) error {
			a, err := e.app()
			if err != nil {
				return err
			}
			result, err := a.Logout(c.Context(), args[0])
			if err != nil {
				return err
			}
			if !result.Removed {
				e.note("No key of %s was stored.", args[0])
				return e.done("provider", args[0])
			}
			e.note("Forgot the key of %s.", args[0])
			return e.done("provider", args[0])
		},
	}
}

// auth is the header that carries the key, by wire format where that differs.
func auth(p app.ProviderInfo) string {
	text := p.Auth
	for _, format := range app.SortedKeys(p.AuthFormats) {
		text += fmt.Sprintf(", %s for %s", p.AuthFormats[format], format)
	}
	return text
}

func dollars(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func orDash(s string) string { return orText(s, "-") }

func orText(s, text string) string {
	if s == "" {
		return text
	}
	return s
}
