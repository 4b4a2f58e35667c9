package agents_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/agents/agentstest"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/secrets"
)

func TestClaude(t *testing.T) {
	agentstest.Run(t, agents.Claude{}, agentstest.Fixture{
		Program: "claude",
		Settings: map[string]string{
			"indented":             "{\n  \"model\": \"opus\",\n  \"permissions\": { \"allow\": [\"Bash(ls:*)\"] }\n}\n",
			"tabs, CRLF, no end":   "{\r\n\t\"env\": {\r\n\t\t\"FOO\": \"1\"\r\n\t},\r\n\t\"model\": \"opus\"\r\n}",
			"compact":              `{"model":"opus","env":{"A":"é\u00e9"},"n":1.50e+3}`,
			"one line, spaced":     `{ "model": "opus", "env": { "A": "1", "B": "2" } }`,
			"keys of its own":      "{\n  \"env\": {\n    \"ANTHROPIC_BASE_URL\": \"https://gw.example.com/?a&b\",\n    \"ANTHROPIC_AUTH_TOKEN\": \"theirs\",\n    \"Z\": \"1\"\n  },\n  \"model\": \"opus\"\n}\n",
			"one key of its own":   "{\"model\": \"opus\", \"env\": {\"ANTHROPIC_AUTH_TOKEN\": \"theirs\"}}\n",
			"a null of its own":    "{\"model\": \"opus\", \"env\": {\"ANTHROPIC_BASE_URL\": null, \"ANTHROPIC_AUTH_TOKEN\": {\"a\": [1, 2]}}}\n",
			"empty env":            "{\n    \"model\": \"opus\",\n    \"env\": {}\n}\n",
			"odd but valid":        "  {\n\"model\":\n\"opus\"   ,\n  \"\\u0065nv\" : {\"x\":\"y\"\n}  }\n\n",
			"a byte order mark":    "\xef\xbb\xbf{\"model\": \"opus\"}",
			"nested env elsewhere": `{"mcpServers": {"x": {"env": {"ANTHROPIC_BASE_URL": "https://other"}}}, "model": "opus"}`,
		},
		Edit: func(text string) string { return strings.Replace(text, `"opus"`, `"sonnet"`, 1) },
		Broken: map[string]string{
			"a comment":     "{\n  // mine\n  \"model\": \"opus\"\n}\n",
			"cut off":       `{"model": "opus"`,
			"a comma":       `{"model": "opus",}`,
			"a list":        `["opus"]`,
			"two values":    `{} {}`,
			"env no object": `{"env": ["A=1"]}`,
			"env twice":     `{"env": {}, "model": "opus", "env": {}}`,
			"key twice":     `{"env": {"ANTHROPIC_BASE_URL": "a", "ANTHROPIC_BASE_URL": "b"}}`,
		},
		Scrubbed: []string{"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_UNIX_SOCKET",
			"CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY", "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST"},
		Login:  []string{"ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"},
		Direct: []string{"x-api-key", "bearer", "none"}, Headers: true,
	})
}

func options(t *testing.T) agents.PointOptions {
	root := t.TempDir()
	return agents.PointOptions{Home: root, RestoreDir: filepath.Join(root, "restore"), BaseURL: "http://127.0.0.1:8081", Token: secrets.NewSecret("rl-token")}
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

// Each NAME.json in testdata/settings becomes NAME.pointed.
func TestPointedSettingsLookAsIfWrittenByHand(t *testing.T) {
	inputs, err := filepath.Glob("testdata/settings/*.json")
	if err != nil || len(inputs) < 5 {
		t.Fatalf("%d inputs, %v", len(inputs), err)
	}
	for _, input := range inputs {
		t.Run(filepath.Base(input), func(t *testing.T) {
			text, err := os.ReadFile(input)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(input, ".json") + ".pointed")
			if err != nil {
				t.Fatal(err)
			}
			o := options(t)
			path := agents.Claude{}.SettingsPath(o.Home)
			write(t, path, string(text))
			if err := (agents.Claude{}).Point(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	for text, says := range map[string]string{
		"{\n  \"model\": \"opus\",\n}\n":   ":3:1: ",
		"{\n  // mine\n}":                  ":2:3: ",
		"{\n  \"env\": [1]\n}":             `:2:10: "env" must be an object`,
		"[]":                               ":1:1: the settings must be an object",
		"{\n \"env\": {},\n \"env\": {}}":  `:3:2: "env" is there twice`,
		"{\"env\": {\"A\": 1,\n\"A\": 2}}": `:2:1: "A" is there twice`,
		"{\"model\": \"opus\"":             "ends in the middle",
	} {
		o := options(t)
		path := agents.Claude{}.SettingsPath(o.Home)
		write(t, path, text)
		err := agents.Claude{}.Point(t.Context(), o)
		if err == nil || !strings.HasPrefix(err.Error(), path) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// What the user sets while the agent is pointed at the proxy is the user's.
func TestAValueThatTheUserSetsLaterIsKept(t *testing.T) {
	o := options(t)
	c := agents.Claude{}
	path := c.SettingsPath(o.Home)
	point := func() {
		t.Helper()
		if err := c.Point(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	restored := func(want string) {
		t.Helper()
		if err := c.Restore(t.Context(), agents.RestoreOptions{Home: o.Home, RestoreDir: o.RestoreDir}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("restored to %s, %v; want %s", got, err, want)
		}
	}
	theirs := `{"env":{"ANTHROPIC_BASE_URL":"https://corp","ANTHROPIC_AUTH_TOKEN":"rl-token"}}`

	point()
	write(t, path, theirs)
	restored(`{"env":{"ANTHROPIC_BASE_URL":"https://corp"}}`)

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	point()
	write(t, path, theirs)
	point() // the proxy again, and corp is what was there before
	restored(`{"env":{"ANTHROPIC_BASE_URL":"https://corp"}}`)

	// Deleted meanwhile: it stays deleted.
	write(t, path, `{"model":"opus"}`)
	point()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	point()
	if err := c.Restore(t.Context(), agents.RestoreOptions{Home: o.Home, RestoreDir: o.RestoreDir}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that the user deleted is back: %v", err)
	}
}

func TestWhatLeadsPastTheProxyIsNamed(t *testing.T) {
	o := options(t)
	c := agents.Claude{}
	path := c.SettingsPath(o.Home)
	write(t, path, `{"apiKeyHelper":"/bin/key","env":{"CLAUDE_CODE_USE_BEDROCK":"1","CLAUDE_CODE_USE_VERTEX":"0","ANTHROPIC_API_KEY":"sk-theirs","FOO":"1"}}`)
	if err := c.Point(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	differ, err := c.Pointed(t.Context(), o)
	all := strings.Join(differ, "\n")
	if err != nil || len(differ) != 3 || !strings.Contains(all, "CLAUDE_CODE_USE_BEDROCK") || !strings.Contains(all, "ANTHROPIC_API_KEY") || !strings.Contains(all, "apiKeyHelper") || strings.Contains(all, "sk-theirs") {
		t.Errorf("%s, %v", all, err)
	}

	bin, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "claude"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, ".claude", "settings.json"), `{"env":{"ANTHROPIC_BASE_URL":"https://evil.example.com"}}`)
	write(t, filepath.Join(dir, ".claude", "settings.local.json"), `broken`)
	cmd, err := c.Command(t.Context(), agents.RunOptions{Host: agents.Host{Home: o.Home, Environ: []string{"PATH=" + bin}, Dir: dir}, Home: o.Home})
	if err != nil || len(cmd.Warnings) != 1 || !strings.Contains(cmd.Warnings[0], filepath.Join(dir, ".claude", "settings.json")+" sets ANTHROPIC_BASE_URL") {
		t.Errorf("warnings %q, %v", cmd.Warnings, err)
	}
}

func TestFirstRunAnswersTheOnboardingOnce(t *testing.T) {
	home := t.TempDir()
	path := filepath.Join(home, ".claude", ".claude.json")
	if err := (agents.Claude{}).FirstRun(t.Context(), agents.FirstRunOptions{Home: home}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || !strings.Contains(string(b), `"hasCompletedOnboarding": true`) {
		t.Errorf("%s, %v", b, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	write(t, path, `{"theirs":1}`)
	if err := (agents.Claude{}).FirstRun(t.Context(), agents.FirstRunOptions{Home: home}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != `{"theirs":1}` {
		t.Errorf("%s, %v", b, err)
	}
}

func TestUnknownAgents(t *testing.T) {
	_, err := agents.ByName("emacs")
	if err == nil || err.Error() != `there is no agent "emacs"` || fault.ExitCode(err) != 2 || fault.Hint(err) != "use claude, codex, opencode, droid or grok" {
		t.Errorf("%v, %q, exit %d", err, fault.Hint(err), fault.ExitCode(err))
	}
}

func TestTheProgramIsFoundOutsidePATH(t *testing.T) {
	home := t.TempDir()
	for _, place := range []string{".claude/local/claude", ".local/bin/claude"} { // the later is preferred
		path := filepath.Join(home, place)
		write(t, path, "#!/bin/sh\necho 1.2.3")
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		in, err := agents.Claude{}.Detect(t.Context(), agents.Host{Home: home, Environ: []string{"PATH=/nowhere"}})
		if err != nil || in.Path != path || in.Version != "1.2.3" {
			t.Errorf("%+v, %v", in, err)
		}
	}
}
