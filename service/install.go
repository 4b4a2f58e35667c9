package service

import (
	"context"

	sd "github.com/coreos/go-systemd/v22/dbus"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/units"
)

// Install implements [Supervisor].
func (s *systemd) Install(ctx context.Context, spec units.Spec) error {
	return s.InstallAll(ctx, []units.Spec{spec})
}

// Uninstall implements [Supervisor].
func (s *systemd) Uninstall(ctx context.Context, alias string) error {
	return s.uninstall(ctx, alias, "")
}

// uninstall removes the units for a configuration; "" is that of the profile.
func (s *systemd) uninstall(ctx context.Context, alias, config string) error {
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	s.fresh.forget(alias)

	socket, service, err := s.readOlder(alias, config)
	if err != nil {
		return err
	}
	mend, err := s.readUnit(units.MendName(alias))
	if err != nil {
		return err
	}
	if err := s.stop(ctx, alias); err != nil {
		return err
	}
	names := []string{units.SocketName(alias), units.ServiceName(alias)}
	if err := s.remove(ctx, names, socket, service, mend); err != nil {
		return s.refused(alias, "be disabled", err)
	}
	left, others, err := s.installed()
	if err != nil {
		return err
	}
	if len(left) == 0 && !others {
		if err := s.removeTarget(ctx); err != nil {
			return s.refused(alias, "be disabled", err)
		}
	}
	// Without this the manager would still know, and could start, what is gone.
	if err := s.bus.reload(ctx); err != nil {
		return s.refused(alias, "be disabled", err)
	}
	return s.forgive(ctx, alias)
}

func (s *systemd) removeTarget(ctx context.Context) error {
	target, err := s.readUnit(units.Target)
	if err != nil || target.content == nil {
		// A target of somebody else's stays.
		return nil
	}
	if _, err := s.bus.stop(ctx, units.Target); err != nil && !isDBus(err, "NoSuchUnit") {
		return err
	}
	return s.remove(ctx, []string{units.Target}, target)
}

// remove takes away the links to units, then the files.
func (s *systemd) remove(ctx context.Context, names []string, files ...unitFile) error {
	for _, name := range names { // one by one: one that is not there must not keep the others' links
		err := s.bus.call(ctx, "DisableUnitFiles", func(ctx context.Context, conn *sd.Conn) error {
			_, err := conn.DisableUnitFilesContext(ctx, []string{name}, false)
			return err
		}, "unit", name)
		if err != nil && !isDBus(err, "NoSuchUnit") {
			return err
		}
	}
	for _, f := range files {
		if f.content == nil {
			continue
		}
		if err := s.backups.removing(ctx, f.path, f.content, f.origin.Edited); err != nil {
			return err
		}
		s.log.DebugContext(ctx, "remove file", "path", f.path)
		if err := safefile.Remove(f.path); err != nil {
			return err
		}
	}
	return nil
}

func (s *systemd) enable(ctx context.Context, names ...string) error {
	return s.bus.call(ctx, "EnableUnitFiles", func(ctx context.Context, conn *sd.Conn) error {
		_, _, err := conn.EnableUnitFilesContext(ctx, names, false, false)
		return err
	}, "units", names)
}

// Render is what Install would write for this systemd.
func (s *systemd) Render(ctx context.Context, spec units.Spec) (units.Set, error) {
	version, err := s.bus.version(ctx)
	if err != nil {
		return units.Set{}, s.refused(spec.Alias, "be enabled", err)
	}
	spec.Systemd = version
	if spec.Ultrallm == "" {
		found, err := s.probe(ctx)
		spec.Namespaces, spec.Refused = found.Namespaces, found.Refused
		if err != nil { // without an answer: as it is, and else what starts in any case
			there, _ := s.readUnit(units.ServiceName(spec.Alias)) // another's is refused elsewhere
			spec.Namespaces, spec.Refused = units.Allowed(there.content)
		}
	}
	return units.Systemd(spec)
}
