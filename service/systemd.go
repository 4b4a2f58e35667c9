package service

import (
	"context"
	"log/slog"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/units"
)

// systemd is the Supervisor over a user manager.
type systemd struct {
	bus        *bus
	host       Host
	log        *slog.Logger
	dir        string // where unit files are
	lockPath   string
	probePath  string                    // what was found out about user namespaces
	configPath func(alias string) string // nil: every marked unit is ours
	fresh      fresh
	backups    backups
}

func (s *systemd) Name() string { return "systemd" }
func (s *systemd) Close()       { s.bus.close() }

// refused words an answer of systemd's that is no job's result.
func (s *systemd) refused(alias, verb string, err error) error {
	switch {
	case err == nil:
		return nil
	case isDBus(err, "NoSuchUnit"):
		return notInstalled(alias)
	case isDBus(err, "JobTypeNotApplicable"):
		return notRunning(alias)
	case isDBus(err, "UnitMasked"):
		return fault.New(fault.InitSystem, "unmask it: systemctl --user unmask "+units.ServiceName(alias)+" "+units.SocketName(alias),
			"the proxy of %q cannot %s: its unit is masked", alias, verb)
	case isDBus(err, "LoadFailed"), isDBus(err, "BadUnitSetting"):
		return fault.New(fault.InitSystem, "write its unit files anew: ringlet proxy enable "+alias+"; a drop-in can be at fault too: systemctl --user cat "+units.ServiceName(alias),
			"the proxy of %q cannot %s, systemd does not accept its unit: %w", alias, verb, err)
	}
	return fault.New(fault.InitSystem, "look at it: systemctl --user status "+units.ServiceName(alias),
		"the proxy of %q cannot %s: %w", alias, verb, err)
}

// forgive resets what failed before: whoever types a command wants it tried,
// and the sixth restart in ten seconds would otherwise close the port.
func (s *systemd) forgive(ctx context.Context, alias string) error {
	return s.bus.resetFailed(ctx, units.SocketName(alias), units.ServiceName(alias), units.MendName(alias))
}
