package app

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// variables are those that a profile keeps for its engine, sorted by name.
func variables(p profiles.Profile) []units.Variable {
	var out []units.Variable
	for _, name := range slices.Sorted(maps.Keys(p.Proxy.Environment)) {
		out = append(out, units.Variable{Name: name, Value: p.Proxy.Environment[name]})
	}
	return out
}

// withVariables is the environment of an engine that no init system starts: what
// the profile keeps counts, not what this shell has under the same name.
func withVariables(environ []string, p profiles.Profile) []string {
	for _, v := range variables(p) {
		environ = append(environ, v.Name+"="+v.Value) // os/exec takes the last one
	}
	return environ
}

// ProxyEnvironment is what a profile keeps for its engine's environment. The
// field names are stable.
type ProxyEnvironment struct {
	Profile     string            `json:"profile"`
	Environment map[string]string `json:"environment"`
	Restart     bool              `json:"restart"` // its engine runs with another one until it is restarted
}

// ProxyEnv shows it.
func (a *App) ProxyEnv(alias string) (ProxyEnvironment, error) {
	p, err := a.profile(alias)
	return ProxyEnvironment{Profile: alias, Environment: orEmpty(p.Proxy.Environment)}, err
}

// SetProxyEnv keeps the shell's variables about the network, see
// [profiles.EnvironmentNames], for a profile's engine, or with record false
// forgets those that it keeps, and writes the unit files anew.
func (a *App) SetProxyEnv(ctx context.Context, alias string, record bool) (ProxyEnvironment, error) {
	set := map[string]string{}
	for _, name := range profiles.EnvironmentNames() {
		value := os.Getenv(name)
		if !record || value == "" {
			continue
		}
		if err := profiles.CheckEnvironment(name, value); err != nil {
			return ProxyEnvironment{}, err
		}
		set[name] = value
	}
	if record && len(set) == 0 {
		return ProxyEnvironment{}, fault.New(fault.Failed, "set it first, or forget what was recorded: ringlet proxy environment "+alias+" --clear",
			"this shell has no variable about the network, such as HTTPS_PROXY")
	}
	p, release, err := a.locked(ctx, alias, a.profile)
	if err != nil {
		return ProxyEnvironment{}, err
	}
	defer release()
	out := ProxyEnvironment{Profile: alias, Environment: set}
	same := maps.Equal(p.Proxy.Environment, set)
	p, c, err := a.Profiles.Update(ctx, p.Alias, func(p *profiles.Profile) error {
		p.Proxy.Environment = nil
		if len(set) > 0 {
			p.Proxy.Environment = set
		}
		return nil
	})
	if err != nil || !p.Proxy.Enabled {
		return out, err
	}
	sup, err := a.connect(ctx, alias)
	var none *service.Unavailable
	if errors.As(err, &none) {
		return out, nil // the next session's engine gets it
	}
	if err != nil {
		return out, err
	}
	defer sup.Close()
	// Also where nothing changed: an earlier command may have been interrupted here.
	if err := sup.Install(ctx, a.spec(p, c)); err != nil {
		return out, err
	}
	states, err := sup.Status(ctx, []string{alias})
	if err != nil {
		return out, err
	}
	out.Restart = !same && states[0].Status == service.Running
	_, err = a.apply(ctx, p, c)
	return out, err
}
