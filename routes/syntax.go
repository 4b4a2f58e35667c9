package routes

import "fmt"

// SyntaxError is text from the user that does not parse. Column counts
// characters from 1; 0 means that the whole text is meant.
type SyntaxError struct {
	What    string // "condition", "target", "strategy", "rule name", …
	Input   string
	Column  int
	Problem string
	Remedy  string
}

func (e *SyntaxError) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("%s %q, column %d: %s", e.What, e.Input, e.Column, e.Problem)
	}
	return fmt.Sprintf("%s %q: %s", e.What, e.Input, e.Problem)
}

// Hint says how to write it right.
func (e *SyntaxError) Hint() string { return e.Remedy }

// ExitCode marks it as wrong usage.
func (e *SyntaxError) ExitCode() int { return 2 }
