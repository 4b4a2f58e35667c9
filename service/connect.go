package service

import (
	"context"
	"log/slog"
	"path/filepath"
)

// ConnectOptions is what a Supervisor needs besides the init system.
type ConnectOptions struct {
	// ConfigPath says where the configuration of a profile of this ringlet home is.
	// Unit files that name another one belong to another home and are left alone:
	// the user manager is one per user, homes can be several. Nil takes every
	// marked unit for ours.
	ConfigPath func(alias string) string
	Logger     *slog.Logger // every D-Bus call and file write, at debug level; nil discards
	Host       Host         // the zero value is this machine

	// Backups is the folder where files that are replaced are kept: the last one
	// that ringlet wrote, and what was edited by hand. "" keeps none.
	Backups string
	// Kept is told of each file that was edited by hand and is replaced or removed.
	// Nil logs a warning.
	Kept func(Kept)

	// Under launchd: its command, nil for /bin/launchctl; and the folder of the
	// user's agents, "" for ~/Library/LaunchAgents. Tests have others.
	Launchctl    Launchctl
	LaunchAgents string
}

// Connect finds this user's init system: launchd on macOS, else systemd. Where
// there is none it is an [*Unavailable].
func Connect(ctx context.Context, opts ConnectOptions) (Supervisor, error) {
	log := opts.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	host := opts.Host
	if why := host.diagnose(); why != nil {
		log.DebugContext(ctx, "no user manager", "reason", why.Reason)
		return nil, why
	}
	if host.os() == "darwin" {
		return connectLaunchd(opts, log)
	}
	b, searched, err := connectBus(ctx, host.path(host.runtimeDir()), host.uid(), log)
	if err != nil {
		why := unavailable(Unreachable, host)
		why.Err = err
		return nil, why
	}
	s := &systemd{bus: b, host: host, log: log, configPath: opts.ConfigPath, backups: newBackups(opts, log)}
	s.dir, err = s.unitDir(searched)
	if err != nil {
		b.close()
		why := unavailable(Unreachable, host)
		why.Err = err
		return nil, why
	}
	s.lockPath = filepath.Join(host.path(host.runtimeDir()), "ringlet-units.lock")
	s.probePath = filepath.Join(host.path(host.runtimeDir()), "ringlet-probe.json")
	return s, nil
}
