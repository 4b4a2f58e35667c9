package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/ringlet/ringlet/internal/fault"
)

// systemBus is where every system's D-Bus listens (dbus-daemon(1): the default
// of DBUS_SYSTEM_BUS_ADDRESS below /run).
const systemBus = "/run/dbus/system_bus_socket"

// lingerTimeout bounds the call, and the start of the user manager that follows.
const lingerTimeout = 20 * time.Second

// LingerOptions is what [SetLinger] needs besides the init system.
type LingerOptions struct {
	Logger *slog.Logger // nil discards
	Host   Host         // the zero value is this machine
}

// SetLinger says whether this user's services run without a login: from boot
// on, and after the last logout. It asks logind over D-Bus, as
// `loginctl enable-linger` does, and needs no password for one's own user. When
// it switches lingering on it returns once the user manager is there.
func SetLinger(ctx context.Context, on bool, o LingerOptions) error {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	h := o.Host
	if why := h.diagnose(); why != nil {
		switch why.Reason {
		case NoUserManager, Root, NoBus, Unreachable: // what lingering may well mend
		default:
			return why
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lingerTimeout)
	defer cancel()
	start := time.Now()
	err := h.setLinger(ctx, on)
	log.DebugContext(ctx, "D-Bus", "call", "SetUserLinger", "on", on, "took", time.Since(start).Round(time.Microsecond), "error", err)
	if err != nil {
		return h.refusedLinger(on, err)
	}
	if !on {
		return nil
	}
	return h.awaitManager(ctx, log)
}

func (h Host) setLinger(ctx context.Context, on bool) error {
	conn, err := dial(ctx, h.path(systemBus), h.uid(), true)
	if err != nil {
		return err
	}
	defer conn.Close()
	// SetUserLinger of org.freedesktop.login1(5). The real uid: UINT32_MAX stands for the
	// user of the caller's session, and who comes by su or cron has none. The last argument
	// forbids polkit to ask for a password.
	return conn.Object("org.freedesktop.login1", "/org/freedesktop/login1").
		CallWithContext(ctx, "org.freedesktop.login1.Manager.SetUserLinger", 0, uint32(h.uid()), on, false).Err
}

// refusedLinger words what logind, or the way to it, answered.
func (h Host) refusedLinger(on bool, err error) error {
	verb := "enable-linger"
	if !on {
		verb = "disable-linger"
	}
	hint := "ask for it as the administrator: sudo loginctl " + verb + " " + h.username()
	var e dbus.Error
	switch {
	case errors.As(err, &e) && (e.Name == "org.freedesktop.DBus.Error.AccessDenied" || e.Name == "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"):
		return fault.New(fault.InitSystem, hint, "this machine does not let %s change lingering: %w", h.username(), err)
	case errors.As(err, &e):
		return fault.New(fault.InitSystem, hint, "logind did not change lingering: %w", err)
	}
	return fault.New(fault.InitSystem, hint, "logind cannot be asked over %s: %w", systemBus, err)
}

// awaitManager waits until the user manager answers: logind starts it, and does
// not wait for it; one that is on its way out, because lingering was off a
// moment ago, ends first.
func (h Host) awaitManager(ctx context.Context, log *slog.Logger) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := h.answers(ctx, log)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("lingering is on, but the user manager did not start in %v: %w", lingerTimeout, err)
		}
	}
}

func (h Host) answers(ctx context.Context, log *slog.Logger) error {
	if why := h.diagnose(); why != nil {
		return why
	}
	b, _, err := connectBus(ctx, h.path(h.runtimeDir()), h.uid(), log)
	if err != nil {
		return err
	}
	defer b.close()
	var state string // "running", "degraded", "starting", "stopping"…; systemctl(1), is-system-running
	if err := b.manager(ctx, "SystemState", &state); err != nil {
		return err
	}
	if state == "stopping" || state == "offline" {
		return errors.New("it is " + state)
	}
	return nil
}

// lingerCommand is what switches lingering on: ringlet's own where it can reach logind.
func (h Host) lingerCommand() string {
	if h.exists(systemBus) {
		return "ringlet daemon linger on"
	}
	return "loginctl enable-linger " + h.username()
}
