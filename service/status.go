package service

import (
	"context"
	"net"
	"strconv"

	sd "github.com/coreos/go-systemd/v22/dbus"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/units"
)

// Status implements [Supervisor]: one call for all units, one more per engine.
func (s *systemd) Status(ctx context.Context, aliases []string) ([]State, error) {
	if len(aliases) == 0 {
		return nil, nil
	}
	names := make([]string, 0, 2*len(aliases))
	for _, alias := range aliases {
		names = append(names, units.SocketName(alias), units.ServiceName(alias))
	}
	now, err := s.bus.list(ctx, names...)
	if err != nil {
		return nil, fault.New(fault.InitSystem, "look at it: systemctl --user status", "the user manager does not say how the proxies are: %w", err)
	}
	linger := s.host.Linger(s.host.username())
	states := make([]State, 0, len(aliases))
	for _, alias := range aliases {
		st := State{Alias: alias, Linger: linger}
		socket, service, err := s.readPair(alias, "")
		if err != nil {
			// Another's unit says nothing about this profile's proxy.
			s.log.DebugContext(ctx, "not ours", "alias", alias, "error", err)
			st.Status = Disabled
			states = append(states, st)
			continue
		}
		st.Installed = service.content != nil && (socket.content != nil || service.origin.Listen != "")
		st.Edited = socket.origin.Edited || service.origin.Edited
		st.Port = listens(socket, service)
		if err := s.fill(ctx, &st, now[units.SocketName(alias)], now[units.ServiceName(alias)]); err != nil {
			return nil, s.refused(alias, "be asked", err)
		}
		states = append(states, st)
	}
	return states, nil
}

// fill asks for single properties: reading all of a service, some three hundred,
// costs ten times as much.
func (s *systemd) fill(ctx context.Context, st *State, socket, service sd.UnitStatus) error {
	if service.LoadState == "not-found" && socket.LoadState == "not-found" {
		st.Status = Disabled
		return nil
	}
	get := s.bus.getter(ctx)
	st.Enabled = get.unit(service.Name, "UnitFileState").text() == "enabled"
	st.Status = word(socket.ActiveState, service.ActiveState, st.Enabled)
	st.Result = get.service(service.Name, "Result").text()
	// The port's own failure is the news where the engine has none.
	if socket.ActiveState == "failed" && st.Result == "success" {
		st.Result = get.socket(socket.Name, "Result").text()
	}
	if alive(service.ActiveState) || service.ActiveState == "failed" {
		st.PID = get.service(service.Name, "MainPID").number()
		st.Restarts = get.service(service.Name, "NRestarts").number()
	}
	if st.Status == Running {
		st.Started = get.unit(service.Name, "ActiveEnterTimestamp").time()
	}
	return get.err
}

// word says in one word how the pair is.
func word(socket, service string, enabled bool) Status {
	switch {
	case service == "active", service == "reloading", service == "refreshing", service == "deactivating":
		return Running
	case service == "activating":
		return Starting
	case service == "failed", socket == "failed":
		return Failed
	case socket == "active":
		return Listening
	case socket == "activating":
		return Starting
	case !enabled:
		return Disabled
	}
	return Stopped
}

// listens is the TCP port that a proxy's units name, or 0: its socket's, or that
// of a service which opens it by itself.
func listens(socket, service unitFile) int {
	if p := port(service); p != 0 {
		return p
	}
	return port(socket)
}

// port is the TCP port that a unit names, or 0.
func port(unit unitFile) int {
	_, p, err := net.SplitHostPort(unit.origin.Listen)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(p)
	return n
}
