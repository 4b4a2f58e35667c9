package profiles

import (
	"fmt"
	"strings"
)

// Alias names a profile. It stands as it is in file names, unit names
// (ringlet-proxy@<alias>.service), labels and paths, so what would need
// escaping in any of them is not an alias.
type Alias string

// maxAlias is an alias's length in characters: with the longest unit name
// around it, it stays far below the 255 that systemd and file systems allow.
const maxAlias = 63

// reservedEndings are the unit types of systemd and the file types that stand
// beside or around aliases. "ringlet-proxy@work.socket" is the socket of the
// profile "work": a profile called "work.socket" could not be told from it.
func reservedEndings() []string {
	return []string{".service", ".socket", ".target", ".timer", ".path", ".slice", ".scope",
		".mount", ".automount", ".swap", ".device", ".snapshot", ".d", ".wants", ".requires",
		".plist", ".json", ".yaml", ".lock"}
}

// ParseAlias reads an alias: 1 to 63 of a-z, 0-9, ".", "_" and "-", the first
// one a letter or digit, and no ending that systemd or a file name gives a
// meaning. Errors are an *AliasError.
func ParseAlias(s string) (Alias, error) {
	bad := func(column int, format string, args ...any) (Alias, error) {
		return "", &AliasError{Input: s, Column: column, Problem: fmt.Sprintf(format, args...)}
	}
	if s == "" {
		return bad(0, "it is empty")
	}
	for i, r := range []rune(s) {
		alnum := r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		switch {
		case alnum:
		case i == 0:
			return bad(1, "it must start with a lower-case letter or a digit")
		case r != '.' && r != '_' && r != '-':
			return bad(i+1, "%q cannot stand in it", r)
		}
	}
	if len(s) > maxAlias {
		return bad(0, "it is longer than %d characters", maxAlias)
	}
	for _, end := range reservedEndings() {
		if strings.HasSuffix(s, end) {
			return bad(len(s)-len(end)+1, "names that end in %q mean other files and units", end)
		}
	}
	return Alias(s), nil
}

func (a Alias) String() string { return string(a) }

// AliasError is a name that cannot be an alias.
type AliasError struct {
	Input   string
	Column  int // in characters from 1; 0 when all of it is meant
	Problem string
}

func (e *AliasError) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("profile name %q, column %d: %s", e.Input, e.Column, e.Problem)
	}
	return fmt.Sprintf("profile name %q: %s", e.Input, e.Problem)
}

// Hint says what an alias may be.
func (e *AliasError) Hint() string {
	return "use lower-case letters, digits, dots, dashes and underscores, as in: ringlet profiles create claude my-work"
}

// ExitCode marks it as wrong usage.
func (e *AliasError) ExitCode() int { return 2 }
