package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

// Bounds for what others do: a manager that hangs must not hang the command.
const (
	callTimeout = 20 * time.Second // one call; a manager busy with a reload answers late
	jobTimeout  = 60 * time.Second // a job: the units' own limits, 20 s to start and 5 s to stop, end it sooner
)

// bus is a connection to the user manager in which every call is bounded and logged.
type bus struct {
	conn *sd.Conn
	raw  *dbus.Conn // for what sd.Conn returns as text only
	log  *slog.Logger
}

// connectBus dials the manager's own socket, then the user bus. The addresses
// are made here: left to itself the D-Bus library starts a bus of its own where
// $DBUS_SESSION_BUS_ADDRESS is unset.
func connectBus(ctx context.Context, runtimeDir string, uid int, log *slog.Logger) (*bus, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var errs []error
	for _, way := range []struct {
		socket string
		hello  bool // a bus wants to be greeted, the manager does not
	}{{"systemd/private", false}, {"bus", true}} {
		path := filepath.Join(runtimeDir, way.socket)
		dialOne := func() (*dbus.Conn, error) { return dial(ctx, path, uid, way.hello) }
		raw, err := dialOne()
		if err != nil {
			log.DebugContext(ctx, "D-Bus connect", "socket", path, "error", err)
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		conn, err := sd.NewConnection(dialOne)
		if err != nil {
			raw.Close()
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		log.DebugContext(ctx, "D-Bus connect", "socket", path)
		return &bus{conn: conn, raw: raw, log: log}, nil
	}
	return nil, errors.Join(errs...)
}

// dial returns an authenticated connection that outlives ctx, which bounds only
// the dialling: a socket may accept and then say nothing.
func dial(ctx context.Context, path string, uid int, hello bool) (*dbus.Conn, error) {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, end)
	conn, err := dbus.Dial("unix:path="+dbus.EscapeBusAddressValue(path), dbus.WithContext(life))
	if err != nil {
		end()
		return nil, err
	}
	err = conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(uid))})
	if err == nil && hello {
		err = conn.Hello()
	}
	if !stop() && err == nil { // ctx ended in between, and the connection with it
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		end()
		return nil, err
	}
	return conn, nil
}

func (b *bus) close() {
	b.conn.Close()
	b.raw.Close()
}

// call logs and bounds one call.
func (b *bus) call(ctx context.Context, name string, do func(context.Context) error, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	start := time.Now()
	err := do(ctx)
	attrs := append([]any{"call", name}, args...)
	attrs = append(attrs, "took", time.Since(start).Round(time.Microsecond))
	if err != nil {
		attrs = append(attrs, "error", err)
	}
	b.log.DebugContext(ctx, "D-Bus", attrs...)
	return err
}

// jobFunc is one of sd.Conn's methods that queue a job.
type jobFunc func(ctx context.Context, unit, mode string, done chan<- string) (int, error)

// job queues a job and waits for its result: "done", "failed", "dependency",
// "timeout", "canceled" or "skipped".
func (b *bus) job(ctx context.Context, name string, queue jobFunc, unit, mode string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	done := make(chan string, 1) // a late result must not block the connection
	if err := b.call(ctx, name, func(ctx context.Context) error {
		_, err := queue(ctx, unit, mode, done)
		return err
	}, "unit", unit, "mode", mode); err != nil {
		return "", err
	}
	start := time.Now()
	select {
	case result := <-done:
		b.log.DebugContext(ctx, "D-Bus job", "call", name, "unit", unit, "result", result, "took", time.Since(start).Round(time.Microsecond))
		return result, nil
	case <-ctx.Done():
		return "", fmt.Errorf("%s of %s did not end in time: %w", name, unit, ctx.Err())
	}
}

func (b *bus) start(ctx context.Context, unit string) (string, error) {
	return b.job(ctx, "StartUnit", b.conn.StartUnitContext, unit, "replace")
}

func (b *bus) stop(ctx context.Context, unit string) (string, error) {
	return b.job(ctx, "StopUnit", b.conn.StopUnitContext, unit, "replace")
}

func (b *bus) reload(ctx context.Context) error {
	return b.call(ctx, "Reload", b.conn.ReloadContext)
}

// resetFailed forgives: the failures of before, and the starts counted towards
// the start limit. A unit that is not loaded has none.
func (b *bus) resetFailed(ctx context.Context, units ...string) error {
	for _, unit := range units {
		err := b.call(ctx, "ResetFailedUnit", func(ctx context.Context) error {
			return b.conn.ResetFailedUnitContext(ctx, unit)
		}, "unit", unit)
		if err != nil && !isDBus(err, "NoSuchUnit") {
			return err
		}
	}
	return nil
}

// list says how units are; unknown ones come back with LoadState "not-found".
func (b *bus) list(ctx context.Context, names ...string) (map[string]sd.UnitStatus, error) {
	found := make(map[string]sd.UnitStatus, len(names))
	err := b.call(ctx, "ListUnitsByNames", func(ctx context.Context) error {
		all, err := b.conn.ListUnitsByNamesContext(ctx, names)
		for _, u := range all {
			found[u.Name] = u
		}
		return err
	}, "units", len(names))
	return found, err
}

// manager reads a property of the manager into a pointer of its type.
func (b *bus) manager(ctx context.Context, name string, into any) error {
	return b.call(ctx, "Get", func(ctx context.Context) error {
		object := b.raw.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1")
		return object.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
			"org.freedesktop.systemd1.Manager", name).Store(into)
	}, "property", name)
}

// version is systemd's major version, 0 where it cannot be told.
func (b *bus) version(ctx context.Context) (int, error) {
	var full string // "252.39-1~deb12u2", "257.13", "v258-rc1"
	if err := b.manager(ctx, "Version", &full); err != nil {
		return 0, err
	}
	return major(full), nil
}

func major(version string) int {
	digits := strings.TrimPrefix(version, "v")
	if i := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		digits = digits[:i]
	}
	n, _ := strconv.Atoi(digits)
	return n
}

// isDBus says whether systemd answered with one of its errors.
func isDBus(err error, name string) bool {
	var e dbus.Error
	return errors.As(err, &e) && e.Name == "org.freedesktop.systemd1."+name
}
