package service

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	sd "github.com/coreos/go-systemd/v22/dbus"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/units"
)

// Mender is a [Supervisor] whose units ask for what a machine can take away: a
// service that does not start for its sandbox is made to start without.
type Mender interface {
	// Mend looks at a proxy's service that has failed. Where that was for its
	// sandbox, it tries what this machine allows now, takes what it does not off all
	// services, and has the proxy started: with the end of this process at the
	// latest, which systemd's start of the service waits for.
	Mend(ctx context.Context, alias string) (Mended, error)
}

// Mended is what became of a service that did not start.
type Mended struct {
	Status     int      // the exit status that it failed with; 0 where it did not fail for its sandbox, and nothing was done
	Namespaces bool     // user namespaces work here
	Refused    []string // what of the sandbox does not, all the same
	Changed    []string // the services that were changed
	Started    bool     // the proxy is started again; otherwise its unit is the one that failed
}

// Mend implements [Mender].
func (s *systemd) Mend(ctx context.Context, alias string) (Mended, error) {
	service := units.ServiceName(alias)
	var result string
	var status int
	var started, failed time.Time
	get := s.bus.getter()
	get.service(service, "Result", func(v value) { result = v.text() })
	get.service(service, "ExecMainStatus", func(v value) { status = v.number() })
	get.service(service, "ExecMainStartTimestamp", func(v value) { started = v.time() })
	get.service(service, "ExecMainExitTimestamp", func(v value) { failed = v.time() })
	if err := get.ask(ctx); err != nil {
		return Mended{}, s.refused(alias, "be asked", err)
	}
	if result != "exit-code" || !slices.Contains(units.SandboxExits(), status) {
		return Mended{}, nil
	}
	m := Mended{Status: status}
	release, err := s.lock(ctx)
	if err != nil {
		return m, err
	}
	defer release()
	// Many can fail at once, as after a boot: the first one tries, and mends all.
	if info, err := os.Stat(s.probePath); err == nil && info.ModTime().Before(failed) {
		s.forgetTrial(ctx)
	}
	found, err := s.probe(ctx)
	if err != nil { // nothing is taken off for a trial that had no answer
		return m, s.refused(alias, "be mended", err)
	}
	m.Namespaces, m.Refused = found.Namespaces, found.Refused
	if m.Changed, err = s.soften(ctx, found); err != nil {
		return m, err
	}
	if len(m.Changed) > 0 {
		if err := s.bus.reload(ctx); err != nil {
			return m, s.refused(alias, "be mended", err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, service)); errors.Is(err, fs.ErrNotExist) {
		return m, nil // disabled in the meantime
	} else if err != nil {
		return m, err
	}
	// Another run can have mended it, between the failed start and its end too: so it
	// counts which units the manager had then.
	var loaded time.Time
	if err := s.bus.manager(ctx, "UnitsLoadTimestamp", &loaded); err != nil {
		return m, s.refused(alias, "be asked", err)
	}
	if loaded.Before(started) {
		return m, nil
	}
	m.Started = true
	return m, s.startLater(ctx, alias)
}

// soften takes off all services of ringlet's what was not found to work here.
func (s *systemd) soften(ctx context.Context, found probed) (changed []string, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		alias, ok := units.AliasOf(e.Name())
		if !ok || e.Name() != units.ServiceName(alias) {
			continue
		}
		f, err := s.readUnit(e.Name())
		if err != nil || f.content == nil || newer(f) {
			continue // not ours, masked, gone, or of a ringlet that knows better
		}
		soft, err := units.Soften(f.content, found.Namespaces, found.Refused)
		if err != nil {
			return changed, err
		}
		if bytes.Equal(soft, f.content) {
			continue
		}
		s.log.DebugContext(ctx, "write file", "path", f.path, "bytes", len(soft))
		if err := safefile.Write(f.path, soft, 0o644); err != nil {
			return changed, err
		}
		changed = append(changed, e.Name())
	}
	return changed, nil
}

// startLater opens the port and has the service started, without waiting for it:
// it may wait for who calls this.
func (s *systemd) startLater(ctx context.Context, alias string) error {
	// Not the failures of the unit that this runs for: they bound how often it can.
	if err := s.bus.resetFailed(ctx, units.SocketName(alias), units.ServiceName(alias)); err != nil {
		return s.refused(alias, "start", err)
	}
	if err := s.run(ctx, alias, "start", units.SocketName(alias), (*sd.Conn).StartUnitContext, "replace"); err != nil {
		return err
	}
	name := units.ServiceName(alias)
	err := s.bus.call(ctx, "StartUnit", func(ctx context.Context, conn *sd.Conn) error {
		_, err := conn.StartUnitContext(ctx, name, "replace", nil)
		return err
	}, "unit", name, "mode", "replace")
	return s.refused(alias, "start", err)
}
