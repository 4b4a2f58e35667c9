package service

import (
	"context"
	"time"

	"github.com/ringlet/ringlet/units"
)

// Supervisor runs proxies: an init system, as one user sees it. Its methods may
// be called at once. Every one of them can be repeated: what is done already is
// done without an error.
type Supervisor interface {
	// Name is the init system's: "systemd" or "launchd".
	Name() string

	// Check says, without changing anything, whether the units of that name are
	// free or the proxy's whose configuration is config: if not, a [*ForeignUnit];
	// what a newer ringlet wrote is a [*NewerUnit].
	Check(ctx context.Context, alias, config string) error
	// Install writes the proxy's unit files and enables them, but starts nothing.
	// What an interrupted Install left is mended by the next. A proxy whose port
	// changes is stopped first, so that the next Start takes the new one. A unit
	// file that is not ours, or that is for another configuration than the
	// spec's, is a [*ForeignUnit]; then nothing was written.
	Install(ctx context.Context, spec units.Spec) error
	// Uninstall stops and disables the proxy and removes its unit files. Drop-ins
	// stay. When a file is not ours it is a [*ForeignUnit], and nothing happened.
	Uninstall(ctx context.Context, alias string) error

	// Start returns when the port is open and the engine has said that it is
	// ready. A failure is a [*JobError]; a proxy never installed is [ErrNotInstalled].
	Start(ctx context.Context, alias string) error
	// Stop closes the port and ends the engine, after its drain.
	Stop(ctx context.Context, alias string) error
	// Restart replaces the engine while the port stays open: connections wait,
	// none is refused. (One that opens its port by itself, as ultrallm does, and
	// every engine under launchd, refuses them in between.) A proxy that is stopped is started.
	Restart(ctx context.Context, alias string) error
	// Reload returns when the engine has the new configuration in force. One that
	// refuses it is a [*JobError] with the engine's sentence; one that does not run
	// is [ErrNotRunning], and will read it when it starts.
	Reload(ctx context.Context, alias string) error

	// StartAll starts every enabled proxy; the error joins those of all that failed.
	StartAll(ctx context.Context) error
	// StopAll stops every proxy; they stay enabled.
	StopAll(ctx context.Context) error

	// Status says how each profile's proxy is, in the order asked for.
	Status(ctx context.Context, aliases []string) ([]State, error)
	// Logs passes on what the proxy and the init system said, oldest first, until
	// there is no more, the context ends (its error is returned) or line returns
	// an error (which is returned). Where there is nothing that this user may
	// read it is a [*LogUnavailable]; the proxy's own log file is the place then.
	Logs(ctx context.Context, alias string, opts LogOptions, line func(Line) error) error

	// Close ends the connection.
	Close()
}

// Status is how a proxy is, in one word.
type Status string

// The words of `ringlet proxy status`.
const (
	Running   Status = "running"   // the engine runs, or is ending in its drain
	Listening Status = "listening" // the port is open; the engine starts with the next connection
	Starting  Status = "starting"  // the engine is not ready yet, or waits to be started again after a failure
	Stopped   Status = "stopped"
	Failed    Status = "failed"
	Disabled  Status = "disabled" // not running, and not to be started at login
)

// State is what an init system knows of one proxy.
type State struct {
	Alias     string
	Status    Status
	Installed bool          // its unit files are there
	Enabled   bool          // it starts at login, and at boot with Linger
	Linger    bool          // this user's proxies run without a login
	Edited    bool          // a unit file was edited by hand; the next Install replaces it
	PID       int           // the engine's process; 0 when there is none
	Port      int           // the TCP port that the unit files name; 0 when not installed
	Program   string        // the program that the unit file starts; "" when not installed, and where it cannot be told
	Restarts  int           // how often the init system itself started it again, since it was last started by hand
	Started   time.Time     // when the engine got ready; zero when it does not run
	Memory    int64         // what its processes have in memory, bytes; 0 when not known or not measured
	CPU       time.Duration // the processor time that they have used since its start; 0 when not known or not measured
	Tasks     int           // its threads and processes; 0 when not known or not measured
	Limited   bool          // the limits in force, the next three, are known
	MemoryMax int64         // bytes; 0 when there is none
	TasksMax  int           // likewise
	CPUQuota  int           // likewise, per cent of one processor
	Written   time.Time     // when its unit file was last written; zero when not installed
	Replaced  string        // the engine's program, where that file was replaced or removed since the start; "" where not, and under systemd, where the kernel tells
	Text      string        // what the engine said last of how it is; "" when it does not run, and where the init system keeps no such words
	Result    string        // systemd's word for how the engine or its port last ended: "success", "exit-code", "signal", "watchdog", "resources"…
}

// LogOptions says how much of a log is wanted.
type LogOptions struct {
	Lines  int       // the last so many; 0 is all, a negative number none
	Since  time.Time // not what is older than this second; zero for no bound
	After  string    // only what came after the line with this cursor; Lines is of no account then
	Follow bool      // then go on until the context ends
}

// Line is one entry of the log.
type Line struct {
	Time     time.Time
	Alias    string // the profile
	Message  string
	Priority int               // syslog's, 0 (emergency) to 7 (debug); 6 where none was given
	PID      int               // the process that said it
	Cursor   string            // its place in the log; "" where it has none
	Manager  bool              // the init system said it, about the proxy
	Fields   map[string]string // the structured record's RINGLET_… fields; nil where there are none
}
