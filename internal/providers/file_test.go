package providers

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
)

// userDir is a providers.d with the given files.
func userDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const gateway = `id: my-gateway
name: Internal gateway
endpoints:
  production: { messages: "https://llm.example.com/", chat: "https://llm.example.com/v1", responses: "https://llm.example.com/v1" }
  staging:    { messages: "http://127.0.0.1:9100" }
default_endpoint: production
auth: { env: MY_GATEWAY_KEY, header: x-api-key }
headers: { x-team: tools }
models:
  - { id: claude-sonnet-4, input: 3.00, output: 15.00, cache_read: 0.30, cache_write: 3.75, context: 200000 }
  - { id: free, input: 0, output: 0 }
  - { id: meta/unpriced }
`

func TestUsersOwnProvider(t *testing.T) {
	dir := userDir(t, map[string]string{"my-gateway.yaml": gateway, "README": "notes", ".x.yaml.swp": "junk"})
	c := load(t, dir)
	if problems := c.Problems(); len(problems) > 0 {
		t.Fatal(problems)
	}
	p, err := c.Provider("my-gateway")
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "Internal gateway" || p.BuiltIn || p.Path != filepath.Join(dir, "my-gateway.yaml") ||
		p.AuthEnv != "MY_GATEWAY_KEY" || p.AuthHeader != XAPIKey || p.Headers["x-team"] != "tools" || p.DefaultEndpoint != "production" {
		t.Errorf("%+v", p)
	}
	e, err := p.Endpoint("default")
	if err != nil || e[Messages] != "https://llm.example.com" || e[Responses] != "https://llm.example.com/v1" || p.KeyEnv(e) != "MY_GATEWAY_KEY" {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := p.Endpoint("staging"); err != nil || e[Messages] != "http://127.0.0.1:9100" || len(e) != 1 {
		t.Errorf("%v, %v", e, err)
	}
	if _, err := p.Endpoint("nowhere"); fault.ExitCode(err) != 3 || !strings.Contains(fault.Hint(err), "staging") {
		t.Errorf("%v, %q", err, fault.Hint(err))
	}
	priced, _ := p.Model("claude-sonnet-4")
	free, _ := p.Model("free")
	unpriced, ok := p.Model("meta/unpriced")
	if !priced.Priced || priced.CacheWrite != 3.75 || priced.Context != 200_000 || !free.Priced || !ok || unpriced.Priced {
		t.Errorf("%+v %+v %+v", priced, free, unpriced)
	}
	// The overlay's short names are Anthropic's: here the user's own id stands.
	if id, known, _, _ := c.ResolveModel("my-gateway", "claude-sonnet-4"); id != "claude-sonnet-4" || !known {
		t.Errorf("%q, %v", id, known)
	}
	var ids []string
	for _, p := range c.List() {
		ids = append(ids, p.ID)
	}
	if !slices.Contains(ids, "my-gateway") || !slices.Contains(ids, "anthropic") || !slices.IsSorted(ids) {
		t.Errorf("%v", ids)
	}
}

func TestOverride(t *testing.T) {
	for _, tt := range []struct {
		name, id, text string
		check          func(t *testing.T, p Provider)
	}{
		{"another default", "minimax", "id: minimax\ndefault_endpoint: china\n", func(t *testing.T, p Provider) {
			e, err := p.Endpoint("")
			if err != nil || e[Messages] != "https://api.minimaxi.com/anthropic" || p.KeyEnv(e) != "MINIMAX_API_KEY" || len(p.Models) < 5 || p.Name != "MiniMax" {
				t.Errorf("%+v, %v", p, err)
			}
		}},
		{"other models", "anthropic", "id: anthropic\nmodels: [{ id: x }]\n", func(t *testing.T, p Provider) {
			if len(p.Models) != 1 || p.Endpoints["default"][Messages] != "https://api.anthropic.com" {
				t.Errorf("%+v", p)
			}
		}},
		{"another path on the same host", "anthropic", "id: anthropic\nendpoints: { default: { messages: 'https://api.anthropic.com/eu' } }\n", func(t *testing.T, p Provider) {
			if e, _ := p.Endpoint(""); p.KeyEnv(e) != "ANTHROPIC_API_KEY" || !strings.HasSuffix(e[Messages], "/eu") {
				t.Errorf("%+v", p)
			}
		}},
		{"another host has no key from the environment", "anthropic", "id: anthropic\nendpoints: { corp: { messages: 'https://llm.example.com' } }\n", func(t *testing.T, p Provider) {
			e, err := p.Endpoint("default")
			if err != nil || p.KeyEnv(e) != "" || p.AuthHeader != XAPIKey {
				t.Errorf("key %q, %+v, %v", p.KeyEnv(e), p, err)
			}
		}},
		{"nor where one format of several is elsewhere", "zai", "id: zai\nendpoints: { default: { messages: 'https://api.z.ai/x', chat: 'https://llm.example.com' } }\n", func(t *testing.T, p Provider) {
			if e, _ := p.Endpoint(""); p.KeyEnv(e) != "" {
				t.Errorf("key %q", p.KeyEnv(e))
			}
		}},
		{"a test server on this machine", "anthropic", "id: anthropic\nendpoints: { default: { messages: 'http://127.0.0.1:9100' } }\n", func(t *testing.T, p Provider) {
			if e, _ := p.Endpoint(""); p.KeyEnv(e) != "" {
				t.Errorf("key %q", p.KeyEnv(e))
			}
		}},
		{"another host with its own variable", "anthropic", "id: anthropic\nendpoints: { corp: { messages: 'https://llm.example.com' } }\nauth: { env: CORP_KEY }\n", func(t *testing.T, p Provider) {
			if e, _ := p.Endpoint(""); p.KeyEnv(e) != "CORP_KEY" || p.AuthHeader != XAPIKey {
				t.Errorf("%+v", p)
			}
		}},
		{"settings", "bedrock", "id: bedrock\nsettings: { region: eu-north-1, profile: work }\n", func(t *testing.T, p Provider) {
			e, err := p.Endpoint("")
			if err != nil || e[Messages] != "https://bedrock-runtime.eu-north-1.amazonaws.com" || p.Values["profile"] != "work" || p.KeyEnv(e) != "AWS_BEARER_TOKEN_BEDROCK" {
				t.Errorf("%+v, %v", e, err)
			}
		}},
		{"an address instead of settings", "azure", "id: azure\nendpoints: { apim: { chat: 'https://apim.example.com/openai/v1' } }\n", func(t *testing.T, p Provider) {
			e, err := p.Endpoint("")
			if err != nil || e[Chat] != "https://apim.example.com/openai/v1" || p.KeyEnv(e) != "" || p.AuthHeader != APIKey {
				t.Errorf("%+v, %v", e, err)
			}
		}},
		{"formats of a model come before the built-in ones", "openai", "id: openai\nmodels: [{ id: gpt-5-codex, formats: [chat] }]\n", func(t *testing.T, p Provider) {
			if len(p.Formats) < 2 || p.Formats[0].Models != "gpt-5-codex" || p.Formats[0].Formats[0] != Chat {
				t.Errorf("%+v", p.Formats)
			}
		}},
		{"no authentication", "anthropic", "id: anthropic\nauth: { header: none }\n", func(t *testing.T, p Provider) {
			if e, _ := p.Endpoint(""); p.KeyEnv(e) != "" || p.AuthHeader != NoAuth {
				t.Errorf("%+v", p)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := load(t, userDir(t, map[string]string{tt.id + ".yaml": tt.text}))
			p, err := c.Provider(tt.id)
			if err != nil {
				t.Fatal(err)
			}
			if !p.BuiltIn || p.Path == "" {
				t.Errorf("an override is built-in and has a path: %+v", p)
			}
			tt.check(t, p)
		})
	}
}

// TestBadFiles: the files beside this test, each with what is to be said of it.
func TestBadFiles(t *testing.T) {
	cases, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(cases) < 20 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, path := range cases {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			first, rest, _ := strings.Cut(string(text), "\n")
			want, ok := strings.CutPrefix(first, "# want ")
			if !ok {
				t.Fatal("the first line must say what is wanted: # want LINE:COLUMN: part of the sentence")
			}
			_ = rest
			dir := userDir(t, map[string]string{"mine.yaml": string(text)})
			c := load(t, dir)
			_, err = c.Provider("mine")
			if err == nil {
				t.Fatal("it was accepted")
			}
			if !strings.Contains(err.Error(), filepath.Join(dir, "mine.yaml")+":"+want) || fault.Hint(err) == "" {
				t.Errorf("got  %v (hint %q)\nwant …%s…", err, fault.Hint(err), want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret came out: %v", err)
			}
			if problems := c.Problems(); len(problems) != 1 || problems[0] != err {
				t.Errorf("problems: %v", problems)
			}
		})
	}
}

// TestAccountsStayAtTheirCloud: what a machine holds for a whole cloud account is
// sent to no other host.
func TestAccountsStayAtTheirCloud(t *testing.T) {
	for _, id := range []string{"bedrock", "vertexai"} {
		text := "id: " + id + "\nendpoints: { default: { messages: 'https://llm.example.com' } }\n"
		_, err := load(t, userDir(t, map[string]string{id + ".yaml": text})).Provider(id)
		if err == nil || !strings.Contains(err.Error(), "are not sent to https://llm.example.com") {
			t.Errorf("%s: %v", id, err)
		}
		_, err = load(t, userDir(t, map[string]string{id + ".yaml": text + "auth: { env: CORP_KEY, header: bearer }\n"})).Provider(id)
		if err != nil {
			t.Errorf("%s with a key of its own: %v", id, err)
		}
	}
}

func TestBrokenFilesDoNotFallBack(t *testing.T) {
	dir := userDir(t, map[string]string{
		"anthropic.yaml":  "id: anthropic\nendpoint: {}\n",
		"my-gateway.yaml": gateway,
		"typo.yml":        gateway,
	})
	if err := os.Symlink(filepath.Join(dir, "my-gateway.yaml"), filepath.Join(dir, "linked.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "open.yaml"), []byte(gateway), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "open.yaml"), 0o666); err != nil {
		t.Fatal(err)
	}
	c := load(t, dir)
	if _, err := c.Provider("anthropic"); err == nil || !strings.Contains(err.Error(), "anthropic.yaml:2") {
		t.Errorf("a broken override must not become the built-in provider: %v", err)
	}
	if _, err := c.Provider("my-gateway"); err != nil {
		t.Errorf("the others still work: %v", err)
	}
	for id, why := range map[string]string{"linked": "symbolic link", "open": "written by others"} {
		if _, err := c.Provider(id); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", id, err)
		}
	}
	var all []string
	for _, p := range c.Problems() {
		all = append(all, p.Error())
		if fault.Hint(p) == "" {
			t.Errorf("no hint: %v", p)
		}
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{"anthropic.yaml:2", "linked.yaml", "open.yaml", "typo.yml"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not reported in\n%s", want, text)
		}
	}
	if len(all) != 4 {
		t.Errorf("%d problems:\n%s", len(all), text)
	}
	for _, p := range c.List() {
		if p.ID == "anthropic" {
			t.Error("the list has a provider whose file is broken")
		}
	}
}

func TestLoadRefusesOpenFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "written by others") {
		t.Errorf("%v", err)
	}
}

func TestUnknownProvider(t *testing.T) {
	_, err := builtIn(t).Provider("antropic")
	var nf *NotFoundError
	if !errors.As(err, &nf) || fault.ExitCode(err) != 3 {
		t.Fatalf("%v", err)
	}
	hint := fault.Hint(err)
	for _, want := range []string{"anthropic", "ringlet providers list"} {
		if !strings.Contains(hint, want) {
			t.Errorf("hint %q lacks %q", hint, want)
		}
	}
	if nf.Nearest[0] != "anthropic" {
		t.Errorf("nearest: %v", nf.Nearest)
	}
}

func FuzzFile(f *testing.F) {
	f.Add(gateway)
	f.Add("id: mine\nendpoints: { a: { chat: 'http://localhost' } }\nauth: { header: none }\nmodels: [{id: a, input: .nan, output: 1}]")
	f.Add("id: mine\nendpoints: &x { a: *x }")
	f.Fuzz(func(t *testing.T, text string) {
		id := "mine"
		if strings.Contains(text, "my-gateway") {
			id = "my-gateway"
		}
		p, err := parse("p", id, []byte(text), Provider{})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "p") {
				t.Errorf("an error without its path: %v", err)
			}
			return
		}
		if p.ID != id || len(p.Endpoints) == 0 || p.AuthHeader == "" {
			t.Errorf("accepted but not usable: %+v", p)
		}
		if e, err := p.Endpoint(""); err != nil || len(e) == 0 {
			t.Errorf("accepted without a default endpoint: %+v, %v", p, err)
		}
		for _, m := range p.Models {
			if !(m.Input >= 0 && m.Output >= 0 && m.CacheRead >= 0 && m.CacheWrite >= 0) {
				t.Errorf("accepted a price that is none: %+v", m)
			}
		}
	})
}
