// Package fault is the error that a user reads: one sentence that says what is
// wrong, one that says what to do about it, and the exit code it leads to.
//
// A package that can explain itself returns an [*Error] (or any error with
// Hint and ExitCode methods); the command line prints both sentences and exits
// with the code. Everything else counts as [Failed].
package fault

import (
	"errors"
	"fmt"
)

// Kind is what went wrong, as scripts tell it apart: the exit code.
type Kind int

// The exit codes of the ringlet command.
const (
	Failed     Kind = 1 // the command could not be done
	Usage      Kind = 2 // the command line is wrong
	NotFound   Kind = 3 // no such profile, rule, alias or provider
	InitSystem Kind = 4 // the init system refused or cannot be reached
)

// Error is a problem with its remedy.
type Error struct {
	Kind    Kind
	Problem string // one sentence, no full stop: what is wrong
	Remedy  string // one sentence: what to do, naming the command; may be empty
	Err     error  // the cause, already contained in Problem where it helps
}

func (e *Error) Error() string { return e.Problem }
func (e *Error) Unwrap() error { return e.Err }

// Hint is the remedy.
func (e *Error) Hint() string { return e.Remedy }

// ExitCode is the process exit code that the error leads to.
func (e *Error) ExitCode() int { return int(e.Kind) }

// New makes an error of kind with a formatted problem; a %w in format is kept
// as its cause.
func New(kind Kind, hint, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Problem: err.Error(), Remedy: hint, Err: errors.Unwrap(err)}
}

// Hint finds the remedy in err's chain, or "".
func Hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// ExitCode finds the exit code in err's chain; 0 for nil, 1 where none says otherwise.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	var c interface{ ExitCode() int }
	if errors.As(err, &c) {
		return c.ExitCode()
	}
	return int(Failed)
}
