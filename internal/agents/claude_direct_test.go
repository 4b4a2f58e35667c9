package agents_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/secrets"
)

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
