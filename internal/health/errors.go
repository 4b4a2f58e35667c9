package health

import (
	"errors"
	"fmt"
)

// Kind is why a listener was not accepted as the engine of a profile.
type Kind int

// The reasons, in the order in which a check finds them.
const (
	NotListening Kind = iota + 1 // nothing listens on the port
	Foreign                      // the listener belongs to another user
	NoAnswer                     // something listens, and does not answer in time
	NotRinglet                   // what answers is not a ringlet engine
	WrongProfile                 // it is the engine of another profile
	BadProof                     // it calls itself the right profile and does not know the token
	OtherProcess                 // it is another process than the one that the init system started
)

// Error is a listener that was not accepted. Only the fields of its Kind are set.
type Error struct {
	Kind    Kind
	Port    int
	Profile string // the profile that was asked for
	Other   string // WrongProfile: the profile that answered
	UID     int    // Foreign: whose listener it is
	User    string // Foreign: that user's name, or "" where it has none
	PID     int    // OtherProcess: the one that should hold the port; 0 where none runs
	Detail  string // NoAnswer, NotRinglet: what happened instead
	Err     error  // the cause, where there is one
}

// Error is one sentence that says what was found on the port.
func (e *Error) Error() string {
	at := fmt.Sprintf("127.0.0.1:%d", e.Port)
	switch e.Kind {
	case NotListening:
		return "nothing listens on " + at
	case Foreign:
		who := fmt.Sprintf("uid %d", e.UID)
		if e.User != "" {
			who = fmt.Sprintf("the user %s (uid %d)", e.User, e.UID)
		}
		return fmt.Sprintf("%s is held by %s, not by you", at, who)
	case NoAnswer:
		return fmt.Sprintf("%s is open and does not answer: %s", at, e.Detail)
	case NotRinglet:
		return fmt.Sprintf("what listens on %s is not a ringlet engine: %s", at, e.Detail)
	case WrongProfile:
		return fmt.Sprintf("%s serves the profile %q, not %q", at, e.Other, e.Profile)
	case BadProof:
		return fmt.Sprintf("what listens on %s calls itself the profile %q and does not know its local token", at, e.Profile)
	}
	if e.Kind == OtherProcess && e.PID == 0 {
		return fmt.Sprintf("%s is held by a process that is not the proxy's, which does not run", at)
	}
	if e.Kind == OtherProcess {
		return fmt.Sprintf("%s is not held by the proxy's process (pid %d), but by another one", at, e.PID)
	}
	return fmt.Sprintf("%s could not be checked: %s", at, e.Detail)
}

func (e *Error) Unwrap() error { return e.Err }

// Hint names the command that helps.
func (e *Error) Hint() string {
	switch e.Kind {
	case NotListening:
		return fmt.Sprintf("start it: ringlet proxy start %s", e.Profile)
	case Foreign, NotRinglet, WrongProfile, OtherProcess:
		return fmt.Sprintf("free the port, or give the profile another one: ringlet proxy enable %s --port N", e.Profile)
	case BadProof:
		return fmt.Sprintf("if the token was just changed, restart it: ringlet proxy restart %s; otherwise something else took the port: ringlet proxy enable %s --port N", e.Profile, e.Profile)
	}
	return fmt.Sprintf("look at its log: ringlet proxy logs %s", e.Profile)
}

// ExitCode is 1: the command could not be done.
func (e *Error) ExitCode() int { return 1 }

// Is reports whether err's chain holds an [*Error] of this kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
