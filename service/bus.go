package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	sd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"

	"github.com/ringlet/ringlet/internal/busquery"
)

// Bounds for what others do: a manager that hangs must not hang the command.
const (
	callTimeout = 20 * time.Second // one call; a manager busy with a reload answers late
	jobTimeout  = 60 * time.Second // a job: the units' own limits, 20 s to start and 5 s to stop, end it sooner
)

// managerName is who is talked to (org.freedesktop.systemd1(5)).
const (
	managerName = "org.freedesktop.systemd1"
	managerPath = "/org/freedesktop/systemd1"
)

// bus is the user manager, over D-Bus. Every call is bounded and logged. What is
// only asked goes over one connection, many questions at a time; the library's,
// which takes two more, is made when there is something to do.
type bus struct {
	path  string // the socket that answered
	hello bool   // it is a bus, which wants to be greeted; the manager does not
	uid   int
	log   *slog.Logger

	mu    sync.Mutex
	asked *busquery.Conn // nil after it failed
	conn  *sd.Conn       // nil until there is something to do
	lost  <-chan struct{}
}

// connectBus dials the manager's own socket, then the user bus, and returns once
// one of them has answered. The addresses are made here: left to itself the D-Bus
// library starts a bus of its own where $DBUS_SESSION_BUS_ADDRESS is unset.
// unitPath is the answer: where the manager looks for units.
func connectBus(ctx context.Context, runtimeDir string, uid int, log *slog.Logger) (b *bus, unitPath []string, err error) {
	var errs []error
	for _, way := range []struct {
		socket string
		hello  bool
	}{{"systemd/private", false}, {"bus", true}} {
		b := &bus{path: filepath.Join(runtimeDir, way.socket), hello: way.hello, uid: uid, log: log}
		if err := b.manager(ctx, "UnitPath", &unitPath); err != nil {
			b.close()
			errs = append(errs, fmt.Errorf("%s: %w", b.path, err))
			continue
		}
		return b, unitPath, nil
	}
	return nil, nil, errors.Join(errs...)
}

// questions is the connection for questions, made anew after it failed. kept says
// that there was one.
func (b *bus) questions(ctx context.Context) (conn *busquery.Conn, kept bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked != nil {
		return b.asked, true, nil
	}
	conn, err = busquery.Dial(ctx, b.path, busquery.Options{UID: b.uid, Destination: managerName, Hello: b.hello})
	if err != nil {
		b.log.DebugContext(ctx, "D-Bus connect", "socket", b.path, "error", err)
		return nil, false, err
	}
	b.log.DebugContext(ctx, "D-Bus connect", "socket", b.path)
	b.asked = conn
	return conn, false, nil
}

// ask asks all calls at once. take gets each answer; one that is an error ends
// nothing. On a connection that was given up for somebody else's question, or that
// the manager has closed since the last one, as it does when it is executed anew,
// nothing was answered: then all is asked again, on another.
func (b *bus) ask(ctx context.Context, calls []busquery.Call, take func(i int, r *busquery.Reply) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for {
		conn, kept, err := b.questions(ctx)
		if err != nil {
			return err
		}
		start, debug, answered := time.Now(), b.log.Enabled(ctx, slog.LevelDebug), false
		err = conn.Do(ctx, calls, func(i int, r *busquery.Reply) error {
			answered = true
			if debug {
				b.logAnswer(ctx, calls[i], r, time.Since(start))
			}
			return take(i, r)
		})
		if err == nil {
			return nil
		}
		b.drop(conn)
		b.log.DebugContext(ctx, "D-Bus", "questions", len(calls), "took", time.Since(start).Round(time.Microsecond), "error", err)
		if answered || ctx.Err() != nil || !kept && !errors.Is(err, busquery.ErrGivenUp) {
			return err
		}
	}
}

// drop gives a connection for questions up.
func (b *bus) drop(conn *busquery.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked == conn {
		b.asked = nil
	}
	conn.Close()
}

func (b *bus) logAnswer(ctx context.Context, c busquery.Call, r *busquery.Reply, took time.Duration) {
	attrs := []any{"call", c.Member}
	switch {
	case c.Member == "Get" && c.Path == managerPath:
		attrs = append(attrs, "property", c.Args[1])
	case c.Member == "Get":
		attrs = append(attrs, "unit", unitOf(c.Path), "property", c.Args[1])
	}
	attrs = append(attrs, "took", took.Round(time.Microsecond))
	if err := r.Err(); err != nil {
		attrs = append(attrs, "error", err)
	}
	b.log.DebugContext(ctx, "D-Bus", attrs...)
}

// jobs is the library's connection, made anew after it was lost; lost is closed when
// it is.
func (b *bus) jobs(ctx context.Context) (conn *sd.Conn, lost <-chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn != nil && b.conn.Connected() {
		return b.conn, b.lost, nil
	}
	if b.conn != nil {
		b.conn.Close()
		b.conn = nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	conn, err = sd.NewConnection(func() (*dbus.Conn, error) {
		raw, err := dial(ctx, b.path, b.uid, b.hello)
		if err == nil {
			lost = raw.Context().Done() // in the end that of the second, which signals come over
		}
		return raw, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", b.path, err)
	}
	b.log.DebugContext(ctx, "D-Bus connect", "socket", b.path, "for", "jobs")
	b.conn, b.lost = conn, lost
	return conn, lost, nil
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
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked != nil {
		b.asked.Close()
	}
	if b.conn != nil {
		b.conn.Close()
	}
}

// call logs and bounds one call that does something.
func (b *bus) call(ctx context.Context, name string, do func(context.Context, *sd.Conn) error, args ...any) error {
	_, err := b.calling(ctx, name, do, args...)
	return err
}

// calling is call; lost is closed when the connection is lost that it went over.
func (b *bus) calling(ctx context.Context, name string, do func(context.Context, *sd.Conn) error, args ...any) (lost <-chan struct{}, err error) {
	conn, lost, err := b.jobs(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	start := time.Now()
	err = do(ctx, conn)
	attrs := append([]any{"call", name}, args...)
	attrs = append(attrs, "took", time.Since(start).Round(time.Microsecond))
	if err != nil {
		attrs = append(attrs, "error", err)
	}
	b.log.DebugContext(ctx, "D-Bus", attrs...)
	return lost, err
}

// jobFunc is one of sd.Conn's methods that queue a job.
type jobFunc func(conn *sd.Conn, ctx context.Context, unit, mode string, done chan<- string) (int, error)

// job queues a job and waits for its result: "done", "failed", "dependency",
// "timeout", "canceled" or "skipped".
func (b *bus) job(ctx context.Context, name string, queue jobFunc, unit, mode string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	done := make(chan string, 1) // a late result must not block the connection
	lost, err := b.calling(ctx, name, func(ctx context.Context, conn *sd.Conn) error {
		_, err := queue(conn, ctx, unit, mode, done)
		return err
	}, "unit", unit, "mode", mode)
	if err != nil {
		return "", err
	}
	start := time.Now()
	ended := func(result string) (string, error) {
		b.log.DebugContext(ctx, "D-Bus job", "call", name, "unit", unit, "result", result, "took", time.Since(start).Round(time.Microsecond))
		return result, nil
	}
	select {
	case result := <-done:
		return ended(result)
	case <-lost:
		select {
		case result := <-done:
			return ended(result)
		default:
		}
		return "", fmt.Errorf("what became of %s of %s is not known: %w", name, unit, errLost)
	case <-ctx.Done():
		return "", fmt.Errorf("%s of %s did not end in time: %w", name, unit, ctx.Err())
	}
}

func (b *bus) start(ctx context.Context, unit string) (string, error) {
	return b.job(ctx, "StartUnit", (*sd.Conn).StartUnitContext, unit, "replace")
}

func (b *bus) stop(ctx context.Context, unit string) (string, error) {
	return b.job(ctx, "StopUnit", (*sd.Conn).StopUnitContext, unit, "replace")
}

func (b *bus) reload(ctx context.Context) error {
	return b.call(ctx, "Reload", func(ctx context.Context, conn *sd.Conn) error { return conn.ReloadContext(ctx) })
}

// resetFailed forgives: the failures of before, and the starts counted towards
// the start limit. A unit that is not loaded has none.
func (b *bus) resetFailed(ctx context.Context, units ...string) error {
	for _, unit := range units {
		err := b.call(ctx, "ResetFailedUnit", func(ctx context.Context, conn *sd.Conn) error {
			return conn.ResetFailedUnitContext(ctx, unit)
		}, "unit", unit)
		if err != nil && !isDBus(err, "NoSuchUnit") {
			return err
		}
	}
	return nil
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
	return errors.As(err, &e) && e.Name == managerName+"."+name
}
