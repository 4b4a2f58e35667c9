package doctor

import (
	"context"
	"errors"

	"github.com/ringlet/ringlet/service"
)

// Manager is about the init system. Err is what reaching it said.
type Manager struct {
	Supervisor string // "systemd"; "" with Err
	Err        error
}

// Name implements [Check].
func (Manager) Name() string { return "manager" }

// Run implements [Check].
func (m Manager) Run(context.Context) []Finding {
	if m.Err == nil {
		return []Finding{ok("", "%s answers", m.Supervisor)}
	}
	f := problem("", m.Err)
	var none *service.Unavailable
	if errors.As(m.Err, &none) {
		switch none.Reason {
		case service.NoSystemd, service.Container, service.WSL1:
			// Nothing is broken: there is none here, and profiles run does without.
			f.Result = Warning
		}
	}
	return []Finding{f}
}

// Linger is about starting at boot.
type Linger struct {
	On      bool
	Enabled int // proxies
}

// Name implements [Check].
func (Linger) Name() string { return "linger" }

// Run implements [Check].
func (l Linger) Run(context.Context) []Finding {
	switch {
	case l.On:
		return []Finding{ok("", "services start at boot, and outlive the logout")}
	case l.Enabled == 0:
		return []Finding{ok("", "services start at login; no proxy is enabled")}
	}
	return []Finding{warning("", "ringlet daemon linger on", "proxies start at login, and end with the last logout")}
}

// LogReader reads from the init system's log.
type LogReader interface {
	// ReadLog reads the last entry about a profile's proxy.
	ReadLog(ctx context.Context, alias string) error
}

// Journal is about reading the log.
type Journal struct {
	Alias string // of a proxy that has run; "" where there is none
	Files bool   // the log is in files, as under launchd
	Log   LogReader
}

// Name implements [Check].
func (Journal) Name() string { return "journal" }

// Run implements [Check].
func (j Journal) Run(ctx context.Context) []Finding {
	if j.Alias == "" {
		return nil
	}
	err := j.Log.ReadLog(ctx, j.Alias)
	var none *service.LogUnavailable
	switch {
	case err == nil && j.Files:
		return []Finding{ok("", "the log can be read, from its files")}
	case err == nil:
		return []Finding{ok("", "the journal can be read")}
	case errors.As(err, &none) && j.Files:
		return []Finding{warning("", "ringlet proxy restart "+j.Alias, "%v, although the proxy of %q runs", err, j.Alias)}
	case errors.As(err, &none):
		return []Finding{warning("", "log in again after: sudo usermod -aG systemd-journal $USER; proxy.log has the proxy's own lines meanwhile", "%v", err)}
	}
	return []Finding{problem("", err)}
}
