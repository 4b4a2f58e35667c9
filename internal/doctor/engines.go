package doctor

import (
	"context"

	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/service"
)

// EngineAsker asks engines that run, without waking those that sleep.
type EngineAsker interface {
	Health(ctx context.Context, alias string) (health.Report, error)
	Reload(ctx context.Context, alias string) error
}

// Engines is about what running engines say of themselves.
type Engines struct {
	Profiles []Profile
	States   map[string]service.State
	Ask      EngineAsker
}

// Name implements [Check].
func (Engines) Name() string { return "engine" }

// Run implements [Check].
func (e Engines) Run(ctx context.Context) []Finding {
	var out []Finding
	for _, p := range e.Profiles {
		if !p.Enabled || e.States[p.Alias].Status != service.Running || p.Port == 0 || p.Token != nil {
			continue // without a port or a token it cannot be asked, which other checks say
		}
		r, err := e.Ask.Health(ctx, p.Alias)
		switch {
		case err != nil:
			f := problem(p.Alias, err)
			f.Fix = "ringlet proxy restart " + p.Alias
			out = append(out, f)
		case r.ReloadError != "":
			out = append(out, failure(p.Alias, "ringlet proxy config "+p.Alias+" --regenerate", "it keeps its last good configuration, because it refused the newest: %s", r.ReloadError))
		case r.Seq > 0 && r.Seq < p.Seq:
			out = append(out, warning(p.Alias, "ringlet proxy reload "+p.Alias, "it runs configuration %d, and %d is newer", r.Seq, p.Seq).by(func(ctx context.Context) (string, error) {
				return "it took up its newest configuration", e.Ask.Reload(ctx, p.Alias)
			}))
		default:
			out = append(out, ok(p.Alias, "it answers, and has its newest configuration in force"))
		}
	}
	return out
}

// Binary is about engines whose program was replaced under them.
type Binary struct {
	Profiles []Profile
	States   map[string]service.State
	Version  string // of this command
	Ask      EngineAsker
	// Program is the file that a profile's engine runs, and whether it has been
	// replaced or moved since; "" where that is not known.
	Program func(alias string, pid int) (path string, replaced bool)
}

// Name implements [Check].
func (Binary) Name() string { return "binary" }

// Run implements [Check].
func (b Binary) Run(ctx context.Context) []Finding {
	var out []Finding
	for _, p := range b.Profiles {
		st := b.States[p.Alias]
		if !p.Enabled || st.Status != service.Running || st.PID == 0 {
			continue
		}
		restart := "ringlet proxy restart " + p.Alias
		if path, replaced := b.Program(p.Alias, st.PID); replaced {
			out = append(out, warning(p.Alias, restart, "its engine runs from %s, which has been replaced or moved since", path))
			continue
		}
		r, err := b.Ask.Health(ctx, p.Alias)
		switch {
		case err != nil:
			continue // the check of the engine says so
		case r.Version != "" && r.Version != b.Version:
			out = append(out, warning(p.Alias, restart, "its engine is version %s, and this is %s", r.Version, b.Version))
		default:
			out = append(out, ok(p.Alias, "its engine is of this version"))
		}
	}
	return out
}
