package service

import (
	"bytes"
	"context"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/units"
)

// Install implements [Supervisor]. The order makes it mendable: all refusals
// first, then the files, then the links, then the manager reads it all. Whatever
// an interruption leaves, doing all of it again ends in the same place.
func (s *systemd) Install(ctx context.Context, spec units.Spec) error {
	set, err := s.Render(ctx, spec)
	if err != nil {
		return err
	}
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()

	socket, service, err := s.readPair(spec.Alias, spec.ConfigPath)
	if err != nil {
		return err
	}
	target, err := s.readUnit(units.Target)
	if err != nil {
		return err
	}
	// A socket keeps the port that it was opened with, whatever its file says now;
	// and an engine of the other kind would be in the way of the new one.
	alone := set.Socket.Name == ""
	other := service.content != nil && (service.origin.Listen != "") != alone || alone && socket.content != nil
	if moved := socket.content != nil && listens(socket, service) != spec.Port; moved || other || alone && service.content != nil && port(service) != spec.Port {
		if err := s.stop(ctx, spec.Alias); err != nil {
			return err
		}
	}
	if alone && socket.content != nil {
		if err := s.remove(ctx, []string{units.SocketName(spec.Alias)}, socket); err != nil {
			return s.refused(spec.Alias, "be enabled", err)
		}
	}
	before := map[string]unitFile{units.Target: target, set.Socket.Name: socket, set.Service.Name: service}
	for _, f := range set.Files() {
		old := before[f.Name]
		if bytes.Equal(old.content, f.Content) {
			continue
		}
		if old.origin.Edited {
			s.log.WarnContext(ctx, "a unit file that was edited by hand is replaced; settings of your own belong in a drop-in",
				"file", old.path, "drop-in", "systemctl --user edit "+f.Name)
		}
		s.log.DebugContext(ctx, "write file", "path", old.path, "bytes", len(f.Content))
		if err := safefile.Write(old.path, f.Content, 0o644); err != nil {
			return err
		}
	}
	var names []string
	for _, f := range set.Files() {
		names = append(names, f.Name)
	}
	if err := s.enable(ctx, names...); err != nil {
		return s.refused(spec.Alias, "be enabled", err)
	}
	return s.refused(spec.Alias, "be enabled", s.bus.reload(ctx))
}

// Uninstall implements [Supervisor].
func (s *systemd) Uninstall(ctx context.Context, alias string) error {
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()

	socket, service, err := s.readPair(alias, "")
	if err != nil {
		return err
	}
	if err := s.stop(ctx, alias); err != nil {
		return err
	}
	names := []string{units.SocketName(alias), units.ServiceName(alias)}
	if err := s.remove(ctx, names, socket, service); err != nil {
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
		err := s.bus.call(ctx, "DisableUnitFiles", func(ctx context.Context) error {
			_, err := s.bus.conn.DisableUnitFilesContext(ctx, []string{name}, false)
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
		s.log.DebugContext(ctx, "remove file", "path", f.path)
		if err := safefile.Remove(f.path); err != nil {
			return err
		}
	}
	return nil
}

func (s *systemd) enable(ctx context.Context, names ...string) error {
	return s.bus.call(ctx, "EnableUnitFiles", func(ctx context.Context) error {
		_, _, err := s.bus.conn.EnableUnitFilesContext(ctx, names, false, false)
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
	return units.Systemd(spec)
}
