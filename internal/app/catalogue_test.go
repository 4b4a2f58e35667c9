package app

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/paths"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/routes"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// stores are the real stores, over an empty home with the given providers.d.
func stores(t *testing.T, files map[string]string) (*profiles.Store, paths.Dirs) {
	t.Helper()
	dirs, err := paths.New(func(string) string { return "" }, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dirs.LocalTokens(), "work"), "ringlet-"+strings.Repeat("ab", 32)+"\n")
	for name, text := range files {
		write(t, filepath.Join(dirs.ProvidersDir(), name), text)
	}
	catalogue, err := providers.Load(dirs.ProvidersDir())
	if err != nil {
		t.Fatal(err)
	}
	// Not the default range: other tests may use that at the same time.
	write(t, dirs.Settings(), "ports: {start: 28081, count: 100}\n")
	s, err := profiles.Open(dirs, Catalogue{catalogue}, KeyStore(dirs.CredentialsDir(), nil))
	if err != nil {
		t.Fatal(err)
	}
	return s, dirs
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestGeneratedConfig makes the configuration of a whole profile from the real
// catalogue: endpoints, keys' names, short model names and prices.
func TestGeneratedConfig(t *testing.T) {
	s, _ := stores(t, map[string]string{
		"gw.yaml": "id: gw\nendpoints: { a: { messages: 'http://127.0.0.1:9100' } }\nauth: { header: none }\nmodels: [{ id: m, input: 1, output: 2 }]\n",
		// Another host than Anthropic's own, without a variable of its own: no key from the environment.
		"zai.yaml": "id: zai\nendpoints: { corp: { messages: 'https://llm.example.com' } }\n",
	})
	_, c, err := s.Create(t.Context(), profiles.Profile{Alias: "work", Agent: "claude", Provider: "anthropic", Proxy: profiles.Proxy{
		Enabled: true, Rules: []routes.Rule{
			{Name: "long-context", Condition: "tokens > 100000", Target: "minimax/claude-3-sonnet", Priority: 10},
			{Name: "thinking", Condition: "thinking", Target: "anthropic/claude-opus-4", Priority: 5},
			{Name: "local", Condition: "tools == 0", Target: "gw/m"},
			{Name: "corp", Condition: "images > 0", Target: "zai/glm-4.7"},
			{Name: "default", Condition: "always", Target: "anthropic/claude-sonnet-4"},
		}, Aliases: map[string]string{"fast-model": "anthropic/claude-haiku-3"}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 1 || c.Warnings[0].Target != "minimax/claude-3-sonnet" || !strings.HasPrefix(c.Warnings[0].Nearest[0], "minimax/MiniMax-") {
		t.Errorf("warnings: %v", c.Warnings)
	}
	got, err := os.ReadFile(c.ConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	// The port depends on what this machine has free.
	text := strings.Replace(string(got), fmt.Sprintf("port: %d\n", c.Port), "port: PORT\n", 1)
	const golden = "testdata/config/work.yaml"
	if *updateGolden {
		write(t, golden, text)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("--- got\n%s--- want\n%s", text, want)
	}
	if _, err := routes.ParseConfig(c.ConfigPath, got); err != nil {
		t.Error(err)
	}
}

func TestCatalogueRefusesTheUnknown(t *testing.T) {
	s, _ := stores(t, map[string]string{"gw.yaml": "id: gw\nendpoint: {}\n"})
	for target, want := range map[string]string{
		"antropic/claude-sonnet-4": `no provider "antropic"`,
		"gw/m":                     "gw.yaml:2:1",
	} {
		p := profiles.Profile{Alias: "x", Agent: "claude", Provider: "anthropic", Proxy: profiles.Proxy{
			Rules: []routes.Rule{{Name: "a", Condition: "always", Target: target}}}}
		if _, _, err := s.Create(t.Context(), p); err == nil || !strings.Contains(err.Error(), want) || fault.Hint(err) == "" {
			t.Errorf("%s: %v, hint %q", target, err, fault.Hint(err))
		}
	}
	_, _, err := s.Create(t.Context(), profiles.Profile{Alias: "x", Agent: "claude", Provider: "minimax", Endpoint: "chian"})
	if fault.ExitCode(err) != 3 || !strings.Contains(fault.Hint(err), "china") {
		t.Errorf("%v, hint %q", err, fault.Hint(err))
	}
}
