package agents_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/agents/agentstest"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/secrets"
)

// toml are files that users of agents with a config.toml have. choice and table are
// what ringlet sets in them.
func tomlFixture(f agentstest.Fixture, choice, table string) agentstest.Fixture {
	f.Settings = map[string]string{
		"keys and tables":      "# mine\nmodel = \"opus\" # the big one\n\n[tools]\nweb = true\n",
		"only tables":          "[tools]\nweb = true\nmodel = \"opus\"\n",
		"no line end":          "model = \"opus\"",
		"no line end, a table": "[a]\nmodel = \"opus\"",
		"CRLF":                 "model = \"opus\"\r\n[a]\r\nb = 1\r\n",
		"CRLF, no end":         "model = \"opus\"\r\n[a]\r\nb = 1",
		"a key of its own":     "model = \"opus\"\n" + choice + " = 'theirs' # keep\n",
		"a table of its own":   "model = \"opus\"\n\n[" + table + "]\n# theirs\nname = \"theirs\"\nextra = 1\n\n[z]\nq = \"\"\"\n[" + table + "]\n\"\"\"\n",
		"odd but valid":        "  model   =   \"opus\"   # x\n\"quoted key\" = [ 1,\n 2, # three\n ]\n[ tools . deep ]\nt = { a = \"}\", b = '#' }\n",
		"blank lines":          "\n\nmodel = \"opus\"\n\n\n[a]\n\n\n",
		"a byte order mark":    "\xef\xbb\xbfmodel = \"opus\"\n",
		"a list of tables":     "model = \"opus\"\n[[hooks]]\nname = \"a\"\n[[hooks]]\nname = \"b\"\n",
	}
	if choice == "models.default" { // where "model" is a table
		for name, text := range f.Settings {
			f.Settings[name] = strings.NewReplacer("model = ", "theme = ", "model   = ", "theme   = ").Replace(text)
		}
	}
	f.Edit = func(text string) string { return strings.Replace(text, `"opus"`, `"sonnet"`, 1) }
	f.Broken = map[string]string{
		"cut off":   "model = \"opus",
		"key twice": "model = 1\nmodel = 2\n",
		"no toml":   "{\"model\": 1}",
	}
	return f
}

func TestCodex(t *testing.T) {
	agentstest.Run(t, agents.Codex{}, tomlFixture(agentstest.Fixture{
		Program: "codex", Login: []string{"CODEX_API_KEY", "CODEX_ACCESS_TOKEN"}, Direct: []string{"x-api-key", "bearer", "none"}, Headers: true,
		Scrubbed: []string{"OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "OPENAI_BASE_URL", "CODEX_HOME"},
	}, "model_provider", "model_providers.ringlet"))
}

func TestGrok(t *testing.T) {
	agentstest.Run(t, agents.Grok{}, tomlFixture(agentstest.Fixture{
		Program: "grok", Direct: []string{"bearer", "none"}, InEnvironment: true,
		Scrubbed: []string{"XAI_API_KEY", "GROK_API_KEY", "GROK_BASE_URL", "GROK_HOME", "GROK_MODELS_BASE_URL"},
	}, "models.default", "model.ringlet"))
}

// TOML closes an inline table: what has to go into it cannot.
func TestAnInlineTableIsRefused(t *testing.T) {
	for _, text := range []string{"model_providers = { a = { b = 1 } }\n", "x = 1\n[[model_providers]]\nname = 1\n", "[model_providers]\nringlet = { name = 'x' }\n"} {
		o := options(t)
		path := agents.Codex{}.SettingsPath(o.Home)
		write(t, path, text)
		err := agents.Codex{}.Point(t.Context(), o)
		if err == nil || !strings.HasPrefix(err.Error(), path+":") || !strings.Contains(fault.Hint(err), "[model_providers") {
			t.Errorf("%q: %v, %q", text, err, fault.Hint(err))
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("changed to %q, %v", b, err)
		}
	}
}

func TestOpenCode(t *testing.T) {
	agentstest.Run(t, agents.OpenCode{}, agentstest.Fixture{
		Program: "opencode", Direct: []string{"x-api-key", "bearer", "none"}, Headers: true,
		Scrubbed: []string{"OPENCODE_CONFIG", "OPENCODE_CONFIG_CONTENT", "OPENCODE_AUTH_CONTENT"},
	})
}

func TestDroid(t *testing.T) {
	agentstest.Run(t, agents.Droid{}, agentstest.Fixture{
		Program: "droid", Direct: []string{"x-api-key", "none"}, Headers: true,
		Scrubbed: []string{"FACTORY_API_KEY", "FACTORY_HOME_OVERRIDE", "ANTHROPIC_API_KEY", "OPENAI_BASE_URL"},
	})
}

// The community's grok-cli knows no folder but HOME's; xAI's has GROK_HOME.
func TestBothGroks(t *testing.T) {
	for variant, script := range map[string]string{
		"grok-cli (community)": "#!/usr/bin/env node\nconsole.log(1)\n",
		"Grok Build (xAI)":     "\x7fELF not really",
	} {
		bin, home := t.TempDir(), t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, "grok"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(home, ".gitconfig"), "[user]\n")
		h := agents.Host{Home: home, Environ: []string{"PATH=" + bin, "HOME=" + home}}
		in, err := agents.Grok{}.Detect(t.Context(), h)
		if err != nil || in.Variant != variant {
			t.Errorf("%s is found as %q, %v", variant, in.Variant, err)
		}
		c, err := agents.Grok{}.Command(t.Context(), agents.RunOptions{Host: h, Home: "/p", Proxy: &agents.Proxy{BaseURL: "http://127.0.0.1:8081", Token: secrets.NewSecret("tok")}})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{
			"grok-cli (community)": {"HOME=/p", "GIT_CONFIG_GLOBAL=" + home + "/.gitconfig", "GROK_BASE_URL=http://127.0.0.1:8081/v1", "GROK_API_KEY=tok", "GROK_MODEL=default"},
			"Grok Build (xAI)":     {"HOME=" + home, "GROK_HOME=/p/.grok", "XAI_API_KEY=tok", "GROK_MODELS_BASE_URL=http://127.0.0.1:8081/v1"},
		}[variant]
		for _, kv := range want {
			if !slices.Contains(c.Env, kv) {
				t.Errorf("%s does not get %s: %q", variant, kv, c.Env)
			}
		}
	}
}

// OpenCode's settings move with XDG_CONFIG_HOME; those of git and others must be found there.
func TestOpenCodeLinksTheOthersSettings(t *testing.T) {
	home, profile := t.TempDir(), filepath.Join(t.TempDir(), "p")
	write(t, filepath.Join(home, ".config", "git", "config"), "[user]\n")
	write(t, filepath.Join(home, ".config", "opencode", "opencode.json"), "{}")
	for range 2 {
		if err := (agents.OpenCode{}).FirstRun(t.Context(), agents.FirstRunOptions{Host: agents.Host{Home: home}, Home: profile}); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(profile, ".config", "git", "config")); err != nil || string(b) != "[user]\n" {
		t.Errorf("git's settings: %q, %v", b, err)
	}
	if _, err := os.Lstat(filepath.Join(profile, ".config", "opencode")); err == nil {
		t.Error("the user's own OpenCode settings are in the profile")
	}
}
