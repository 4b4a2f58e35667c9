package app

import (
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/routes"
)

func TestCheapest(t *testing.T) {
	p := providers.Provider{Models: []providers.Model{{ID: "a"}, {ID: "dear", Priced: true, Input: 3, Output: 15}, {ID: "cheap", Priced: true, Input: 0.1, Output: 0.4}, {ID: "free", Priced: true}}}
	if got := cheapest(p); got != "cheap" {
		t.Errorf("%q", got)
	}
	p.Models = p.Models[:1]
	if got := cheapest(p); got != "a" {
		t.Errorf("%q", got)
	}
	if got := cheapest(providers.Provider{}); got != "" {
		t.Errorf("%q", got)
	}
}

func TestSmallest(t *testing.T) {
	for _, tt := range []struct{ format, provider, want string }{
		{routes.Messages, "anthropic", `{"max_tokens":16,"messages":[{"content":"Answer with OK.","role":"user"}],"model":"m"}`},
		{routes.Chat, "groq", `{"max_tokens":16,"messages":[{"content":"Answer with OK.","role":"user"}],"model":"m"}`},
		{routes.Chat, "azure", `{"max_completion_tokens":16,"messages":[{"content":"Answer with OK.","role":"user"}],"model":"m"}`},
		{routes.Responses, "openai", `{"input":"Answer with OK.","max_output_tokens":16,"model":"m","store":false}`},
	} {
		if got := string(smallest(tt.format, tt.provider)("m")); got != tt.want {
			t.Errorf("%s of %s: %s", tt.format, tt.provider, got)
		}
	}
}

func TestReadUsage(t *testing.T) {
	for _, tt := range []struct {
		format, body string
		in, out      int64
		ok           bool
	}{
		{routes.Messages, `{"content":[],"usage":{"input_tokens":3,"output_tokens":1}}`, 3, 1, true},
		{routes.Chat, `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}`, 3, 1, true},
		{routes.Responses, `{"output":[],"usage":{"input_tokens":3,"output_tokens":1}}`, 3, 1, true},
		{routes.Chat, `{"content":[],"usage":{"input_tokens":3}}`, 0, 0, false},
		{routes.Messages, `<html>`, 0, 0, false},
	} {
		var r ProviderTest
		r.Format = tt.format
		if ok := readUsage(&r, []byte(tt.body)); ok != tt.ok || r.InputTokens != tt.in || r.OutputTokens != tt.out {
			t.Errorf("%s: %v, %+v", tt.body, ok, r)
		}
	}
}

// TestExplain: every status has a sentence and a remedy that names a command or
// the provider's console, and nothing of the upstream's can act on a terminal.
func TestExplain(t *testing.T) {
	p := providers.Provider{ID: "p", Name: "P", AuthEnv: "P_KEY", AuthHeader: providers.Bearer}
	for _, status := range []int{302, 400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503, 529} {
		err := explain(p, ProviderTest{Model: "m", URL: "https://p.example.com", KeySource: "file", Status: status}, []byte(`{"error":{"message":"\u001b[2Jwords\n of\u009b theirs `+strings.Repeat("x", 400)+`"}}`))
		text, hint := err.Error(), fault.Hint(err)
		if fault.ExitCode(err) != 1 || !strings.Contains(text, "(HTTP ") || strings.ContainsAny(text, "\x1b\n\u009b") || len(text) > 600 || !strings.Contains(text, "words of theirs") ||
			!strings.Contains(hint, "ringlet ") && !strings.Contains(hint, "console") {
			t.Errorf("%d: %q, hint %q", status, text, hint)
		}
	}
	google := providers.Provider{ID: "vertexai", Name: "V", AuthHeader: providers.Google}
	if hint := fault.Hint(explain(google, ProviderTest{Status: 401}, nil)); strings.Contains(hint, "providers login") {
		t.Errorf("there is no key to store: %q", hint)
	}
}
