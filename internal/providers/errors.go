package providers

import (
	"fmt"
	"strings"
)

// NotFoundError is a provider, or an endpoint of one, that does not exist.
type NotFoundError struct {
	What    string // "provider" or "endpoint"
	Name    string
	In      string   // the provider, for an endpoint
	Nearest []string // what there is, the most similar first
	List    string   // the command that lists what there is
}

func (e *NotFoundError) Error() string {
	if e.In != "" {
		return fmt.Sprintf("the provider %q has no %s %q", e.In, e.What, e.Name)
	}
	return fmt.Sprintf("there is no %s %q", e.What, e.Name)
}

// Hint names what there is, and the command that lists it.
func (e *NotFoundError) Hint() string {
	return "there is " + strings.Join(e.Nearest, ", ") + "; see: " + e.List
}

// ExitCode is that of things that do not exist.
func (e *NotFoundError) ExitCode() int { return 3 }

// FileError is a file in providers.d that parses but cannot be used.
type FileError struct {
	Path         string
	Line, Column int // from 1; 0 where the whole file is meant
	Problem      string
	Remedy       string
}

func (e *FileError) Error() string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Problem)
	default:
		return e.Path + " " + e.Problem
	}
}

// Hint says how to mend it.
func (e *FileError) Hint() string { return e.Remedy }
