package service

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	sd "github.com/coreos/go-systemd/v22/dbus"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/units"
)

// asking is how many questions are under way at once. The manager answers one
// after the other; this keeps it from waiting for the next question.
const asking = 8

// Status implements [Supervisor]: one call for all units, and a few for each
// engine that runs or failed.
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
	linked, err := s.linked()
	if err != nil {
		return nil, err
	}
	linger := s.host.Linger(s.host.username())
	states := make([]State, len(aliases))
	errs := make([]error, len(aliases))
	var wg sync.WaitGroup
	turn := make(chan struct{}, asking)
	for i, alias := range aliases {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			st := State{Alias: alias, Linger: linger}
			st.Enabled = linked[units.ServiceName(alias)]
			errs[i] = s.state(ctx, &st, now)
			states[i] = st
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, s.refused(aliases[i], "be asked", err)
		}
	}
	return states, nil
}

// state is one proxy's.
func (s *systemd) state(ctx context.Context, st *State, now map[string]sd.UnitStatus) error {
	socket, service, err := s.readPair(st.Alias, "")
	if err != nil {
		// Another's unit says nothing about this profile's proxy.
		s.log.DebugContext(ctx, "not ours", "alias", st.Alias, "error", err)
		st.Status, st.Enabled = Disabled, false
		return nil
	}
	st.Installed = service.content != nil && (socket.content != nil || service.origin.Listen != "")
	st.Edited = socket.origin.Edited || service.origin.Edited
	st.Port = listens(socket, service)
	if info, err := os.Stat(service.path); err == nil {
		st.Written = info.ModTime()
	}
	return s.fill(ctx, st, now[units.SocketName(st.Alias)], now[units.ServiceName(st.Alias)])
}

// fill asks for single properties: reading all of a service, some three hundred,
// costs ten times as much. An engine that is inactive ended well, or it would
// have failed; so it is not asked about.
func (s *systemd) fill(ctx context.Context, st *State, socket, service sd.UnitStatus) error {
	if service.LoadState == "not-found" && socket.LoadState == "not-found" {
		st.Status, st.Enabled = Disabled, false
		return nil
	}
	st.Status, st.Result = word(socket.ActiveState, service.ActiveState, st.Enabled), "success"
	get := s.bus.getter(ctx)
	if alive(service.ActiveState) || service.ActiveState == "failed" {
		if service.ActiveState != "active" { // of an active one it is "success"
			st.Result = get.service(service.Name, "Result").text()
		}
		st.PID = get.service(service.Name, "MainPID").number()
		st.Restarts = get.service(service.Name, "NRestarts").number()
	}
	// The port's own failure is the news where the engine has none.
	if socket.ActiveState == "failed" && st.Result == "success" {
		st.Result = get.socket(socket.Name, "Result").text()
	}
	if st.Status == Running {
		st.Started = get.unit(service.Name, "ActiveEnterTimestamp").time()
		st.Text = get.service(service.Name, "StatusText").text()
	}
	return get.err
}

// linked are the units that something here wants: those that are enabled. The
// manager knows as well (UnitFileState), but it searches all folders for each
// unit that it was not asked about since its last reload, which takes 1.6 ms.
func (s *systemd) linked() (map[string]bool, error) {
	out := map[string]bool{}
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".wants") && !strings.HasSuffix(e.Name(), ".requires") {
			continue
		}
		links, err := os.ReadDir(filepath.Join(s.dir, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, link := range links {
			out[link.Name()] = true
		}
	}
	return out, nil
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
