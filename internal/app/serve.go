package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/coreos/go-systemd/v22/journal"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/gateway"
	"github.com/ringlet/ringlet/internal/paths"
	"github.com/ringlet/ringlet/internal/session"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/routes"
	"github.com/ringlet/ringlet/units"
)

// ServeOptions are the flags of the engine's command line.
type ServeOptions struct {
	Config      string
	Credentials string // "" is the default folder
	Lease       string // leave when nobody holds this lock file any more
	ListenFD    int    // an inherited listening socket; 0 for none
	ServingFD   int    // an inherited lock, held while it serves; 0 for none
	Idle        string // leave after so long without a request; "" or "off" is never
	MemoryMax   string // what it may have in memory, where its control group does not say; "" is the default

	Logger *slog.Logger
	Hangup <-chan os.Signal
	Stderr io.Writer
}

// Serve runs the built-in engine until ctx ends, which drains it.
func Serve(ctx context.Context, o ServeOptions) error {
	if o.Config == "" { // Abs would make the working folder of it
		return fault.New(fault.Usage, "name the file: ringlet proxy serve --config ~/.claude-profiles/work/.ultrallm/config.yaml", "--config is empty")
	}
	config, err := filepath.Abs(o.Config)
	if err != nil {
		return err
	}
	credentials, err := credentialsDir(o.Credentials)
	if err != nil {
		return err
	}
	listener, err := listener(o.ListenFD)
	if err != nil {
		return err
	}
	idle, err := profiles.ParseIdle(o.Idle)
	if err != nil {
		return err
	}
	if idle > 0 && (listener == nil || o.ListenFD > 0) {
		return fault.New(fault.Usage, "leave --idle out", "an engine can leave when it is idle only where systemd keeps its port open, and wakes it")
	}
	told, err := profiles.Limits{MemoryMax: o.MemoryMax}.Memory()
	if err != nil {
		return err
	}
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("read systemd's watchdog interval: %w", err)
	}
	g := gateway.Options{ConfigPath: config, Listener: listener, Keys: KeyStore(credentials, os.Getenv), Version: Version(), IdleExit: idle,
		Hangup: o.Hangup, WatchdogInterval: watchdog, Stderr: o.Stderr, Logger: o.Logger,
		Notify: func(state string) error {
			_, err := daemon.SdNotify(false, state) // false, nil: nobody asked to be notified
			return err
		}}
	if under, err := journal.StderrIsJournalStream(); err == nil && under {
		g.Journal = func(message string, priority int, fields map[string]string) error {
			return journal.Send(message, journal.Priority(priority), fields)
		}
	}
	if o.Lease != "" {
		g.Journal = besidesProxyLog(o.Stderr)
	}
	// Large bodies that are garbage already must not count towards the unit's
	// MemoryMax until the collector gets to them.
	collect, bodies := memoryPlan(os.DirFS("/"), os.Getenv("GOMEMLIMIT"), told)
	if collect > 0 {
		debug.SetMemoryLimit(collect)
	}
	g.BodyBudget = bodies
	g.Collect = os.Getenv("GOGC") == ""
	if os.Getenv("GOMAXPROCS") == "" {
		// One thread runs Go code, as in nginx's worker: a proxy waits nearly all the
		// time, and handing a request from thread to thread costs more than its share
		// of a second processor gains. Measured: CPU per request 0.8 of before, added
		// time 0.9; docs/performance.md has the figures.
		runtime.GOMAXPROCS(1)
	}
	if o.Lease != "" {
		var release func()
		ctx, release = untilReleased(ctx, o.Lease)
		defer release()
	}
	if o.ServingFD > 0 {
		leave, err := session.Serving(o.ServingFD)
		if err != nil {
			return err
		}
		defer context.AfterFunc(ctx, leave)()
	}
	if os.Getenv(units.LaunchdListen) != "" {
		return serveUnderLaunchd(ctx, g, KeyStore(credentials, os.Getenv))
	}
	return gateway.Run(ctx, g)
}

// untilReleased returns a context that ends when nobody holds the lease any
// more. From then on the lease is kept until the process ends, so that a new
// run does not meet an engine that is leaving.
func untilReleased(ctx context.Context, lease string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		// The lock is never released by hand: it goes with the process.
		_, err := session.WaitReleased(ctx, lease)
		if err == nil {
			err = errors.New("the last session has ended")
		}
		cancel(err)
	}()
	return ctx, func() { cancel(nil) }
}

// listener is the socket that was handed over, or nil: then the engine binds
// the port itself.
func listener(fd int) (net.Listener, error) {
	if fd > 0 {
		return session.Listener(fd)
	}
	handed, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("take over systemd's sockets: %w", err)
	}
	switch len(handed) {
	case 0:
		return nil, nil
	case 1:
		return handed[0], nil
	}
	return nil, fault.New(fault.Failed, "the socket unit must have one ListenStream=; look at its drop-ins: systemctl --user cat 'ringlet-proxy@*.socket'",
		"systemd handed over %d sockets, where the engine serves one", len(handed))
}

func credentialsDir(given string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	dirs, err := paths.New(os.Getenv, home)
	if err != nil {
		return "", err
	}
	return dirs.CredentialsDir(), nil
}

// ReloadWaitOptions are the flags of the unit's ExecReload.
type ReloadWaitOptions struct {
	Config      string
	Credentials string
	Profile     string
	Port        int
	PID         int
	Logger      *slog.Logger
}

// ReloadWait signals an engine, and returns once it runs what is on disk now, or
// with its own sentence when it refused that.
func ReloadWait(ctx context.Context, o ReloadWaitOptions) error {
	credentials, err := credentialsDir(o.Credentials)
	if err != nil {
		return err
	}
	store := KeyStore(credentials, nil)
	token, err := store.Token(o.Profile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, reloadTimeout)
	defer cancel()
	client, err := healthClient(store, o.Port, o.Profile, token)
	if err != nil {
		return err
	}
	before, err := client.Check(ctx)
	if err != nil {
		return err
	}
	if before.PID != o.PID {
		return fault.New(fault.Failed, "look at it with: ringlet proxy status "+o.Profile,
			"the engine on port %d has pid %d, not %d", o.Port, before.PID, o.PID)
	}
	var seq int64
	// A file that cannot be read is the engine's to judge; its sentence is the answer.
	if data, err := os.ReadFile(o.Config); err == nil {
		if cfg, err := routes.ParseConfig(o.Config, data); err == nil {
			seq = cfg.Ringlet.Seq
		}
	}
	start := time.Now()
	err = signalAndWait(ctx, client, before, seq)
	o.Logger.Debug("reload", "profile", o.Profile, "seq", seq, "took", time.Since(start), "error", err)
	var no *reloadRefused
	if errors.As(err, &no) {
		return refused(o.Profile, no.sentence)
	}
	return err
}
