package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/safefile"
	"golang.org/x/sys/unix"
)

// ensureTimeout bounds [Ensure]: an engine that leaves takes at most 5 s for
// its drain, one that starts well under one.
const ensureTimeout = 20 * time.Second

// silentPatience is how long something that holds the port and does not answer
// may be an engine on its way in or out; then, where no engine of the profile's says
// that it serves, it is another program.
const silentPatience = 5 * time.Second

// Options say which engine a run wants. Paths are absolute.
type Options struct {
	Alias          string
	Exe            string         // the ringlet binary to start
	ConfigPath     string         // config.yaml
	CredentialsDir string         // where the provider keys are
	Port           int            // on 127.0.0.1
	Seq            int64          // the engine must run at least this configuration
	RunDir         string         // the profile's .ultrallm folder; logs/engine.err in it takes what the engine prints
	LeasePath      string         // the lease file; beside it, LeasePath+".start" is locked during a start, and LeasePath+".serving" by an engine that serves
	Env            []string       // the environment of an engine that is started
	Health         health.Checker // asks with the profile's token of that moment
	Logger         *slog.Logger   // nil for none
}

// Lease keeps a session's engine running until it is closed or its process ends.
type Lease struct {
	Report  health.Report // the verified report of the engine
	Started bool          // this run started the engine
	held    *lockFile
	options Options
	child   <-chan struct{} // is closed when the engine that this run started has ended; nil for another's
}

// Close lets the engine go; it leaves when the last lease is closed.
func (l *Lease) Close() { l.held.release() }

// Ensure makes sure that the profile's engine runs with the wanted
// configuration, and that it stays until the lease is closed: it uses the
// engine that is there, has it reload if its configuration is older, or starts
// one. Two runs at once start one engine.
//
// Errors: [*PortError] when something else holds the port, [*StartError] when
// the engine does not come up, [*RefusedError] when it refuses the newest
// configuration, [*LeavingError] when an earlier one does not end, [*health.Error]
// when the one that serves does not answer.
func Ensure(ctx context.Context, o Options) (*Lease, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	for _, path := range []string{o.Exe, o.ConfigPath, o.CredentialsDir, o.RunDir, o.LeasePath} {
		if !filepath.IsAbs(path) {
			return nil, fmt.Errorf("session: %q is not an absolute path", path)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, ensureTimeout)
	defer cancel()
	held, err := lock(ctx, o.LeasePath, unix.LOCK_SH)
	if err != nil {
		if ctx.Err() != nil {
			return nil, &LeavingError{Alias: o.Alias, Lease: o.LeasePath, Err: err}
		}
		return nil, fault.New(fault.Failed, "make that folder writable (in a container, by a volume): the engine keeps its log and its usage there", "the lease cannot be taken: %w", err)
	}
	lease, err := o.ensure(ctx)
	if err != nil {
		held.release()
		return nil, err
	}
	lease.held, lease.options = held, o
	return lease, nil
}

// ensure finds or starts the engine, one run at a time. The lease is held.
func (o Options) ensure(ctx context.Context) (*Lease, error) {
	done, err := safefile.Lock(ctx, o.LeasePath+".start")
	if err != nil {
		return nil, err
	}
	defer done()
	var silentSince time.Time
	var bound error // nobody listens, and yet the port is taken
	for {
		report, err := o.Health.Check(ctx)
		if bound != nil && overdue(ctx) { // the check found no time
			return nil, &PortError{Alias: o.Alias, Port: o.Port, Err: bound}
		}
		if !health.Is(err, health.NoAnswer) {
			silentSince = time.Time{}
		} else if silentSince.IsZero() {
			silentSince = time.Now()
		} else if time.Since(silentSince) > silentPatience && !o.serves() {
			return nil, &PortError{Alias: o.Alias, Port: o.Port, Err: err}
		}
		switch {
		case err == nil && !report.Draining:
			report, err = o.refresh(ctx, report)
			return &Lease{Report: report}, err
		case health.Is(err, health.NotListening):
			l, err := listen(ctx, o.Port)
			if err == nil {
				report, child, err := o.start(ctx, l)
				return &Lease{Report: report, Started: true, child: child}, err
			}
			// Bound between the check and now, perhaps by the engine itself; or bound
			// and not listening, which no check can see.
			if !errors.Is(err, syscall.EADDRINUSE) {
				return nil, &PortError{Alias: o.Alias, Port: o.Port, Err: err}
			}
			bound = syscall.EADDRINUSE
			if err := pause(ctx); err != nil {
				return nil, &PortError{Alias: o.Alias, Port: o.Port, Err: bound}
			}
		case err == nil, health.Is(err, health.NoAnswer):
			// On its way out, or in: it closes its port or answers in a moment.
			o.Logger.DebugContext(ctx, "waiting for the engine on the port", "profile", o.Alias, "port", o.Port, "error", err)
			if stop := pause(ctx); stop != nil {
				switch {
				case err == nil:
					return nil, &LeavingError{Alias: o.Alias, Lease: o.LeasePath, Err: stop}
				case o.serves():
					return nil, err // on a busy machine, or it hangs: another port would be another engine
				}
				return nil, &PortError{Alias: o.Alias, Port: o.Port, Err: err}
			}
		case !errors.As(err, new(*health.Error)):
			return nil, err // it could not be asked, as without a token: no matter of the port
		default:
			return nil, &PortError{Alias: o.Alias, Port: o.Port, Err: err}
		}
	}
}

// refresh has a running engine read the newest configuration and keys.
func (o Options) refresh(ctx context.Context, have health.Report) (health.Report, error) {
	if o.current(have) {
		return have, nil
	}
	o.Logger.DebugContext(ctx, "reloading the engine", "profile", o.Alias, "pid", have.PID, "seq", have.Seq, "wanted", o.Seq)
	if have.PID <= 1 {
		return have, fmt.Errorf("the engine of %q does not say its process id", o.Alias)
	}
	if err := syscall.Kill(have.PID, syscall.SIGHUP); err != nil {
		return have, fmt.Errorf("have the engine of %q reload: %w", o.Alias, err)
	}
	refused := func(r health.Report) bool { return r.ReloadError != "" && r.Reloads > have.Reloads }
	report, err := health.WaitFor(ctx, o.Health, func(r health.Report) bool { return o.current(r) || refused(r) })
	if err != nil {
		return report, err
	}
	if !o.current(report) {
		return report, &RefusedError{Alias: o.Alias, Seq: report.Seq, Said: report.ReloadError}
	}
	return report, nil
}

func (o Options) serves() bool { return Serves(o.LeasePath) }

// Serves says whether the engine of the sessions whose lease file is leasePath serves,
// or may.
func Serves(leasePath string) bool {
	path := Options{LeasePath: leasePath}.servingPath()
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return false // it has never served, and nothing is to be left behind
	}
	return !can(path, unix.LOCK_SH)
}

func (o Options) current(r health.Report) bool { return r.Seq >= o.Seq }

func listen(ctx context.Context, port int) (*net.TCPListener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}

// overdue says whether ctx's time is up, which a connection with the same deadline
// can notice before ctx does.
func overdue(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

func pause(ctx context.Context) error { return sleep(ctx, 20*time.Millisecond) }
