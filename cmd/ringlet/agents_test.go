//go:build testbed && agents

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// agentRun is a home with a scripted provider, the real claude in PATH, and the
// real ringlet.
type agentRun struct {
	t        *testing.T
	home     string
	work     string // where the agent works
	alias    string
	env      []string
	upstream *gatewaytest.Upstream
}

const agentKey = "sk-upstream-key-of-the-test"

// newAgentRun fails where the agent or the binary is missing: a test that did
// not run must not look like one that passed.
func newAgentRun(t *testing.T, alias string, extraEnv ...string) *agentRun {
	t.Helper()
	build, err := filepath.Abs("../../build")
	if err != nil {
		t.Fatal(err)
	}
	claude := filepath.Join(build, "agents", "claude", "node_modules", ".bin")
	for _, path := range []string{filepath.Join(claude, "claude"), filepath.Join(build, "ringlet")} {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%v; run: make test-agents", err)
		}
	}
	r := &agentRun{t: t, home: t.TempDir(), work: t.TempDir(), alias: alias, upstream: gatewaytest.New(t, nil)}
	r.env = append([]string{
		"HOME=" + r.home, "PATH=" + build + ":" + claude + ":" + os.Getenv("PATH"), "XDG_RUNTIME_DIR=" + os.Getenv("XDG_RUNTIME_DIR"),
		"LANG=C.UTF-8", "USER=tester",
		// What would lead the agent past its proxy must not reach it.
		"ANTHROPIC_API_KEY=sk-the-shell's-own", "ANTHROPIC_BASE_URL=http://127.0.0.1:9",
		// The agent's own update check and telemetry have no network here; see CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC
		// in https://code.claude.com/docs/en/env-vars.
		"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
	}, extraEnv...)
	dir := filepath.Join(r.home, ".config", "ringlet", "providers.d")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	provider := fmt.Sprintf("id: scripted\nname: Scripted\nendpoints:\n  only: { messages: %q }\ndefault_endpoint: only\nauth: { env: SCRIPTED_KEY, header: x-api-key }\n", r.upstream.URL+"/scripted")
	if err := os.WriteFile(filepath.Join(dir, "scripted.yaml"), []byte(provider), 0o600); err != nil {
		t.Fatal(err)
	}
	r.ok(agentKey+"\n", "providers", "login", "scripted")
	t.Cleanup(func() {
		if out, err := r.ringlet("", "profiles", "delete", alias, "--force"); err != nil {
			t.Errorf("clean-up: %v\n%s", err, out)
		}
	})
	return r
}

func (r *agentRun) ringlet(stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 2*time.Minute)
	if r.t.Context().Err() != nil { // in a clean-up
		ctx, cancel = context.WithTimeout(context.Background(), 2*time.Minute)
	}
	defer cancel()
	cmd := exec.CommandContext(ctx, "../../build/ringlet", args...)
	if args[0] == "profiles" && args[1] == "run" {
		ringlet, err := filepath.Abs("../../build/ringlet")
		if err != nil {
			return "", err
		}
		cmd = exec.CommandContext(ctx, ringlet, args...)
		cmd.Dir = r.work
	}
	cmd.Env, cmd.Stdin = r.env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r *agentRun) ok(stdin string, args ...string) string {
	r.t.Helper()
	out, err := r.ringlet(stdin, args...)
	if err != nil {
		r.t.Fatalf("ringlet %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// runsATool has the agent run a command in print mode and checks the way that
// the conversation took: through the proxy, by the rule's model, with the
// provider's key and never with the agent's token.
func (r *agentRun) runsATool() {
	t := r.t
	t.Helper()
	mark := filepath.Join(r.work, "the-tool-ran")
	out := r.ok("", "profiles", "run", r.alias, "--", "-p", "run-tool: echo HOME=$HOME >"+mark+" && echo result-of-the-tool", "--allowedTools", "Bash")
	if !strings.Contains(out, "result-of-the-tool") {
		t.Errorf("the agent did not see the tool's result:\n%s", out)
	}
	got, err := os.ReadFile(mark)
	if err != nil {
		t.Fatalf("the tool did not run: %v\n%s", err, out)
	}
	if want := "HOME=" + r.home + "\n"; string(got) != want {
		t.Errorf("in the tool: %q; want %q: git, ssh and npm need the real home", got, want)
	}
	token, err := os.ReadFile(filepath.Join(r.home, ".config", "ringlet", "credentials", "local", r.alias))
	if err != nil {
		t.Fatal(err)
	}
	turns := 0
	for _, req := range r.upstream.Requests() {
		if req.Key != agentKey {
			t.Errorf("%s %s came with another key than the provider's", req.Method, req.Path)
		}
		var raw bytes.Buffer
		if err := req.Header.Write(&raw); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw.Bytes(), bytes.TrimSpace(token)) || strings.Contains(raw.String(), "the-shell's-own") {
			t.Errorf("%s %s carries a credential of the client's", req.Method, req.Path)
		}
		if req.Method == "POST" && req.Path == "/scripted/v1/messages" {
			if req.Model != "quick-1" {
				t.Errorf("turn for model %q; the rule says quick-1", req.Model)
			}
			turns++
		}
	}
	if turns < 2 {
		t.Errorf("%d turns reached the provider; a tool call takes two", turns)
	}
}

func TestAgentClaudeSupervised(t *testing.T) {
	r := newAgentRun(t, "agent-supervised")
	// The user's own settings, which must come back as they were.
	settings := filepath.Join(r.home, ".claude-profiles", r.alias, ".claude", "settings.json")
	before := []byte("{\n    \"env\": {\"MINE\": \"1\"},\n    \"cleanupPeriodDays\": 20\n}\n")
	if err := os.MkdirAll(filepath.Dir(settings), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, before, 0o600); err != nil {
		t.Fatal(err)
	}
	r.ok("", "profiles", "create", "claude", r.alias, "--proxy", "-p", "scripted")
	r.ok("", "proxy", "route", "add", r.alias, "default", "always", "scripted/quick-1")
	r.runsATool()

	journal, err := exec.CommandContext(t.Context(), "journalctl", "--user", "-q", "-u", "ringlet-proxy@"+r.alias, "-o", "json", "--all", "RINGLET_RULE=default").Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(journal, []byte(`"RINGLET_TARGET":"scripted/quick-1"`)); n < 2 {
		t.Errorf("%d records in the journal; want one per turn, at least 2", n)
	}

	out, err := r.ringlet("", "profiles", "run", r.alias, "--", "-p", "hi", "--no-such-flag-of-claude")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() == 0 || !strings.Contains(out, "no-such-flag-of-claude") {
		t.Errorf("the agent's own failure: %v\n%s", err, out)
	}

	r.ok("", "proxy", "disable", r.alias)
	after, err := os.ReadFile(settings)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("after disable the settings are (%v)\n%s\nbefore they were\n%s", err, after, before)
	}
}

// TestAgentClaudeSession is the same without a user manager: the engine runs for
// the session only.
func TestAgentClaudeSession(t *testing.T) {
	r := newAgentRun(t, "agent-session", "XDG_RUNTIME_DIR="+t.TempDir())
	out := r.ok("", "profiles", "create", "claude", r.alias, "--proxy", "-p", "scripted")
	if !strings.Contains(out, "not enabled") {
		t.Errorf("create without a user manager said:\n%s", out)
	}
	r.ok("", "proxy", "route", "add", r.alias, "default", "always", "scripted/quick-1")
	r.runsATool()
	deadline := time.Now().Add(10 * time.Second)
	for {
		out = r.ok("", "proxy", "status", r.alias)
		if strings.Contains(out, " stopped ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the engine outlives its session:\n%s", out)
		}
	}
}
