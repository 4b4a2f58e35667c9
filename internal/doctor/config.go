package doctor

import "context"

// ConfigState is how a config.yaml differs from its profile.
type ConfigState struct {
	Problem string // what differs, to follow on "config.yaml"; "" for nothing
	Broken  bool   // it cannot be read, and would be moved aside
}

// Configs are the generated configurations.
type Configs interface {
	ConfigState(ctx context.Context, alias string) (ConfigState, error)
	// Regenerate writes it anew and lets a running engine take it up. aside is
	// where a broken one is kept, or "".
	Regenerate(ctx context.Context, alias string) (aside string, err error)
}

// Config is about config.yaml.
type Config struct {
	Profiles []Profile
	Files    Configs
}

// Name implements [Check].
func (Config) Name() string { return "config" }

// Run implements [Check].
func (c Config) Run(ctx context.Context) []Finding {
	var out []Finding
	for _, p := range c.Profiles {
		if !p.Enabled || p.Port == 0 || p.Token != nil {
			continue // it would differ in what other checks say is missing
		}
		s, err := c.Files.ConfigState(ctx, p.Alias)
		regenerate := "ringlet proxy config " + p.Alias + " --regenerate"
		mend := func(ctx context.Context) (string, error) {
			aside, err := c.Files.Regenerate(ctx, p.Alias)
			if aside != "" {
				return "wrote it anew; what was there is kept as " + aside, err
			}
			return "wrote it anew", err
		}
		switch {
		case err != nil:
			out = append(out, problem(p.Alias, err))
		case s.Broken:
			out = append(out, failure(p.Alias, regenerate, "config.yaml %s", s.Problem).by(mend))
		case s.Problem != "":
			out = append(out, warning(p.Alias, regenerate, "config.yaml %s", s.Problem).by(mend))
		default:
			out = append(out, ok(p.Alias, "config.yaml is what the profile says"))
		}
	}
	return out
}

// Key is how one provider's key is for a profile.
type Key struct {
	Provider string
	Source   string // where it was found; "" with Problem
	Problem  string // why requests will fail; "" when they will not
	Fix      string
}

// Keys is about provider keys.
type Keys struct {
	Profiles []Profile
	Of       func(alias string) []Key
}

// Name implements [Check].
func (Keys) Name() string { return "keys" }

// Run implements [Check].
func (k Keys) Run(context.Context) []Finding {
	var out []Finding
	for _, p := range k.Profiles {
		bad := false
		for _, key := range k.Of(p.Alias) {
			if key.Problem != "" {
				bad = true
				out = append(out, failure(p.Alias, key.Fix, "%s", key.Problem))
			}
		}
		if !bad {
			out = append(out, ok(p.Alias, "its providers have their keys"))
		}
	}
	return out
}

// AgentSettings are the settings of profiles' agents.
type AgentSettings interface {
	// Installed is an error that says how to install the agent.
	Installed(alias string) error
	// Pointed lists what keeps the settings from using the proxy.
	Pointed(ctx context.Context, alias string) ([]string, error)
	Point(ctx context.Context, alias string) error
}

// Agents is about agents and their settings.
type Agents struct {
	Profiles []Profile
	Settings AgentSettings
}

// Name implements [Check].
func (Agents) Name() string { return "agent" }

// Run implements [Check].
func (a Agents) Run(ctx context.Context) []Finding {
	var out []Finding
	for _, p := range a.Profiles {
		if err := a.Settings.Installed(p.Alias); err != nil {
			f := problem(p.Alias, err)
			f.Result = Warning
			out = append(out, f)
		}
		if !p.Enabled || p.Port == 0 {
			continue
		}
		if p.Token != nil {
			out = append(out, failure(p.Alias, "ringlet proxy enable "+p.Alias, "its local token, which its agent carries, cannot be read: %v", p.Token))
			continue
		}
		why, err := a.Settings.Pointed(ctx, p.Alias)
		switch {
		case err != nil:
			out = append(out, problem(p.Alias, err))
		case len(why) > 0:
			f := failure(p.Alias, "ringlet proxy enable "+p.Alias, "the agent does not use its proxy: %s", why[0])
			out = append(out, f.by(func(ctx context.Context) (string, error) {
				return "pointed the agent's settings at the proxy", a.Settings.Point(ctx, p.Alias)
			}))
		default:
			out = append(out, ok(p.Alias, "the agent's settings point at the proxy"))
		}
	}
	return out
}
