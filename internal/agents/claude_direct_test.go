package agents_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/secrets"
)

// With a login of its own the token travels in a header, which must not reach
// the provider that a run past the proxy goes to.
func TestOwnLoginPastTheProxy(t *testing.T) {
	for agent, want := range map[agents.Agent][]string{
		agents.Claude{}: {"claude", "--settings", `{"env":{"ANTHROPIC_AUTH_TOKEN":"","ANTHROPIC_BASE_URL":"https://api.anthropic.com","ANTHROPIC_CUSTOM_HEADERS":""}}`, "hi"},
		agents.Codex{}:  {"codex", "-c", `model_provider="openai"`, "hi"},
	} {
		o := options(t)
		o.OwnLogin = true
		bin := t.TempDir()
		write(t, filepath.Join(bin, agent.ID()), "#!/bin/sh\n")
		if err := os.Chmod(filepath.Join(bin, agent.ID()), 0o700); err != nil {
			t.Fatal(err)
		}
		run := agents.RunOptions{Host: agents.Host{Home: o.Home, Environ: []string{"PATH=" + bin}}, Home: o.Home, Args: []string{"hi"},
			Direct: &agents.Direct{AuthHeader: agents.OwnLoginAuth}}
		if cmd, err := agent.Command(t.Context(), run); err != nil || len(cmd.Argv) != 2 {
			t.Errorf("%s: %q, %v", agent.ID(), cmd.Argv, err)
		}
		if err := agent.Point(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if cmd, err := agent.Command(t.Context(), run); err != nil || !slices.Equal(cmd.Argv, want) {
			t.Errorf("%s: %q, %v; want %q", agent.ID(), cmd.Argv, err, want)
		}
	}
}

// A run past the proxy overrules settings that point at it, without a key on
// the command line.
func TestClaudePastItsProxy(t *testing.T) {
	for auth, want := range map[string]struct{ settings, env string }{
		"x-api-key": {`{"env":{"ANTHROPIC_AUTH_TOKEN":"","ANTHROPIC_BASE_URL":"https://up.example"}}`, "ANTHROPIC_API_KEY=sk-real"},
		"none":      {`{"env":{"ANTHROPIC_AUTH_TOKEN":"none","ANTHROPIC_BASE_URL":"https://up.example"}}`, "ANTHROPIC_AUTH_TOKEN=none"},
		"bearer":    {`{"apiKeyHelper":"printf %s \"$RINGLET_PROVIDER_KEY\"","env":{"ANTHROPIC_AUTH_TOKEN":"","ANTHROPIC_BASE_URL":"https://up.example"}}`, "RINGLET_PROVIDER_KEY=sk-real"},
	} {
		o := options(t)
		bin := t.TempDir()
		write(t, filepath.Join(bin, "claude"), "#!/bin/sh\n")
		if err := os.Chmod(filepath.Join(bin, "claude"), 0o700); err != nil {
			t.Fatal(err)
		}
		run := agents.RunOptions{Host: agents.Host{Home: o.Home, Environ: []string{"PATH=" + bin}}, Home: o.Home, Args: []string{"-p", "hi"},
			Direct: &agents.Direct{Format: "messages", BaseURL: "https://up.example", AuthHeader: auth, Key: secrets.NewSecret("sk-real")}}
		cmd, err := agents.Claude{}.Command(t.Context(), run)
		if err != nil || slices.Contains(cmd.Argv, "--settings") {
			t.Errorf("%s: without settings: %q, %v", auth, cmd.Argv, err)
		}
		if err := (agents.Claude{}).Point(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		cmd, err = agents.Claude{}.Command(t.Context(), run)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"claude", "--settings", want.settings, "-p", "hi"}; !slices.Equal(cmd.Argv, want) {
			t.Errorf("%s: %q; want %q", auth, cmd.Argv, want)
		}
		if !slices.Contains(cmd.Env, want.env) || strings.Contains(strings.Join(cmd.Argv, " "), "sk-real") {
			t.Errorf("%s: environment %q, arguments %q", auth, cmd.Env, cmd.Argv)
		}
	}
}

// Grok Build's settings win over its environment, so that a run past the proxy
// is refused rather than the provider's key sent to the proxy's port.
func TestGrokBuildDoesNotGoPastSettingsThatPoint(t *testing.T) {
	o := options(t)
	bin := t.TempDir()
	write(t, filepath.Join(bin, "grok"), "\x7fELF")
	if err := os.Chmod(filepath.Join(bin, "grok"), 0o700); err != nil {
		t.Fatal(err)
	}
	run := agents.RunOptions{Host: agents.Host{Home: o.Home, Environ: []string{"PATH=" + bin}}, Home: o.Home,
		Direct: &agents.Direct{Format: "chat", BaseURL: "https://up.example/v1", AuthHeader: "bearer", Key: secrets.NewSecret("sk-real")}}
	if _, err := (agents.Grok{}).Command(t.Context(), run); err != nil {
		t.Errorf("without settings: %v", err)
	}
	if err := (agents.Grok{}).Point(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := (agents.Grok{}).Command(t.Context(), run); err == nil || !strings.Contains(fault.Hint(err), "ringlet proxy disable") {
		t.Errorf("with settings that point at the proxy: %v", err)
	}
}
