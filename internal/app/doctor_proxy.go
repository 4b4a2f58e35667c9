package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/doctor"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// starter starts a proxy as the command does.
type starter struct{ *App }

// Start implements [doctor.Starter].
func (s starter) Start(ctx context.Context, alias string) error {
	_, err := s.App.Start(ctx, alias)
	return err
}

// Move implements [doctor.Mover]: enable gives out another port where the one
// that was given out is taken.
func (d *patient) Move(ctx context.Context, alias string) (string, error) {
	r, err := d.App.Enable(ctx, alias, EnableOptions{})
	return r.BaseURL, err
}

// ours says whether the profile's own engine listens on its port.
func (d *patient) ours(ctx context.Context, alias string) bool {
	_, err := d.ask(ctx, alias)
	return err == nil
}

func (d *patient) ask(ctx context.Context, alias string) (health.Report, error) {
	p := d.of(alias)
	port, err := d.Profiles.Port(p.Alias)
	if err != nil {
		return health.Report{}, err
	}
	client, err := d.client(p, port)
	if err != nil {
		return health.Report{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return client.Check(ctx)
}

// Health implements [doctor.EngineAsker].
func (d *patient) Health(ctx context.Context, alias string) (health.Report, error) {
	p := d.of(alias)
	if !external(p) {
		return d.ask(ctx, alias)
	}
	port, err := d.Profiles.Port(p.Alias)
	if err != nil {
		return health.Report{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	r, err := d.ultrallm(d.sup, p, port).Check(ctx)
	r.Version, r.Seq = "", 0 // another program's
	return r, err
}

// Reload implements [doctor.EngineAsker].
func (d *patient) Reload(ctx context.Context, alias string) error {
	_, err := d.App.Reload(ctx, alias)
	return err
}

// program is the file that an engine runs, see [doctor.Binary].
func (d *patient) program(alias string, pid int) (path string, replaced bool) {
	path, err := programOf(d.states[alias])(pid)
	if err != nil {
		return "", false
	}
	return strings.CutSuffix(path, deletedProgram)
}

// ConfigState implements [doctor.Configs].
func (d *patient) ConfigState(_ context.Context, alias string) (doctor.ConfigState, error) {
	drift, err := d.Profiles.Drift(d.of(alias).Alias)
	var broken *profiles.ConfigError
	switch {
	case errors.As(err, &broken):
		return doctor.ConfigState{Problem: "cannot be used: " + broken.Error(), Broken: true}, nil
	case err != nil:
		return doctor.ConfigState{}, err
	}
	switch drift {
	case profiles.NoDrift:
		return doctor.ConfigState{}, nil
	case profiles.ConfigMissing:
		return doctor.ConfigState{Problem: "is missing"}, nil
	case profiles.ConfigBehind:
		return doctor.ConfigState{Problem: "is older than the profile: a command was interrupted"}, nil
	}
	return doctor.ConfigState{Problem: "is not what the profile and its providers give: it was edited, or they have changed since"}, nil
}

// Regenerate implements [doctor.Configs].
func (d *patient) Regenerate(ctx context.Context, alias string) (string, error) {
	return d.App.Regenerate(ctx, alias)
}

// keys says how the keys are that a profile needs.
func (d *patient) keys(alias string) []doctor.Key {
	p := d.of(alias)
	var out []doctor.Key
	for _, use := range d.uses(p) {
		switch use.provider.AuthHeader {
		case providers.NoAuth, providers.Google, providers.Client:
			continue
		}
		source, err := d.keySource(use.provider, use.endpoint)
		k := doctor.Key{Provider: use.provider.ID, Source: source}
		switch {
		case err != nil:
			k.Problem, k.Fix = fmt.Sprintf("requests to %s will fail: %v", use.provider.Name, err), fault.Hint(err)
			if name := use.provider.AuthEnv; name != "" && os.Getenv(name) != "" {
				k.Fix = fmt.Sprintf("%s; or take over what this shell has as %s: ringlet providers login %s --from-env", k.Fix, name, use.provider.ID)
			}
		case source == shellOnly && p.Proxy.Enabled && d.sup != nil:
			k.Problem = fmt.Sprintf("requests to %s will fail: %s is set in this shell only, where a service does not see it", use.provider.Name, use.provider.AuthEnv)
			k.Fix = "ringlet providers login " + use.provider.ID + " --from-env"
		}
		out = append(out, k)
	}
	return out
}

// Installed implements [doctor.AgentSettings].
func (d *patient) Installed(alias string) error {
	agent, err := agents.ByName(d.of(alias).Agent)
	if err != nil {
		return err
	}
	_, err = agent.Find(d.hostAnywhere())
	return err
}

// Pointed implements [doctor.AgentSettings].
func (d *patient) Pointed(ctx context.Context, alias string) ([]string, error) {
	p := d.of(alias)
	agent, err := agents.ByName(p.Agent)
	if err != nil {
		return nil, err
	}
	if agent.SettingsPath(d.home(p)) == "" || d.sup == nil && d.neverRan(alias) {
		return nil, nil // it is told when it starts
	}
	token, err := d.Secrets.Token(alias)
	if err != nil {
		return nil, err
	}
	port, err := d.Profiles.Port(p.Alias)
	if err != nil {
		return nil, err
	}
	return agent.Pointed(ctx, agents.PointOptions{Home: d.home(p), RestoreDir: d.Dirs.RestoreDir(alias), BaseURL: baseURL(port), Token: token,
		OwnLogin: d.ownLogin(p), Model: p.Model, Serving: d.serving(p)})
}

// neverRan says whether the agent's settings were never touched.
func (d *patient) neverRan(alias string) bool {
	_, err := os.Lstat(d.Dirs.RestoreDir(alias))
	return err != nil
}

// Point implements [doctor.AgentSettings].
func (d *patient) Point(ctx context.Context, alias string) error {
	p, release, err := d.locked(ctx, alias, d.proxied)
	if err != nil {
		return err
	}
	defer release()
	port, err := d.Profiles.Port(p.Alias)
	if err != nil {
		return err
	}
	return d.point(ctx, p, port)
}

// errRead ends the reading of a log after one line.
var errRead = errors.New("that was one")

// ReadLog implements [doctor.LogReader].
func (d *patient) ReadLog(ctx context.Context, alias string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := d.sup.Logs(ctx, alias, service.LogOptions{Lines: 1}, func(service.Line) error { return errRead })
	if errors.Is(err, errRead) {
		return nil
	}
	return err
}

// serviceEnvironment is how a variable is for the engine of a profile: as its
// unit and the manager have it, or, where it runs, as it got it. Nil where there
// is no such thing.
func (d *patient) serviceEnvironment() func(alias, name string) string {
	sup, ok := d.sup.(interface {
		Environment(ctx context.Context, alias string, names []string) (map[string]string, error)
	})
	if !ok {
		return nil
	}
	byAlias := map[string]map[string]string{}
	return func(alias, name string) string {
		if byAlias[alias] == nil {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			env, err := sup.Environment(ctx, alias, profiles.EnvironmentNames())
			if err != nil {
				d.log.Debug("no environment", "profile", alias, "error", err)
				env = map[string]string{}
			}
			if pid := d.states[alias].PID; pid > 0 {
				text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
				for kv := range strings.SplitSeq(string(text), "\x00") {
					if name, value, ok := strings.Cut(kv, "="); ok && env[name] == "" {
						env[name] = value // from a file that a drop-in names, for one
					}
				}
			}
			byAlias[alias] = env
		}
		return byAlias[alias][name]
	}
}
