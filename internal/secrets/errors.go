package secrets

import (
	"fmt"
	"io/fs"
)

// MissingError says that no place had a key.
type MissingError struct {
	Provider string
	Env      string // the environment variable that was asked; "" when none may be
}

func (e *MissingError) Error() string {
	if e.Env == "" {
		return fmt.Sprintf("there is no API key for the provider %q", e.Provider)
	}
	return fmt.Sprintf("there is no API key for the provider %q: no stored one, and %s is not set", e.Provider, e.Env)
}

// Is matches fs.ErrNotExist.
func (e *MissingError) Is(target error) bool { return target == fs.ErrNotExist }

// Hint names the command that stores one.
func (e *MissingError) Hint() string { return loginHint(e.Provider) }

// BoundError says that the stored key belongs to other hosts than the one that
// it would be sent to.
type BoundError struct {
	Provider string
	Base     string   // the base URL that asked for the key
	Origins  []string // those that it was entered for; empty when the file does not say
}

func (e *BoundError) Error() string {
	if len(e.Origins) == 0 {
		return fmt.Sprintf("the API key of the provider %q does not say which host it belongs to, so it is not sent to %s", e.Provider, e.Base)
	}
	return fmt.Sprintf("the API key of the provider %q was entered for %s, so it is not sent to %s", e.Provider, join(e.Origins), e.Base)
}

// Hint names the command that enters it for the new host.
func (e *BoundError) Hint() string {
	return fmt.Sprintf("if that host is right, enter the key for it: ringlet providers login %s", e.Provider)
}

// FileError says that a key or token is there but cannot be used. It never
// holds any of the content.
type FileError struct {
	Path    string
	Problem string
	Remedy  string
	Err     error
}

func (e *FileError) Error() string { return e.Path + " " + e.Problem }
func (e *FileError) Unwrap() error { return e.Err }

// Hint says how to mend it.
func (e *FileError) Hint() string { return e.Remedy }

// InvalidError says why a text cannot be a key. It never holds the text.
type InvalidError struct{ Problem string }

func (e *InvalidError) Error() string { return "that is no API key: " + e.Problem }

// Hint says what to enter instead.
func (e *InvalidError) Hint() string {
	return "paste the key alone, on one line, as the provider's console shows it"
}

func loginHint(provider string) string {
	return "store one with: ringlet providers login " + provider
}

func join(list []string) string {
	out := list[0]
	for i, s := range list[1:] {
		if i == len(list)-2 {
			out += " and " + s
		} else {
			out += ", " + s
		}
	}
	return out
}
