package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
)

// Run serves until ctx ends, then drains and returns nil. An error means that
// it never became ready, or that the listener broke.
func Run(ctx context.Context, o Options) error {
	o = o.withDefaults()
	s, err := load(o.ConfigPath, o.Keys)
	if err != nil {
		return err
	}
	ln, err := listen(ctx, o.Listener, s)
	if err != nil {
		return err
	}
	e := newEngine(o, s)
	defer e.rec.close()
	return e.run(ctx, ln)
}

// listen opens the configured address, or checks the socket that was handed over.
func listen(ctx context.Context, given net.Listener, s *snapshot) (net.Listener, error) {
	profile, host, port := s.config.Ringlet.Profile, s.config.Server.Host, s.config.Server.Port
	want := net.JoinHostPort(host, strconv.Itoa(port))
	if given == nil {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", want)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fault.New(fault.Failed, fmt.Sprintf("find its holder with: ringlet proxy status %s; or choose another port: ringlet proxy enable %s --port N", profile, profile),
				"port %d is already in use: %w", port, err)
		}
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", want, err)
		}
		return ln, nil
	}
	if got := given.Addr().String(); got != want {
		_ = given.Close()
		return nil, fault.New(fault.Failed, fmt.Sprintf("write the unit files anew: ringlet proxy enable %s", profile),
			"the socket handed over is %s, but the configuration of %q says %s", got, profile, want)
	}
	return given, nil
}

// run is the engine's life.
func (e *engine) run(ctx context.Context, ln net.Listener) error {
	e.addr = ln.Addr().String()
	base, cut := context.WithCancelCause(context.Background())
	defer cut(nil)
	srv := e.server(base)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(trackedListener{ln, e.conns}) }()
	defer e.closeIdle()
	defer e.tidier.close()

	if err := e.selfCheck(ctx); err != nil && ctx.Err() == nil {
		cut(errStopping)
		_ = srv.Close()
		<-served //nolint:errcheck // it says that it was closed
		return fmt.Errorf("the engine does not answer its own request: %w", err)
	}
	e.notify("READY=1\nSTATUS=" + e.status())
	e.rec.event(priNotice, e.profile, fmt.Sprintf("ringlet %s serves profile %s on %s, configuration %d", e.opts.Version, e.profile, e.addr, e.current.Load().config.Ringlet.Seq))
	e.warnKeys()

	background, stop := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	tasks.Go(func() { e.reloading(background) })
	tasks.Go(func() { e.watchdog(background) })
	tasks.Go(func() { e.saving(background) })
	idle := make(chan struct{})
	tasks.Go(func() { e.idling(background, idle) })
	var broken error
	select {
	case <-ctx.Done():
	case <-idle:
		e.rec.event(priInfo, e.profile, fmt.Sprintf("no request for %v: ringlet leaves, and starts again with the next one", e.opts.IdleExit))
	case err := <-served:
		broken = fmt.Errorf("the listener on %s broke: %w", e.addr, err)
		served <- err
	}
	stop()
	left := e.leave(ln) // a task may take its time: a reload reads files and asks for keys
	tasks.Wait()
	e.notify("STOPPING=1\nSTATUS=" + StatusDraining)
	e.drain(left, srv, served, cut)
	e.save()
	e.rec.event(priNotice, e.profile, "ringlet stopped serving profile "+e.profile)
	return broken
}

func (e *engine) notify(state string) {
	if err := e.opts.Notify(state); err != nil {
		e.log.Warn("the init system cannot be told", "error", err)
	}
}

// status is the line that systemctl status shows.
func (e *engine) status() string {
	return statusLine(e.profile, e.addr, e.current.Load().config.Ringlet.Seq, e.reloadErr.Load())
}

func statusLine(profile, addr string, seq int64, refusal *string) string {
	line := fmt.Sprintf("serving %s on %s%s%d", profile, addr, statusSeq, seq)
	if refusal != nil {
		line += statusRefused + oneLine(*refusal)
	}
	return line
}

// StatusDraining is the status line of an engine that is about to leave. Whoever
// connects then waits for the next engine, or wakes it.
const StatusDraining = "draining"

// What stands between the parts of an engine's status line.
const (
	statusSeq     = ", configuration "
	statusRefused = "; the newest configuration was refused: "
)

// ParseStatus reads what an engine of profile has told its init system: the
// configuration that is in force, and why the newest was refused ("" when it was
// not). ok is false where it is something else: of another version, or while it
// is draining.
func ParseStatus(line, profile string) (seq int64, refusal string, ok bool) {
	line, refusal, _ = strings.Cut(line, statusRefused)
	where, number, _ := strings.Cut(line, statusSeq)
	seq, err := strconv.ParseInt(number, 10, 64)
	return seq, refusal, err == nil && strings.HasPrefix(where, "serving "+profile+" on ")
}

// warnKeys says which keys are missing, once per load.
func (e *engine) warnKeys() {
	for _, k := range e.current.Load().keys() {
		if k.Problem != "" {
			e.rec.event(priWarning, e.profile, oneLine(k.Problem))
		}
	}
}

func (e *engine) closeIdle() {
	if t, ok := e.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// oneLine keeps a text from forging lines in a status or a log.
func oneLine(s string) string {
	b := []rune(s)
	for i, r := range b {
		if r < ' ' || r == 0x7f {
			b[i] = ' '
		}
	}
	return string(b)
}

// fewestLooks are how often waitFor looks at least: a process that stood still beyond
// the deadline has had none of the time before it.
const fewestLooks = 5

// waitFor polls until done or the deadline; it reports whether done was seen.
func waitFor(deadline time.Time, done func() bool) bool {
	for looks := 1; !done(); looks++ {
		if looks >= fewestLooks && !time.Now().Before(deadline) {
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
	return true
}
