package gateway

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// KeySource finds an upstream key. base is the upstream's base URL: a
// credential belongs to the host that it was entered for. source says where the
// key was found ("systemd credential", "file", "environment"). The text of the
// error for a missing key reaches the user, so it names
// `ringlet providers login <provider>`; it never contains a key. It matches
// fs.ErrNotExist where no place has one, and not where one cannot be used.
type KeySource interface {
	Key(provider, env, base string) (key, source string, err error)
}

// JournalFunc writes a structured record to the system's journal. priority is
// syslog's: 3 error, 4 warning, 5 notice, 6 info. The shape is that of go-systemd's
// journal.Send.
type JournalFunc func(message string, priority int, fields map[string]string) error

// The syslog priorities that the engine uses.
const (
	priError   = 3
	priWarning = 4
	priNotice  = 5
	priInfo    = 6
)

// Options are what the engine needs from its surroundings.
type Options struct {
	// ConfigPath is the profile's config.yaml. The log is logs/proxy.log beside it.
	ConfigPath string
	// Listener is a socket handed over by the init system; its address must be
	// the configuration's. nil: the engine listens on server.host:server.port.
	Listener net.Listener
	// Keys finds upstream keys, at the start and at each reload.
	Keys KeySource
	// Version is this build's, for /health.
	Version string
	// Hangup carries SIGHUP, which the caller caught as its first act: an
	// uncaught one would end the process. nil: no reloading.
	Hangup <-chan os.Signal
	// Notify sends one sd_notify state ("READY=1\nSTATUS=…"). nil: nobody listens.
	Notify func(state string) error
	// WatchdogInterval is the time after which the init system restarts a silent
	// engine; it is fed twice in that time, each time after a request to itself
	// went through. 0: no watchdog.
	WatchdogInterval time.Duration
	// BodyBudget is what request bodies may hold in memory together, in bytes,
	// translations included. 0: 192 MiB.
	BodyBudget int64
	// Collect lets the engine set how often the garbage collector runs, for the whole process.
	Collect bool
	// IdleExit is the time without a request after which the engine leaves. Only
	// for a Listener that the init system keeps open, and wakes an engine for. 0: it stays.
	IdleExit time.Duration
	// Journal gets one record per request, and the engine's own events. nil: they
	// are written to Stderr as text.
	Journal JournalFunc
	// Stderr is used where there is no Journal; nil means os.Stderr.
	Stderr io.Writer
	// Logger gets details for debugging: each attempt, each self-check. nil: none.
	Logger *slog.Logger

	transport http.RoundTripper // tests put their own upstream here
	testing   bool              // records are written at once, and who uses a body after its release reads nonsense
}

func (o Options) withDefaults() Options {
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.BodyBudget == 0 {
		o.BodyBudget = bodyBudget
	}
	if o.Notify == nil {
		o.Notify = func(string) error { return nil }
	}
	if o.transport == nil {
		o.transport = newTransport()
	}
	return o
}
