package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/nearest"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// env is what commands share: the streams, the global flags, and the app once
// it is opened.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	hangup         <-chan os.Signal
	init           app.InitSystem

	answers *bufio.Reader // of the terminal, once something was asked there

	json     bool
	logLevel string
	said     []string // messages so far, for --json
	parsed   bool     // the command line was understood; what fails now is the command
}

// app assembles what a command works on. It is opened when a command runs, so
// that help and completion work in a broken home.
func (e *env) app() (*app.App, error) {
	log, err := e.logger()
	if err != nil {
		return nil, err
	}
	return app.Open(app.Options{Logger: log, Stderr: e.stderr, Init: e.init})
}

func (e *env) logger() (*slog.Logger, error) {
	var level slog.Level
	switch e.logLevel {
	case "error", "warn", "info", "debug":
		_ = level.UnmarshalText([]byte(e.logLevel)) // these four always parse
	default:
		return nil, fault.New(fault.Usage, "choose error, warn, info or debug, for example: ringlet --log-level debug daemon start",
			"there is no log level %q", e.logLevel)
	}
	return slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: level})), nil
}

// Command is the tree of all commands, for what is written about them: man pages
// and completions. Whoever runs it gets no output; that is [Main]'s.
func Command() *cobra.Command {
	return newRoot(&env{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard})
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "ringlet",
		Short: "Give every coding-agent profile its own LLM routing proxy, run by systemd or launchd",
		Long: `ringlet gives every profile of a coding agent its own local LLM routing proxy:
long requests to a cheaper provider, thinking to a strong one, another provider
when the first is down. The proxy is run by the init system: by systemd as the unit
ringlet-proxy@<profile>.service, by launchd as the agent dev.ringlet.proxy.<profile>.

A first session is "ringlet init", or by hand:
  ringlet providers login anthropic
  ringlet profiles create claude work --proxy -p anthropic
  ringlet proxy route add work "long-context" "tokens > 100000" "minimax/MiniMax-M2.7" --priority 10
  ringlet profiles run work`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          help,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if _, err := e.logger(); err != nil {
				return err
			}
			if err := c.ValidateRequiredFlags(); err != nil {
				return fault.New(fault.Usage, "usage: "+c.UseLine(), "%w", err)
			}
			e.parsed = true
			return nil
		},
	}
	root.PersistentFlags().StringVar(&e.logLevel, "log-level", "warn", "error, warn, info or debug; debug shows every D-Bus call, launchctl command and file write")
	root.PersistentFlags().BoolVar(&e.json, "json", false, "print JSON on standard output: an array for a listing, an object for anything else")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fault.New(fault.Usage, flagHint(c, err), "%w", err)
	})
	root.Version = app.Version()
	root.SetVersionTemplate("ringlet {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = false
	_ = root.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"error", "warn", "info", "debug"}, cobra.ShellCompDirectiveNoFileComp))
	root.AddCommand(initCmd(e), profilesCmd(e), agentsCmd(e), aliasesCmd(e), proxyCmd(e), providersCmd(e), daemonCmd(e), usageCmd(e), doctorCmd(e), versionCmd(e))
	addExamples(root)
	noFiles(root)
	strictHelp(root)
	return root
}

// strictHelp lets cobra's own commands refuse what does not exist: left to
// themselves they answer with the help of the nearest command above it.
func strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			c.Args, c.RunE = cobra.ArbitraryArgs, help
		case "help":
			c.Args = func(_ *cobra.Command, args []string) error {
				found, rest, err := root.Find(args)
				if err != nil || len(rest) == 0 {
					return err
				}
				return help(found, rest)
			}
		}
	}
}

// flagHint names the flags that may have been meant.
func flagHint(c *cobra.Command, err error) string {
	see := c.CommandPath() + " --help"
	var unknown interface{ GetSpecifiedName() string }
	if !errors.As(err, &unknown) || c.Flags().Lookup(unknown.GetSpecifiedName()) != nil {
		return "see: " + see
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return "there is " + strings.Join(nearest.Names("--"+unknown.GetSpecifiedName(), names, 3), ", ") + "; see all: " + see
}

// group is a noun: it has only sub-commands.
func group(use, short string, sub ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: help}
	c.AddCommand(sub...)
	return c
}

// help answers a noun without a verb, and refuses a verb that does not exist.
func help(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	hint := "see: " + c.CommandPath() + " --help"
	c.SuggestionsMinimumDistance = 2 // cobra's own, which it sets only where it reports the mistake itself
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean: " + c.CommandPath() + " " + strings.Join(near, " or ")
	}
	return fault.New(fault.Usage, hint, "there is no command %q", c.CommandPath()+" "+args[0])
}

// exactly demands the named arguments, no more and no fewer.
func exactly(names ...string) cobra.PositionalArgs { return between(len(names), names...) }

// between demands at least the first least of the named arguments.
func between(least int, names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fault.New(fault.Usage, "usage: "+c.UseLine(), "the <%s> is missing", names[len(args)])
		case len(args) > len(names):
			return fault.New(fault.Usage, "usage: "+c.UseLine()+` (quote an argument that has spaces)`, "%q is one argument too many", args[len(names)])
		}
		return nil
	}
}

func versionCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			if e.json {
				return e.printJSON(map[string]string{"version": app.Version()})
			}
			_, err := fmt.Fprintln(e.stdout, "ringlet", app.Version())
			return err
		},
	}
}
