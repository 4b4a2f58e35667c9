package dialect

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// body is a request whose values must survive byte for byte: spaces, escapes,
// a number that no decoder would write so, a signature.
const body = `{ "model" : "claude-opus-5", "max_tokens": 1e3, "stream" :true,
  "messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"\u0041 b","signature":"c2ln=="}]}] ,"metadata":{"model":"inner","stream":false}}`

const kept = `"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"\u0041 b","signature":"c2ln=="}]}],"metadata":{"model":"inner","stream":false}}`

func headers() http.Header {
	return http.Header{"Content-Type": {"application/json"}, "User-Agent": {"claude-cli"}, "X-App": {"cli"}, "Accept-Encoding": {"identity"},
		"Anthropic-Version": {"2023-06-01"}, "Anthropic-Beta": {"claude-code-20250219, interleaved-thinking-2025-05-14", "context-1m-2025-08-07,advanced-tool-use-2025-11-20,interleaved-thinking-2025-05-14"}}
}

func TestPrepare(t *testing.T) {
	bedrock := routes.Upstream{Dialect: "bedrock", AuthHeader: "aws", Region: "us-east-1", Formats: map[string]string{
		routes.Messages: "https://bedrock-runtime.us-east-1.amazonaws.com", routes.Chat: "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1"}}
	vertex := routes.Upstream{Dialect: "vertex", AuthHeader: "google", Formats: map[string]string{
		routes.Messages: "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models",
		routes.Chat:     "https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi"}}
	azure := routes.Upstream{Dialect: "azure", AuthHeader: "api-key", Formats: map[string]string{routes.Chat: "https://r.openai.azure.com/openai/v1", routes.Responses: "https://r.openai.azure.com/openai/v1"}}
	dated := routes.Upstream{Dialect: "azure", AuthHeader: "api-key", APIVersion: "2025-04-01-preview", Formats: map[string]string{routes.Chat: "https://r.openai.azure.com/openai"}}
	plain := routes.Upstream{AuthHeader: "bearer", Formats: map[string]string{routes.Messages: "https://a.example.com/anthropic/", routes.Chat: "https://a.example.com/v1", routes.Responses: "https://a.example.com/v1"}}
	const claude = "us.anthropic.claude-opus-4-5-20251101-v1:0"
	for _, tt := range []struct {
		name  string
		up    routes.Upstream
		call  Call
		url   string
		body  string // "" where it stays as it is
		betas string
	}{
		{"messages", plain, Call{Format: routes.Messages, Model: "m", Query: "beta=true"}, "https://a.example.com/anthropic/v1/messages?beta=true", "", "as they came"},
		{"count", plain, Call{Format: routes.Messages, Model: "m", Count: true}, "https://a.example.com/anthropic/v1/messages/count_tokens", "", "as they came"},
		{"chat", plain, Call{Format: routes.Chat, Model: "m"}, "https://a.example.com/v1/chat/completions", "", "as they came"},
		{"responses", plain, Call{Format: routes.Responses, Model: "m"}, "https://a.example.com/v1/responses", "", "as they came"},
		{"azure chat", azure, Call{Format: routes.Chat, Model: "gpt-5"}, "https://r.openai.azure.com/openai/v1/chat/completions", "", "as they came"},
		{"azure responses", azure, Call{Format: routes.Responses, Model: "gpt-5"}, "https://r.openai.azure.com/openai/v1/responses", "", "as they came"},
		{"azure, a dated version", dated, Call{Format: routes.Chat, Model: "my gpt/5", Query: "x=y"},
			"https://r.openai.azure.com/openai/deployments/my%20gpt%2F5/chat/completions?api-version=2025-04-01-preview", "", "as they came"},
		{"bedrock", bedrock, Call{Format: routes.Messages, Model: claude, Query: "beta=true"},
			"https://bedrock-runtime.us-east-1.amazonaws.com/model/" + claude + "/invoke",
			`{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["interleaved-thinking-2025-05-14","context-1m-2025-08-07","tool-search-tool-2025-10-19"],"max_tokens":1e3,` + kept, ""},
		{"bedrock, streaming", bedrock, Call{Format: routes.Messages, Model: claude, Stream: true},
			"https://bedrock-runtime.us-east-1.amazonaws.com/model/" + claude + "/invoke-with-response-stream",
			`{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["interleaved-thinking-2025-05-14","context-1m-2025-08-07","tool-search-tool-2025-10-19"],"max_tokens":1e3,` + kept, ""},
		{"bedrock, an ARN", bedrock, Call{Format: routes.Messages, Model: "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"},
			"https://bedrock-runtime.us-east-1.amazonaws.com/model/arn:aws:bedrock:us-east-1:1:application-inference-profile%2Fabc/invoke",
			`{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["interleaved-thinking-2025-05-14","context-1m-2025-08-07","tool-search-tool-2025-10-19"],"max_tokens":1e3,` + kept, ""},
		{"bedrock, another model", bedrock, Call{Format: routes.Chat, Model: "openai.gpt-oss-120b-1:0"}, "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/chat/completions", "", ""},
		{"vertex", vertex, Call{Format: routes.Messages, Model: "claude-opus-4-5@20251101", Query: "beta=true"},
			"https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models/claude-opus-4-5@20251101:rawPredict",
			`{"anthropic_version":"vertex-2023-10-16","max_tokens":1e3,"stream":true,` + kept, "interleaved-thinking-2025-05-14,context-1m-2025-08-07,tool-search-tool-2025-10-19"},
		{"vertex, streaming", vertex, Call{Format: routes.Messages, Model: "claude-opus-4-6", Stream: true},
			"https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models/claude-opus-4-6:streamRawPredict",
			`{"anthropic_version":"vertex-2023-10-16","max_tokens":1e3,"stream":true,` + kept, "interleaved-thinking-2025-05-14,context-1m-2025-08-07,tool-search-tool-2025-10-19"},
		{"vertex, counting", vertex, Call{Format: routes.Messages, Model: "claude-opus-4-6", Count: true},
			"https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models/count-tokens:rawPredict",
			`{"model":"claude-opus-5","max_tokens":1e3,"stream":true,` + kept, "interleaved-thinking-2025-05-14,context-1m-2025-08-07,tool-search-tool-2025-10-19"},
		{"vertex, gemini", vertex, Call{Format: routes.Chat, Model: "google/gemini-3-pro"}, "https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi/chat/completions", "", "as they came"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.call
			c.Header, c.Body = headers(), func() []byte { return []byte(body) }
			got, err := New(tt.up).Prepare(c)
			if err != nil || got.URL != tt.url || string(got.Body) != tt.body {
				t.Errorf("%v\ngot  %s\n     %s\nwant %s\n     %s", err, got.URL, got.Body, tt.url, tt.body)
			}
			betas := c.Header["Anthropic-Beta"]
			switch {
			case tt.betas == "as they came":
				if strings.Join(betas, "|") != strings.Join(headers()["Anthropic-Beta"], "|") || c.Header.Get("X-App") != "cli" {
					t.Errorf("headers changed: %v", c.Header)
				}
			case tt.call.Format == routes.Messages && strings.Join(betas, "|") != tt.betas:
				t.Errorf("betas %v, want %s", betas, tt.betas)
			}
			if tt.up.AuthHeader == "aws" && c.Header.Get("X-App") != "" {
				t.Errorf("a signed request carries %v", c.Header)
			}
		})
	}
}

func TestCountOfBedrock(t *testing.T) {
	up := New(routes.Upstream{Dialect: "bedrock", AuthHeader: "aws", Formats: map[string]string{routes.Messages: "https://b.amazonaws.com"}})
	got, err := up.Prepare(Call{Format: routes.Messages, Model: "anthropic.claude-x", Count: true, Header: http.Header{},
		Body: func() []byte { return []byte(`{"model":"m","messages":[]}`) }})
	if err != nil || got.URL != "https://b.amazonaws.com/model/anthropic.claude-x/count-tokens" {
		t.Fatalf("%v, %s", err, got.URL)
	}
	inner, err := base64.StdEncoding.DecodeString(gjson.GetBytes(got.Body, "input.invokeModel.body").String())
	if err != nil || string(inner) != `{"max_tokens":1,"anthropic_version":"bedrock-2023-05-31","messages":[]}` {
		t.Errorf("%v, %s", err, inner)
	}
}

func TestModel(t *testing.T) {
	vertex := New(routes.Upstream{Dialect: "vertex"})
	for _, tt := range []struct{ format, model, want string }{
		{routes.Chat, "gemini-3-pro-preview", "google/gemini-3-pro-preview"}, {routes.Chat, "meta/llama-4-maas", "meta/llama-4-maas"}, {routes.Messages, "claude-opus-5", "claude-opus-5"},
		{routes.Messages, "claude-haiku-4-5-20251001", "claude-haiku-4-5@20251001"}, {routes.Messages, "claude-haiku-4-5@20251001", "claude-haiku-4-5@20251001"}, {routes.Messages, "m", "m"},
	} {
		if got := vertex.Model(tt.format, tt.model); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	bedrock := New(routes.Upstream{Dialect: "bedrock", ModelNames: map[string]string{"claude-opus-5": "us.anthropic.claude-opus-5"}})
	if got := bedrock.Model(routes.Messages, "claude-opus-5"); got != "us.anthropic.claude-opus-5" {
		t.Errorf("%q", got)
	}
	if got := New(routes.Upstream{}).Model(routes.Chat, "gpt-5"); got != "gpt-5" {
		t.Errorf("%q", got)
	}
}

func TestPrepareRefuses(t *testing.T) {
	for _, dialect := range []string{"bedrock", "vertex"} {
		up := New(routes.Upstream{Dialect: dialect, Formats: map[string]string{routes.Messages: "https://a.example.com"}})
		if _, err := up.Prepare(Call{Format: routes.Messages, Model: "m", Header: http.Header{}, Body: func() []byte { return []byte("[1]") }}); err == nil {
			t.Errorf("%s: a body that is no object went through", dialect)
		}
	}
}

func FuzzWithMembers(f *testing.F) {
	f.Add(body, "model")
	f.Add(`{}`, "stream")
	f.Add(`{"a":{"a":[1,2,{"a":"}"}]},"a":1,"\u0061":2}`, "a")
	f.Fuzz(func(t *testing.T, text, drop string) {
		if !json.Valid([]byte(text)) || !json.Valid([]byte(`"`+drop+`"`)) {
			return
		}
		got, err := withMembers([]byte(text), []string{drop}, []member{{"added", "true"}})
		if err != nil {
			return
		}
		var before, after map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &before) != nil {
			t.Fatalf("an object that none is: %s", text)
		}
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatalf("%s became %s: %v", text, got, err)
		}
		if _, ok := after[drop]; ok && drop != "added" {
			t.Errorf("%s still has %q: %s", text, drop, got)
		}
		for name, value := range before {
			if name != drop && name != "added" && string(after[name]) != string(value) {
				t.Errorf("%q was %s and is %s", name, value, after[name])
			}
		}
	})
}
