package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/shell"
	"github.com/ringlet/ringlet/service"
)

// Environment is what makes a shell one of a profile: what the agent needs that
// the shell does not have. The field names are stable.
type Environment struct {
	Profile string `json:"profile"`
	Agent   string `json:"agent"`
	Program string `json:"program"` // the agent's
	// Set holds variables and their values; a value may be a secret, the profile's token for one.
	Set   map[string]string `json:"set"`
	Unset []string          `json:"unset"` // variables that would lead the agent past its proxy, sorted
	// Arguments are what the agent has to be given besides its environment.
	Arguments []string `json:"arguments"`
}

// ProfileEnv prepares a profile as RunProfile does, and says what its agent's
// environment is instead of starting it. A proxy that no init system runs
// would end with this command, and is refused.
func (a *App) ProfileEnv(ctx context.Context, alias string) (Environment, error) {
	p, err := a.profile(alias)
	if err != nil {
		return Environment{}, err
	}
	agent, err := agents.ByName(p.Agent)
	if err != nil {
		return Environment{}, err
	}
	host, err := a.host()
	if err != nil {
		return Environment{}, err
	}
	if _, err := agent.Find(host); err != nil {
		return Environment{}, err
	}
	var cmd agents.Command
	if !p.Proxy.Enabled {
		direct, err := a.direct(agent, p)
		if err != nil {
			return Environment{}, err
		}
		if cmd, err = a.command(ctx, agent, p, agents.RunOptions{Direct: direct}); err != nil {
			return Environment{}, err
		}
	} else {
		sup, err := a.connect(ctx, alias)
		var none *service.Unavailable
		if errors.As(err, &none) {
			return Environment{}, fault.New(fault.InitSystem, "run the agent by ringlet, which runs the proxy with it: ringlet profiles run "+alias,
				"the proxy of %q cannot outlive this command: %w", alias, err)
		}
		if err != nil {
			return Environment{}, err
		}
		defer sup.Close()
		if err := a.ready(ctx, sup, p); err != nil {
			return Environment{}, a.notReady(ctx, sup, agent, p, err)
		}
		if cmd, err = a.proxiedCommand(ctx, agent, p, nil); err != nil {
			return Environment{}, err
		}
	}
	if err := a.started(ctx, agent, p, cmd); err != nil {
		return Environment{}, err
	}
	out := difference(os.Environ(), cmd.Env)
	out.Profile, out.Agent, out.Program, out.Arguments = alias, p.Agent, cmd.Path, append([]string{}, cmd.Argv[1:]...)
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME"} {
		if to, ok := out.Set[name]; ok {
			a.warn("%s becomes %s in this shell, for every program in it; ringlet profiles run %s keeps that to the agent", name, to, alias)
		}
	}
	if len(out.Arguments) > 0 {
		var quoted []string
		for _, arg := range out.Arguments {
			quoted = append(quoted, shell.Bash.Quote(arg))
		}
		a.warn("%s takes a part from its arguments, so start it as: %s %s", agent.Title(), cmd.Argv[0], strings.Join(quoted, " "))
	}
	return out, nil
}

// difference is what turns the environment from into to. Names that no shell
// can set, such as a function that bash exported, stay as they are.
func difference(from, to []string) Environment {
	was, is := byName(from), byName(to)
	out := Environment{Set: map[string]string{}, Unset: []string{}}
	for name, value := range is {
		if had, ok := was[name]; (!ok || had != value) && shell.ValidName(name) {
			out.Set[name] = value
		}
	}
	for name := range was {
		if _, ok := is[name]; !ok && shell.ValidName(name) {
			out.Unset = append(out.Unset, name)
		}
	}
	slices.Sort(out.Unset)
	return out
}

// byName is an environment by name; where one stands twice the first counts, as for getenv(3).
func byName(environ []string) map[string]string {
	out := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if _, twice := out[name]; !twice {
			out[name] = value
		}
	}
	return out
}

// Script is the environment as lines for a shell.
func (e Environment) Script(kind shell.Kind) string {
	var b strings.Builder
	for _, name := range e.Unset {
		b.WriteString(kind.Unset(name))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Set)) {
		b.WriteString(kind.Set(name, e.Set[name]))
	}
	return b.String()
}

// ShellKind is the shell that was asked for, or the user's own.
func ShellKind(asked string) (shell.Kind, error) {
	if asked != "" {
		return shell.Parse(asked)
	}
	kind, err := shell.Of(os.Getenv("SHELL"))
	if err != nil {
		return "", fmt.Errorf("SHELL: %w", err)
	}
	return kind, nil
}
