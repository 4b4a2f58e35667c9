package service

import (
	"context"
	"time"

	sd "github.com/coreos/go-systemd/v22/dbus"

	"github.com/ringlet/ringlet/units"
)

// Start implements [Supervisor]. The socket is started by itself first, as its
// failure (the port is taken) would otherwise be a "dependency" of the service's.
func (s *systemd) Start(ctx context.Context, alias string) error {
	if err := s.owned(alias); err != nil {
		return err
	}
	if err := s.forgive(ctx, alias); err != nil {
		return s.refused(alias, "start", err)
	}
	return s.start(ctx, alias)
}

func (s *systemd) start(ctx context.Context, alias string) error {
	socket, service := units.SocketName(alias), units.ServiceName(alias)
	now, err := s.bus.list(ctx, socket, service)
	if err != nil {
		return s.refused(alias, "start", err)
	}
	alone, err := s.alone(alias)
	switch {
	case err != nil:
		return err
	case now[service].load == "not-found" || now[socket].load == "not-found" && !alone:
		return notInstalled(alias)
	case alone:
		if err := s.run(ctx, alias, "start", service, (*sd.Conn).StartUnitContext, "replace"); err != nil {
			return err
		}
		return s.markTarget(ctx)
	}
	// Where only the socket was stopped, the engine still holds the port, and
	// systemd refuses to open it again behind its back.
	if now[socket].active != "active" && alive(now[service].active) {
		if err := s.stop(ctx, alias); err != nil {
			return err
		}
	}
	for _, unit := range []string{socket, service} {
		if err := s.run(ctx, alias, "start", unit, (*sd.Conn).StartUnitContext, "replace"); err != nil {
			return err
		}
	}
	return s.markTarget(ctx)
}

// Stop implements [Supervisor].
func (s *systemd) Stop(ctx context.Context, alias string) error {
	if err := s.owned(alias); err != nil {
		return err
	}
	return s.stop(ctx, alias)
}

// stop ends all, the socket before the engine: while it is open, a client would
// start that again; and so would mending that goes on. An engine that had to be
// killed is stopped, not failed.
func (s *systemd) stop(ctx context.Context, alias string) error {
	for _, unit := range []string{units.MendName(alias), units.SocketName(alias), units.ServiceName(alias)} {
		result, err := s.bus.stop(ctx, unit)
		if isDBus(err, "NoSuchUnit") {
			continue
		}
		if err != nil {
			return s.refused(alias, "stop", err)
		}
		if result != "done" {
			return &JobError{Alias: alias, Verb: "stop", Unit: unit, Job: result}
		}
	}
	return s.forgive(ctx, alias)
}

// Restart implements [Supervisor]. Mode ignore-dependencies leaves the socket
// alone, which is PartOf the service and would be closed and opened again.
func (s *systemd) Restart(ctx context.Context, alias string) error {
	if err := s.owned(alias); err != nil {
		return err
	}
	if err := s.forgive(ctx, alias); err != nil {
		return s.refused(alias, "restart", err)
	}
	socket, service := units.SocketName(alias), units.ServiceName(alias)
	alone, err := s.alone(alias)
	if err != nil {
		return err
	}
	now, err := s.bus.list(ctx, socket)
	if err != nil {
		return s.refused(alias, "restart", err)
	}
	if now[socket].active != "active" && !alone {
		return s.start(ctx, alias)
	}
	if err := s.run(ctx, alias, "restart", service, (*sd.Conn).RestartUnitContext, "ignore-dependencies"); err != nil {
		return err
	}
	return s.markTarget(ctx)
}

// Reload implements [Supervisor].
func (s *systemd) Reload(ctx context.Context, alias string) error {
	if err := s.owned(alias); err != nil {
		return err
	}
	service := units.ServiceName(alias)
	now, err := s.bus.list(ctx, service)
	switch {
	case err != nil:
		return s.refused(alias, "reload", err)
	case now[service].load == "not-found":
		return notInstalled(alias)
	case !alive(now[service].active) || now[service].active == "deactivating":
		return notRunning(alias)
	}
	return s.run(ctx, alias, "reload", service, (*sd.Conn).ReloadUnitContext, "replace")
}

// owned refuses units that are another's: systemctl is there for those.
func (s *systemd) owned(alias string) error {
	_, _, err := s.readPair(alias, "")
	return err
}

// alone says that the proxy's service opens its port by itself.
func (s *systemd) alone(alias string) (bool, error) {
	_, service, err := s.readPair(alias, "")
	return service.origin.Listen != "", err
}

// run does one job and explains its failure.
func (s *systemd) run(ctx context.Context, alias, verb, unit string, queue jobFunc, mode string) error {
	since := time.Now()
	result, err := s.bus.job(ctx, verb, queue, unit, mode)
	if err != nil {
		return s.refused(alias, verb, err)
	}
	if result == "done" {
		return nil
	}
	return s.explain(ctx, &JobError{Alias: alias, Verb: verb, Unit: unit, Job: result}, since)
}

// markTarget makes ringlet.target active beside a proxy that was started alone,
// so that stopping the target stops it. The others that are enabled stay as they are.
func (s *systemd) markTarget(ctx context.Context) error {
	_, err := s.bus.job(ctx, "StartUnit", (*sd.Conn).StartUnitContext, units.Target, "ignore-dependencies")
	if isDBus(err, "NoSuchUnit") {
		return nil
	}
	return err
}

// alive says that an engine's process may be there, or is about to be.
func alive(activeState string) bool {
	switch activeState {
	case "active", "activating", "deactivating", "reloading", "refreshing":
		return true
	}
	return false
}
