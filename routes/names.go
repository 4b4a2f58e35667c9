package routes

import "fmt"

// CheckRuleName accepts 1 to 64 letters, digits, dots, dashes and underscores,
// starting with a letter or digit: a rule's name stands in log fields and on
// command lines.
func CheckRuleName(s string) error {
	return checkName("rule name", s, 64, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
}

// CheckModelName accepts what models are called: 1 to 200 letters, digits and
// ._-:/@[]+ as in "claude-sonnet-4[1m]" or "meta-llama/llama-3:free".
func CheckModelName(s string) error {
	return checkName("model name", s, 200, func(r rune) bool {
		switch r {
		case '.', '-', '_', ':', '/', '@', '[', ']', '+':
			return true
		}
		return false
	})
}

func checkName(what, s string, limit int, punctuation func(rune) bool) error {
	remedy := "use letters, digits, dots, dashes and underscores, starting with a letter or digit"
	if s == "" || len(s) > limit {
		return &SyntaxError{What: what, Input: s, Problem: fmt.Sprintf("it must have 1 to %d characters", limit), Remedy: remedy}
	}
	for i, r := range []rune(s) {
		alnum := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !alnum && (i == 0 || !punctuation(r)) {
			return &SyntaxError{What: what, Input: s, Column: i + 1, Problem: fmt.Sprintf("%q cannot stand here", r), Remedy: remedy}
		}
	}
	return nil
}
