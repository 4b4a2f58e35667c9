package providers

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"charm.land/catwalk/pkg/embedded"
	"github.com/ringlet/ringlet/internal/baseurl"
	"github.com/ringlet/ringlet/internal/fault"
)

func load(t *testing.T, dir string) *Catalogue {
	t.Helper()
	c, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func builtIn(t *testing.T) *Catalogue { return load(t, filepath.Join(t.TempDir(), "missing")) }

func TestOffered(t *testing.T) {
	var ids []string
	for _, p := range builtIn(t).List() {
		ids = append(ids, p.ID)
		if !p.BuiltIn || p.Path != "" || p.Name == "" || p.NeedsKey() && !p.TakesKey() {
			t.Errorf("%+v", p)
		}
		if len(p.Missing()) > 0 {
			continue // TestSettings
		}
		if _, err := p.Endpoint(""); err != nil {
			t.Error(err)
		}
		for _, base := range p.Bases() {
			origin, err := baseurl.Origin(base)
			if err != nil || BuiltInOrigin(p.ID, origin) != (p.ID != Self) { // self has no key that could be for it
				t.Errorf("%s: %s: %v", p.ID, base, err)
			}
		}
		if !slices.IsSortedFunc(p.Models, func(a, b Model) int {
			if a.ID < b.ID {
				return -1
			}
			return 1
		}) {
			t.Errorf("%s: models are not sorted, or one is there twice", p.ID)
		}
	}
	for _, c := range embedded.GetAll() {
		if !slices.Contains(ids, string(c.ID)) {
			t.Errorf("catwalk's provider %s is not offered", c.ID)
		}
	}
	if len(ids) < 45 {
		t.Errorf("only %d providers: %v", len(ids), ids)
	}
}

// TestSettings holds the addresses that are made of the user's settings against
// the clouds' documentation, and what is said where one is missing.
func TestSettings(t *testing.T) {
	for _, tt := range []struct{ provider, settings, format, want string }{
		{"azure", "", "", "ringlet providers set azure endpoint=https://my-resource.openai.azure.com"},
		{"azure", "endpoint: https://corp.openai.azure.com/", Chat, "https://corp.openai.azure.com/openai/v1"},
		{"azure", "endpoint: https://corp.openai.azure.com/openai/v1", Responses, "https://corp.openai.azure.com/openai/v1"},
		{"azure", "endpoint: https://corp.openai.azure.com, api_version: 2025-04-01-preview", Chat, "https://corp.openai.azure.com/openai"},
		{"azure", "endpoint: https://corp.openai.azure.com, api_version: 2025-04-01-preview", Responses, ""},
		{"bedrock", "", Messages, "https://bedrock-runtime.us-east-1.amazonaws.com"},
		{"bedrock", "region: eu-north-1, profile: work", Chat, "https://bedrock-runtime.eu-north-1.amazonaws.com/openai/v1"},
		{"bedrock-europe", "", Messages, "https://bedrock-runtime.eu-west-1.amazonaws.com"},
		{"vertexai", "", "", "ringlet providers set vertexai project=my-project"},
		{"vertexai", "project: p-1", Messages, "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/publishers/anthropic/models"},
		{"vertexai", "project: p-1, location: eu", Messages, "https://aiplatform.eu.rep.googleapis.com/v1/projects/p-1/locations/eu/publishers/anthropic/models"},
		{"vertexai", "project: p-1, location: us-east5", Chat, "https://us-east5-aiplatform.googleapis.com/v1/projects/p-1/locations/us-east5/endpoints/openapi"},
	} {
		files := map[string]string{}
		if tt.settings != "" {
			files[tt.provider+".yaml"] = "id: " + tt.provider + "\nsettings: { " + tt.settings + " }\n"
		}
		p, err := load(t, userDir(t, files)).Provider(tt.provider)
		if err != nil {
			t.Errorf("%s %s: %v", tt.provider, tt.settings, err)
			continue
		}
		e, err := p.Endpoint("")
		if tt.format == "" {
			if fault.Hint(err) != "set it: "+tt.want {
				t.Errorf("%s: %v, hint %q", tt.provider, err, fault.Hint(err))
			}
			continue
		}
		if err != nil || e[tt.format] != tt.want {
			t.Errorf("%s %s: %s is %q, %v; want %q", tt.provider, tt.settings, tt.format, e[tt.format], err, tt.want)
		}
		if tt.provider != "vertexai" && p.KeyEnv(e) != p.AuthEnv {
			t.Errorf("%s %s: the key variable is not used for %v", tt.provider, tt.settings, e)
		}
	}
}

func TestEndpoints(t *testing.T) {
	c := builtIn(t)
	for _, tt := range []struct{ provider, endpoint, format, want string }{
		{"anthropic", "default", Messages, "https://api.anthropic.com"},
		{"minimax", "default", Messages, "https://api.minimax.io/anthropic"},
		{"minimax", "international", Chat, "https://api.minimax.io/v1"},
		{"minimax", "china", Messages, "https://api.minimaxi.com/anthropic"},
		{"minimax", "china", Chat, "https://api.minimaxi.com/v1"},
		{"zai", "", Messages, "https://api.z.ai/api/anthropic"},
		{"zai", "", Chat, "https://api.z.ai/api/coding/paas/v4"},
	} {
		p, err := c.Provider(tt.provider)
		if err != nil {
			t.Fatal(err)
		}
		e, err := p.Endpoint(tt.endpoint)
		if err != nil || e[tt.format] != tt.want {
			t.Errorf("%s %q %s: %q, %v; want %q", tt.provider, tt.endpoint, tt.format, e[tt.format], err, tt.want)
		}
		if p.KeyEnv(e) != p.AuthEnv || p.AuthEnv == "" {
			t.Errorf("%s: key %q, want %q", tt.provider, p.KeyEnv(e), p.AuthEnv)
		}
	}
}

// TestPrices checks that reading a cache is the cheap side and writing it the
// dear one: catwalk has them in fields that mean one thing for one provider and
// the other for the next.
func TestPrices(t *testing.T) {
	c := builtIn(t)
	for _, tt := range []struct {
		provider, model            string
		input, output, read, write float64
	}{
		{"anthropic", "claude-sonnet-4-20250514", 3, 15, 0.3, 3.75},
		{"anthropic", "claude-opus-4-20250514", 15, 75, 1.5, 18.75},
		{"anthropic", "claude-haiku-4-5-20251001", 1, 5, 0.1, 1.25},
		{"anthropic", "claude-3-haiku-20240307", 0.25, 1.25, 0.03, 0.3},
		{"minimax", "MiniMax-M2.7", 0.3, 1.2, 0.06, 0.375},
		{"zai", "glm-4.7", 0.6, 2.2, 0.11, 0.6}, // no premium on writing: docs.z.ai/guides/overview/pricing
		{"zai", "glm-5.3", 1.4, 4.4, 0.26, 1.4},
		{"openai", "gpt-5.5", 5, 30, 0.5, 5},
		{"openai", "gpt-5.6-sol", 5, 30, 0.5, 6.25},
		{"gemini", "gemini-2.5-pro", 1.25, 10, 0.125, 1.25},
		{"gemini", "gemini-3.5-flash", 1.5, 9, 1.5, 1.5}, // catwalk has the price of storage there
		{"bedrock", "us.anthropic.claude-opus-4-8", 5, 25, 0.5, 6.25},
		{"deepseek", "deepseek-v4-pro", 0.435, 0.87, 0.003625, 0.435},
		{"openrouter", "anthropic/claude-sonnet-4.6", 3.3, 16.5, 0.33, 4.125},
		{"vercel", "anthropic/claude-sonnet-4", 3, 15, 0.3, 3.75},
		{"opencode-zen", "claude-sonnet-4-5", 3, 15, 0.3, 3.75}, // the other way round in catwalk
		{"qiniucloud", "z-ai/glm-5", 0.56, 2.5, 0.56, 0.56},     // a copy of the input's, which says nothing
	} {
		p, _ := c.Provider(tt.provider)
		m, ok := p.Model(tt.model)
		if !ok || !m.Priced || m.AsOf == "" || m.Context < 100_000 {
			t.Errorf("%s/%s: %+v", tt.provider, tt.model, m)
		}
		if got := [4]float64{m.Input, m.Output, m.CacheRead, m.CacheWrite}; got != [4]float64{tt.input, tt.output, tt.read, tt.write} {
			t.Errorf("%s/%s: %v", tt.provider, tt.model, got)
		}
	}
	for _, p := range c.List() {
		for _, m := range p.Models {
			if m.CacheRead > m.Input || m.CacheRead < 0 || m.Priced && (m.CacheWrite < m.Input && m.ID != "claude-3-haiku-20240307" || m.CacheWrite > 2*m.Input || m.Input+m.Output <= 0) {
				t.Errorf("%s: %+v", p.ID, m)
			}
			if p.ID == "anthropic" && m.Priced && math.Abs(m.CacheWrite/m.Input-1.25) > 0.06 {
				t.Errorf("a cache write of %s costs %v times its input", m.ID, m.CacheWrite/m.Input)
			}
		}
	}
	p, _ := c.Provider("zai")
	if m, _ := p.Model("glm-5.2"); m.Priced {
		t.Error("a price of nothing is no price")
	}
}

func TestBuiltInOrigin(t *testing.T) {
	for _, tt := range []struct {
		provider, origin string
		want             bool
	}{
		{"anthropic", "https://api.anthropic.com", true},
		{"anthropic", "http://api.anthropic.com", false},
		{"anthropic", "https://api.anthropic.com.evil.example", false},
		{"anthropic", "https://api.minimax.io", false},
		{"minimax", "https://api.minimaxi.com", true},
		{"my-gateway", "https://api.anthropic.com", false},
		{"cerebras", "https://api.cerebras.ai", true}, // only catwalk knows it
		{"cerebras", "https://api.anthropic.com", false},
		{"azure", "https://corp.openai.azure.com", true},
		{"azure", "https://openai.azure.com", false},
		{"azure", "https://a.b.openai.azure.com", false},
		{"azure", "https://corp.openai.azure.com:8443", false},
		{"azure", "https://corp.openai.azure.com.evil.example", false},
		{"bedrock", "https://bedrock-runtime.us-west-2.amazonaws.com", true},
		{"bedrock", "https://bedrock-runtime.evil.example", false},
		{"vertexai", "https://aiplatform.googleapis.com", true},
		{"vertexai", "https://europe-west1-aiplatform.googleapis.com", true},
		{"ollama", "http://127.0.0.1:11434", true},
	} {
		if got := BuiltInOrigin(tt.provider, tt.origin); got != tt.want {
			t.Errorf("%s at %s: %v", tt.provider, tt.origin, got)
		}
	}
}

func TestResolveModel(t *testing.T) {
	c := builtIn(t)
	for _, tt := range []struct {
		model, id string
		known     bool
	}{
		{"claude-sonnet-4-20250514", "claude-sonnet-4-20250514", true}, // its own id
		{"claude-sonnet-4-6", "claude-sonnet-4-6", true},
		{"claude-sonnet-4", "claude-sonnet-4-20250514", true}, // documented
		{"claude-opus-4", "claude-opus-4-20250514", true},
		{"claude-haiku-3", "claude-3-haiku-20240307", true},
		{"claude-haiku-4-5", "claude-haiku-4-5-20251001", true}, // the name and a date
		{"claude-opus-4-1", "claude-opus-4-1-20250805", true},
		{"claude-sonnet", "claude-sonnet", false},
		{"claude", "claude", false},
		{"", "", false},
		{"meta-llama/llama-3:free", "meta-llama/llama-3:free", false},
	} {
		id, known, near, err := c.ResolveModel("anthropic", tt.model)
		if err != nil || id != tt.id || known != tt.known || known == (len(near) > 0) {
			t.Errorf("%q: %q, known %v, nearest %v, %v; want %q, %v", tt.model, id, known, near, err, tt.id, tt.known)
		}
	}
	// A short name of one provider means nothing at another.
	if _, known, near, err := c.ResolveModel("minimax", "claude-3-sonnet"); known || len(near) != 3 || err != nil {
		t.Errorf("known %v, nearest %v, %v", known, near, err)
	}
	if id, known, _, err := c.ResolveModel("ollama", "qwen3-coder:30b"); id != "qwen3-coder:30b" || !known || err != nil {
		t.Errorf("%q, %v, %v", id, known, err)
	}
	if _, _, _, err := c.ResolveModel("nobody", "x"); err == nil {
		t.Error("an unknown provider was accepted")
	}
	for short, want := range map[string]string{"claude-opus-4-6": "us.anthropic.claude-opus-4-6-v1", "claude-opus-5": "us.anthropic.claude-opus-5",
		"claude-sonnet-4-5-20250929": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"} {
		if id, known, _, err := c.ResolveModel("bedrock", short); id != want || !known || err != nil {
			t.Errorf("%s at Bedrock: %q, %v, %v", short, id, known, err)
		}
	}
	own, _ := c.Provider("anthropic")
	for short, id := range own.Names {
		if short == id {
			t.Errorf("%s is short for itself", short)
		}
	}
}

func TestCatalogueIsNotShared(t *testing.T) {
	c := builtIn(t)
	p, _ := c.Provider("anthropic")
	p.Endpoints["default"][Messages] = "https://evil.example"
	p.Models[0].ID = "x"
	again, _ := c.Provider("anthropic")
	if again.Endpoints["default"][Messages] != "https://api.anthropic.com" || again.Models[0].ID == "x" {
		t.Error("a caller changed the catalogue")
	}
}
