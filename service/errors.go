package service

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/units"
)

// ErrNotInstalled says that a proxy has no unit files. ErrNotRunning says that
// there is no engine to reload. Both come wrapped in a sentence with a hint.
var (
	ErrNotInstalled = errors.New("not installed")
	ErrNotRunning   = errors.New("not running")
)

func notInstalled(alias string) error {
	return &fault.Error{Kind: fault.Failed, Err: ErrNotInstalled,
		Problem: fmt.Sprintf("the proxy of %q is not enabled", alias),
		Remedy:  "enable it: ringlet proxy enable " + alias}
}

func notRunning(alias string) error {
	return &fault.Error{Kind: fault.Failed, Err: ErrNotRunning,
		Problem: fmt.Sprintf("the proxy of %q does not run", alias),
		Remedy:  "start it: ringlet proxy start " + alias}
}

// ForeignUnit says that a unit file is not ours to write, stop or remove.
type ForeignUnit struct {
	Path   string // the unit file
	Config string // the configuration that it is for, when another ringlet home wrote it; empty when it has no mark
}

func (e *ForeignUnit) Error() string {
	what := "unit"
	if strings.HasSuffix(e.Path, ".plist") {
		what = "launchd agent"
	}
	if e.Config != "" {
		return fmt.Sprintf("the %s %s belongs to another ringlet home: it runs %s", what, e.Path, e.Config)
	}
	return fmt.Sprintf("the %s %s was not written by ringlet", what, e.Path)
}

// Hint says how the name becomes free.
func (e *ForeignUnit) Hint() string {
	if e.Config != "" {
		return "use another alias here, or disable that proxy from its own home: ringlet proxy disable"
	}
	if strings.HasSuffix(e.Path, ".plist") {
		return "use another alias, or unload that job (launchctl bootout) and move its file away"
	}
	return "use another alias, or move that file away and run: systemctl --user daemon-reload"
}

// ExitCode is that of a refusal by the init system.
func (e *ForeignUnit) ExitCode() int { return int(fault.InitSystem) }

// NewerUnit says that a newer ringlet wrote a unit file, which this one would
// not bring back as it is.
type NewerUnit struct {
	Path   string
	Alias  string
	Format int
}

func (e *NewerUnit) Error() string {
	return fmt.Sprintf("the unit %s was written by a newer ringlet: its format is %d, and this one writes %d", e.Path, e.Format, units.Format)
}

// Hint says how to go on, and how to go back.
func (e *NewerUnit) Hint() string {
	return "use that ringlet, or install a newer one; to go back to this one, disable the proxy with that one first: ringlet proxy disable " + e.Alias
}

// ExitCode is that of a refusal.
func (e *NewerUnit) ExitCode() int { return int(fault.Failed) }

// LogUnavailable says that the init system's log has nothing for this user.
type LogUnavailable struct{ Problem string }

func (e *LogUnavailable) Error() string { return e.Problem }

// Hint names the other place.
func (e *LogUnavailable) Hint() string {
	return "the proxy's own log file has its records: .ultrallm/logs/proxy.log in the profile's home"
}

// ExitCode is that of a refusal by the init system.
func (e *LogUnavailable) ExitCode() int { return int(fault.InitSystem) }
