package cli

import (
	"context"
	"slices"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// lister names what can stand at an argument's place; args are those before it.
type lister func(ctx context.Context, a *app.App, args []string) []string

// complete completes the arguments by listers, one for each position. A home
// that cannot be read completes nothing.
func (e *env) complete(listers ...lister) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(listers) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		a, err := e.app()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return listers[len(args)](c.Context(), a, args), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeEach completes every argument by the same lister, without those that
// are there already.
func (e *env) completeEach(list lister) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		a, err := e.app()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names := list(c.Context(), a, args)
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) }), cobra.ShellCompDirectiveNoFileComp
	}
}

func providerNames(_ context.Context, a *app.App, _ []string) []string {
	var out []string
	for _, p := range a.Providers() {
		out = append(out, p.ID)
	}
	return out
}

func agentNames(context.Context, *app.App, []string) []string { return app.AgentNames() }

func profileNames(ctx context.Context, a *app.App, _ []string) []string {
	list, err := a.ListProfiles(ctx)
	if err != nil {
		return nil
	}
	var out []string
	for _, p := range list {
		out = append(out, p.Alias)
	}
	return out
}

// enabledNames are the profiles whose proxy is enabled.
func enabledNames(ctx context.Context, a *app.App, _ []string) []string {
	list, err := a.ListProfiles(ctx)
	if err != nil {
		return nil
	}
	var out []string
	for _, p := range list {
		if p.Proxy {
			out = append(out, p.Alias)
		}
	}
	return out
}

func commandNames(ctx context.Context, a *app.App, _ []string) []string {
	list, err := a.Commands(ctx)
	if err != nil {
		return nil
	}
	var out []string
	for _, c := range list {
		out = append(out, c.Name)
	}
	return out
}

func ruleNames(ctx context.Context, a *app.App, args []string) []string {
	rules, err := a.Routes(ctx, args[0])
	if err != nil {
		return nil
	}
	var out []string
	for _, r := range rules {
		out = append(out, r.Name)
	}
	return out
}

func aliasNames(ctx context.Context, a *app.App, args []string) []string {
	list, err := a.Aliases(ctx, args[0])
	if err != nil {
		return nil
	}
	var out []string
	for _, m := range list {
		out = append(out, m.From)
	}
	return out
}

// targets names every provider's models as targets.
func targets(_ context.Context, a *app.App, _ []string) []string {
	var out []string
	for _, p := range a.Providers() {
		for _, m := range p.Models {
			out = append(out, p.ID+"/"+m.ID)
		}
	}
	return out
}

// conditions names the facts that stand as a condition by themselves; a
// comparison is the user's to write.
func conditions(context.Context, *app.App, []string) []string {
	return []string{"always", "thinking", "stream", "subagent"}
}

func nothing(context.Context, *app.App, []string) []string { return nil }

// takesFile says whether a flag's value is a file or a folder.
func takesFile(f *pflag.Flag) bool {
	return slices.Contains([]string{"config", "credentials", "request", "from", "dir", "file"}, f.Name)
}

// noFiles keeps shells from offering file names where none is meant, which is
// what they do where nothing else is said.
func noFiles(c *cobra.Command) {
	if c.ValidArgsFunction == nil && !c.HasSubCommands() {
		c.ValidArgsFunction = cobra.NoFileCompletions
	}
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if _, ok := c.GetFlagCompletionFunc(f.Name); ok || f.Value.Type() == "bool" || takesFile(f) {
			return
		}
		words := []string{}
		switch f.Name {
		case "port":
			words = []string{"auto"}
		case "since":
			words = []string{"10m", "1h", "yesterday"}
		case "timeout":
			words = []string{"2m", "10m", "1h"}
		}
		_ = c.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	})
	for _, sub := range c.Commands() {
		noFiles(sub)
	}
}
