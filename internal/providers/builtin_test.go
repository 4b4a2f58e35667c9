package providers

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ringlet/ringlet/internal/baseurl"
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
		if !p.BuiltIn || p.Path != "" || p.Name == "" || len(p.Models) < 5 {
			t.Errorf("%+v", p)
		}
		if _, err := p.Endpoint(""); err != nil {
			t.Error(err)
		}
		for _, base := range p.Bases() {
			origin, err := baseurl.Origin(base)
			if err != nil || !BuiltInOrigin(p.ID, origin) {
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
	if want := []string{"anthropic", "minimax", "zai"}; !slices.Equal(ids, want) {
		t.Errorf("got %v, want %v", ids, want)
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
		{"zai", "glm-4.7", 0.6, 2.2, 0.11, 0},
		{"zai", "glm-5.3", 1.4, 4.4, 0.26, 0},
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
			if m.CacheRead > m.Input || m.CacheRead < 0 || m.Priced && m.Output <= 0 {
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
	if _, _, _, err := c.ResolveModel("nobody", "x"); err == nil {
		t.Error("an unknown provider was accepted")
	}
	for short, id := range shortNames("anthropic") {
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
