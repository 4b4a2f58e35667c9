package routes

import "strings"

// Target is an upstream model: "provider/model". The model may itself contain
// slashes ("openrouter/meta-llama/llama-3").
type Target struct {
	Provider string
	Model    string
}

func (t Target) String() string { return t.Provider + "/" + t.Model }

// ParseTarget reads "provider/model". It knows no catalogue: whether the
// provider exists is for the caller to ask.
func ParseTarget(s string) (Target, error) {
	bad := func(col int, problem string) (Target, error) {
		return Target{}, &SyntaxError{What: "target", Input: s, Column: col, Problem: problem,
			Remedy: `write a target as provider/model, for example "anthropic/claude-sonnet-4"; ringlet providers list names the providers`}
	}
	if s == "" {
		return bad(0, "it is empty")
	}
	for i, r := range []rune(s) {
		if r <= ' ' || r == 0x7f || r == '"' || r == '\\' || r > 0x7e {
			return bad(i+1, "a target has no spaces, quotes or special characters")
		}
	}
	provider, model, ok := strings.Cut(s, "/")
	switch {
	case !ok:
		return bad(0, `it has no "/" between provider and model`)
	case provider == "":
		return bad(1, `the provider before "/" is missing`)
	case model == "":
		return bad(len(s), `the model after "/" is missing`)
	}
	return Target{provider, model}, nil
}
