package profiles

import (
	"fmt"
	"strings"
)

// NotFoundError is a profile, or a rule or alias in one, that does not exist.
type NotFoundError struct {
	What    string // "profile", "rule" or "alias"
	Name    string
	In      string   // the profile that was looked in; "" for a profile itself
	Nearest []string // existing names that may have been meant
	List    string   // the command that lists what there is
}

func (e *NotFoundError) Error() string {
	if e.In != "" {
		return fmt.Sprintf("the profile %q has no %s %q", e.In, e.What, e.Name)
	}
	return fmt.Sprintf("there is no %s %q", e.What, e.Name)
}

// Hint names what there is, and the command that lists it.
func (e *NotFoundError) Hint() string {
	if len(e.Nearest) == 0 {
		return "see what there is: " + e.List
	}
	return "there is " + strings.Join(e.Nearest, ", ") + "; see all: " + e.List
}

// ExitCode is that of things that do not exist.
func (e *NotFoundError) ExitCode() int { return 3 }

// ExistsError is a profile that exists already.
type ExistsError struct{ Alias Alias }

func (e *ExistsError) Error() string { return fmt.Sprintf("there is already a profile %q", e.Alias) }

// Hint names the ways on.
func (e *ExistsError) Hint() string {
	return fmt.Sprintf("choose another name, or look at it: ringlet profiles inspect %s", e.Alias)
}

// ConfigError is a config.yaml that somebody broke by hand. It is not
// overwritten: what was meant by the edit may be worth keeping.
type ConfigError struct {
	Alias Alias
	Path  string
	Err   error // says where and what; starts with the path
}

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }

// Hint says how to get a good one.
func (e *ConfigError) Hint() string {
	return fmt.Sprintf("mend the file, or write it anew from the profile: ringlet proxy config %s --regenerate", e.Alias)
}
