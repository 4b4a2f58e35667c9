package routes

import (
	"slices"
	"strings"
	"testing"
)

func TestPick(t *testing.T) {
	all := map[string]string{Messages: "https://a.example.com", Chat: "https://a.example.com/v1", Responses: "https://a.example.com/v1"}
	openAI := map[string]string{Chat: "https://a.example.com/v1", Responses: "https://a.example.com/v1"}
	restricted := []ModelFormats{{"*codex*", []string{Responses}}, {"*.claude-*", []string{Messages}}, {"*", []string{Responses, Chat}}}
	for _, tt := range []struct {
		up            Upstream
		client, model string
		want          string
	}{
		{Upstream{Formats: all}, Messages, "m", Messages},
		{Upstream{Formats: all}, Chat, "m", Chat},
		{Upstream{Formats: all}, Responses, "m", Responses},
		{Upstream{Formats: openAI}, Messages, "m", Chat},
		{Upstream{Formats: map[string]string{Messages: "https://a.example.com"}}, Responses, "m", Messages},
		{Upstream{Formats: openAI, ModelFormats: restricted}, Messages, "gpt-5", Responses},
		{Upstream{Formats: openAI, ModelFormats: restricted}, Chat, "gpt-5", Chat},
		{Upstream{Formats: openAI, ModelFormats: restricted}, Chat, "gpt-5-codex", Responses},
		{Upstream{Formats: all, ModelFormats: restricted}, Chat, "us.anthropic.claude-opus-5", Messages},
		{Upstream{Formats: openAI, ModelFormats: restricted}, Chat, "us.anthropic.claude-opus-5", ""},
		{Upstream{}, Chat, "m", ""},
	} {
		if got := tt.up.Pick(tt.client, tt.model); got != tt.want {
			t.Errorf("%s for %s at %v %v: %q, want %q", tt.model, tt.client, sortedFormats(tt.up), tt.up.ModelFormats, got, tt.want)
		}
	}
}

// sortedFormats keeps the errors of a test readable.
func sortedFormats(u Upstream) []string {
	var out []string
	for f := range u.Formats {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"gpt-5", "gpt-5", true}, {"gpt-5", "gpt-5.1", false}, {"gpt-5*", "gpt-5", true}, {"*", "", true}, {"*-pro", "o3-pro", true}, {"*-pro", "o3-pro-x", false},
		{"*codex*", "gpt-5-codex-max", true}, {"*codex*", "gpt-5", false}, {"a*b*c", "a/1/b/2/c", true}, {"a*b*c", "abc", true}, {"a*b*c", "ac", false},
		{"ab*bc", "abc", false}, {"*a*", "a", true},
	} {
		if got := matches(tt.pattern, tt.name); got != tt.want {
			t.Errorf("%q on %q: %v", tt.pattern, tt.name, got)
		}
	}
}

func TestAuth(t *testing.T) {
	u := Upstream{AuthHeader: "bearer", AuthFormats: map[string]string{Messages: "x-api-key"}}
	if u.Auth(Messages) != "x-api-key" || u.Auth(Chat) != "bearer" {
		t.Errorf("%q, %q", u.Auth(Messages), u.Auth(Chat))
	}
}

func TestUpstreamCheck(t *testing.T) {
	ok := func(u Upstream) Upstream {
		if u.Formats == nil {
			u.Formats = map[string]string{Chat: "https://a.example.com"}
		}
		if u.AuthHeader == "" {
			u.AuthHeader = "bearer"
		}
		return u
	}
	for _, tt := range []struct {
		up   Upstream
		want string // "" where it is right
	}{
		{Upstream{}, ""},
		{Upstream{AuthHeader: "api-key", Dialect: "azure", APIVersion: "2025-04-01-preview"}, ""},
		{Upstream{AuthHeader: "aws", Region: "us-east-1", Dialect: "bedrock", Formats: map[string]string{Messages: "https://bedrock-runtime.us-east-1.amazonaws.com"}}, ""},
		{Upstream{AuthHeader: "aws", Formats: map[string]string{Messages: "https://bedrock-runtime.us-east-1.amazonaws.com"}}, "needs a region"},
		{Upstream{AuthHeader: "aws", Region: "us-east-1"}, "end in .amazonaws.com"},
		{Upstream{AuthHeader: "google"}, "end in .googleapis.com"},
		{Upstream{AuthHeader: "google", Formats: map[string]string{Chat: "https://aiplatform.googleapis.com/v1"}, Dialect: "vertex"}, ""},
		{Upstream{AuthHeader: "google", Formats: map[string]string{Chat: "https://aiplatform.googleapis.com.evil.example"}}, "end in .googleapis.com"},
		{Upstream{AuthFormats: map[string]string{Messages: "aws"}}, "auth_formats"},
		{Upstream{AuthFormats: map[string]string{"soap": "bearer"}}, "auth_formats"},
		{Upstream{ModelFormats: []ModelFormats{{"*", []string{"soap"}}}}, "unknown wire format"},
		{Upstream{ModelFormats: []ModelFormats{{"*", nil}}}, "without models or formats"},
		{Upstream{Dialect: "gopher"}, "dialect"},
		{Upstream{APIVersion: "1"}, "azure only"},
	} {
		err := ok(tt.up).check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.up, err, tt.want)
		}
	}
}
