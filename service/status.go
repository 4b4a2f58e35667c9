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
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/units"
)

// Status implements [Supervisor]: one call for all units, then all that there is to
// ask of the engines that run or failed at once. The unit files are read meanwhile.
func (s *systemd) Status(ctx context.Context, aliases []string) ([]State, error) {
	if len(aliases) == 0 {
		return nil, nil
	}
	var (
		asked    []pair
		askedErr error
		answered = make(chan struct{})
	)
	go func() {
		defer close(answered)
		asked, askedErr = s.pairs(ctx, aliases)
	}()
	states, err := s.onDisk(ctx, aliases)
	<-answered
	if askedErr != nil {
		err = askedErr
	}
	if err != nil {
		return nil, err
	}
	for i := range states {
		// What the disk has settled is no proxy of this home's.
		if st := &states[i]; st.Status == "" {
			asked[i].fill(st)
		}
	}
	return states, nil
}

// onDisk begins states by what the unit folder says; where that says it all, with
// a Status.
func (s *systemd) onDisk(ctx context.Context, aliases []string) ([]State, error) {
	linked, err := s.linked()
	if err != nil {
		return nil, err
	}
	linger := s.host.Linger(s.host.username())
	states := make([]State, len(aliases))
	for i, alias := range aliases {
		st := &states[i]
		st.Alias, st.Linger = alias, linger
		socket, service, err := s.readPair(alias, "")
		if err != nil {
			// Another's unit says nothing about this profile's proxy.
			s.log.DebugContext(ctx, "not ours", "alias", alias, "error", err)
			st.Status = Disabled
			continue
		}
		st.Enabled = linked[units.ServiceName(alias)]
		st.Installed = service.content != nil && (socket.content != nil || service.origin.Listen != "")
		st.Edited = socket.origin.Edited || service.origin.Edited
		st.Port, st.Program = listens(socket, service), service.origin.Program
		st.Written = service.modified
	}
	return states, nil
}

// pair is what the manager says of a profile's two units.
type pair struct {
	socket, service unitState
	portResult      string // the socket's, asked where that failed
	result          string // the service's, asked where it is not "success" for certain
	pid, restarts   int
	started         time.Time
	text            string
}

// pairs asks the manager.
func (s *systemd) pairs(ctx context.Context, aliases []string) ([]pair, error) {
	names := make([]string, 0, 2*len(aliases))
	for _, alias := range aliases {
		names = append(names, units.SocketName(alias), units.ServiceName(alias))
	}
	now, err := s.bus.list(ctx, names...)
	if err != nil {
		return nil, fault.New(fault.InitSystem, "look at it: systemctl --user status", "the user manager does not say how the proxies are: %w", err)
	}
	out := make([]pair, len(aliases))
	get := s.bus.getter()
	for i := range out {
		out[i] = pair{socket: now[names[2*i]], service: now[names[2*i+1]], result: "success"}
		out[i].ask(get, names[2*i], names[2*i+1])
	}
	if err := get.ask(ctx); err != nil {
		alias, _ := units.AliasOf(get.failed)
		return nil, s.refused(alias, "be asked", err)
	}
	return out, nil
}

// ask asks for single properties: reading all of a service, some three hundred,
// costs a hundred times as much (1 ms of the manager's time beside 10 µs). An
// engine that is inactive ended well, or it would have failed; so it is not asked about.
func (p *pair) ask(get *getter, socket, service string) {
	if alive(p.service.active) || p.service.active == "failed" {
		if p.service.active != "active" { // of an active one it is "success"
			get.service(service, "Result", func(v value) { p.result = v.text() })
		}
		get.service(service, "MainPID", func(v value) { p.pid = v.number() })
		get.service(service, "NRestarts", func(v value) { p.restarts = v.number() })
	}
	if p.socket.active == "failed" {
		get.socket(socket, "Result", func(v value) { p.portResult = v.text() })
	}
	if word(p.socket.active, p.service.active, true) == Running {
		get.unit(service, "ActiveEnterTimestamp", func(v value) { p.started = v.time() })
		get.service(service, "StatusText", func(v value) { p.text = v.text() })
	}
}

// fill completes a state.
func (p *pair) fill(st *State) {
	if p.service.load == "not-found" && p.socket.load == "not-found" {
		st.Status, st.Enabled = Disabled, false
		return
	}
	st.Status, st.Result = word(p.socket.active, p.service.active, st.Enabled), p.result
	st.PID, st.Restarts, st.Started, st.Text = p.pid, p.restarts, p.started, p.text
	// The port's own failure is the news where the engine has none.
	if p.portResult != "" && st.Result == "success" {
		st.Result = p.portResult
	}
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
