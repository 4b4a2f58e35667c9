package session

import (
	"errors"
	"fmt"

	"github.com/ringlet/ringlet/internal/health"
)

// PortError is a port that the engine cannot have. A caller whose port was
// given out automatically can give out another one and try again.
type PortError struct {
	Alias string
	Port  int
	Err   error // an *health.Error that says who holds it, or the error of bind
}

func (e *PortError) Error() string {
	if errors.As(e.Err, new(*health.Error)) {
		return e.Err.Error()
	}
	return fmt.Sprintf("port %d cannot be bound on 127.0.0.1: %v", e.Port, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }

// Hint names the command that chooses another port.
func (e *PortError) Hint() string {
	return fmt.Sprintf("free the port, or give the profile another one: ringlet proxy enable %s --port N", e.Alias)
}

// StartError is an engine that was started and did not come up.
type StartError struct {
	Alias string
	Log   string // the file with what the engine said
	Said  string // its last line, or ""
	Err   error
}

func (e *StartError) Error() string {
	why := e.Said
	if why == "" {
		why = e.Err.Error()
	}
	return fmt.Sprintf("the engine of %q did not start: %s", e.Alias, why)
}

func (e *StartError) Unwrap() error { return e.Err }

// Hint names the file with the rest of what the engine said.
func (e *StartError) Hint() string { return "read what it said: " + e.Log }

// RefusedError is an engine that runs and refused the newest configuration.
type RefusedError struct {
	Alias string
	Seq   int64  // the configuration that it keeps
	Said  string // its own sentence
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the running engine of %q keeps configuration %d, because it refused the newest: %s", e.Alias, e.Seq, e.Said)
}

// Hint names the command that shows the configuration.
func (e *RefusedError) Hint() string {
	return "correct it, see: ringlet proxy config " + e.Alias
}

// LeavingError is an engine of an earlier run that does not end.
type LeavingError struct {
	Alias string
	Lease string
	Err   error
}

func (e *LeavingError) Error() string {
	return fmt.Sprintf("the engine of the last run of %q is still ending", e.Alias)
}

func (e *LeavingError) Unwrap() error { return e.Err }

// Hint names what keeps it.
func (e *LeavingError) Hint() string {
	return fmt.Sprintf("try again in a few seconds; the process that holds it is shown by: fuser %s", e.Lease)
}
