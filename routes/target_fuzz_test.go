package routes

import (
	"strings"
	"testing"
)

// FuzzParseTarget: what is taken comes out as it went in, and can stand in a file,
// a header or a log as it is.
func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"anthropic/claude-sonnet-4", "openrouter/meta-llama/llama-3:free", "/x", "x/", "", "a b/c", "a/é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := ParseTarget(s)
		if err != nil {
			return
		}
		if target.String() != s || target.Provider == "" || target.Model == "" || strings.Contains(target.Provider, "/") {
			t.Errorf("%q became %+v", s, target)
		}
		if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' || r == '\\' }) {
			t.Errorf("%q was taken", s)
		}
	})
}
