package app

import (
	"context"
	"strings"
	"sync"

	"github.com/ringlet/ringlet/internal/doctor"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// drifter is a supervisor whose unit files can be compared with what it would write.
type drifter interface {
	Drift(ctx context.Context, spec units.Spec) (service.Drift, error)
}

// keepsake remembers where edited files are kept.
type keepsake struct {
	mu    sync.Mutex
	paths []string
}

func (k *keepsake) add(f service.Kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.paths = append(k.paths, f.Backup)
}

// take returns the paths since the last time.
func (k *keepsake) take() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	paths := k.paths
	k.paths = nil
	return paths
}

// unitDoctor looks at unit files and writes them anew.
type unitDoctor struct {
	*patient
	files drifter
}

// unitFiles is nil where there is nothing to compare.
func (d *patient) unitFiles() doctor.UnitFiles {
	if files, ok := d.sup.(drifter); ok {
		return unitDoctor{d, files}
	}
	return nil
}

// Drift implements [doctor.UnitFiles].
func (u unitDoctor) Drift(ctx context.Context, alias string) (service.Drift, error) {
	p := u.of(alias)
	port, err := u.Profiles.Port(p.Alias)
	if err != nil {
		return service.Drift{}, err
	}
	return u.files.Drift(ctx, u.spec(p, profiles.Change{Port: port, ConfigPath: u.Dirs.EngineConfig(p.Agent, alias)}))
}

// Rewrite implements [doctor.UnitFiles]. What ran before runs after it.
func (u unitDoctor) Rewrite(ctx context.Context, alias string) (string, error) {
	p, release, err := u.locked(ctx, alias, u.proxied)
	if err != nil {
		return "", err
	}
	defer release()
	if err := u.adoptPorts(ctx, u.sup, p); err != nil {
		return "", err
	}
	c, err := u.Profiles.EnsureConfig(ctx, p.Alias)
	if err != nil {
		return "", err
	}
	spec := u.spec(p, c)
	drift, err := u.files.Drift(ctx, spec)
	if err != nil {
		return "", err
	}
	u.kept.take() // of what was mended before
	if external(p) {
		if err := u.writeKeys(p); err != nil {
			return "", err
		}
	}
	if err := u.sup.Install(ctx, spec); err != nil {
		return "", err
	}
	did := "wrote the unit files anew and reloaded the manager"
	if u.sup.Name() == launchd {
		did = "wrote the launchd agent anew"
	}
	if kept := u.kept.take(); len(kept) > 0 {
		did += "; what was edited is kept in " + strings.Join(kept, ", ")
	}
	after, err := u.sup.Status(ctx, []string{alias})
	if err != nil {
		return "", err
	}
	switch before, now := u.states[alias].Status, after[0].Status; {
	case now == service.Running && len(drift.Edited)+len(drift.Outdated) > 0:
		did += "; its engine uses them after: ringlet proxy restart " + alias
	case (before == service.Running || before == service.Listening) && now != service.Listening && now != service.Starting && now != service.Running:
		// Another port is another socket, for which Install stops the proxy.
		if err := u.sup.Start(ctx, alias); err != nil {
			return "", err
		}
		did += ", and started the proxy"
	}
	return did, nil
}

// Withdraw implements [doctor.UnitFiles].
func (u unitDoctor) Withdraw(ctx context.Context, alias string) error {
	return u.Disable(ctx, alias, false)
}
