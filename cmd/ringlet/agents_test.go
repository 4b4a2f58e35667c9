//go:build testbed && agents

package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// runsATool has the agent run a command in print mode and checks the way that
// the conversation took: through the proxy, by the rule's model, with the
// provider's key and never with the agent's token.
func runsATool(b *bed, alias string) {
	t := b.t
	t.Helper()
	mark := b.path("the-tool-ran")
	o := b.ok("profiles", "run", alias, "--", "-p", "run-tool: echo HOME=$HOME >"+mark+" && echo result-of-the-tool", "--allowedTools", "Bash")
	if !strings.Contains(o.stdout, "result-of-the-tool") {
		t.Errorf("the agent did not see the tool's result\n%v", o)
	}
	got, err := os.ReadFile(mark)
	if err != nil {
		t.Fatalf("the tool did not run: %v\n%v", err, o)
	}
	if want := fmt.Sprintf("HOME=%s\n", b.home); string(got) != want {
		t.Errorf("in the tool: %q; want %q: git, ssh and npm need the real home", got, want)
	}
	token, err := os.ReadFile(b.path(".config/ringlet/credentials/local/" + alias))
	if err != nil {
		t.Fatal(err)
	}
	turns := 0
	for _, req := range b.upstream.Requests() {
		if req.Key != bedKey("first") {
			t.Errorf("%s %s came with another key than the provider's", req.Method, req.Path)
		}
		var raw bytes.Buffer
		if err := req.Header.Write(&raw); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw.Bytes(), bytes.TrimSpace(token)) || strings.Contains(raw.String(), "the-shell's-own") {
			t.Errorf("%s %s carries a credential of the client's", req.Method, req.Path)
		}
		if req.Method == "POST" && req.Path == "/first/v1/messages" {
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
	b := newBed(t)
	clis()["claude"].with(b)
	alias := b.alias("claude")
	// The user's own settings, which must come back as they were.
	settings := ".claude-profiles/" + alias + "/.claude/settings.json"
	before := "{\n    \"env\": {\"MINE\": \"1\"},\n    \"cleanupPeriodDays\": 20\n}\n"
	b.write(settings, before)
	b.create(alias)
	b.rule(alias, "default", "always", "first/quick-1")
	runsATool(b, alias)

	journal(t, alias, func(f map[string]any) bool {
		return f["RINGLET_RULE"] == "default" && f["RINGLET_TARGET"] == "first/quick-1" && f["RINGLET_STATUS"] == "200"
	})
	if o := b.try("profiles", "run", alias, "--", "-p", "hi", "--no-such-flag-of-claude"); o.code != 1 || !strings.Contains(o.stderr, "no-such-flag-of-claude") {
		t.Errorf("the agent's own failure is not passed on\n%v", o)
	}

	b.ok("proxy", "disable", alias)
	after, err := os.ReadFile(b.path(settings))
	if err != nil || string(after) != before {
		t.Errorf("after disable the settings are (%v)\n%s\nbefore they were\n%s", err, after, before)
	}
}

// TestAgentClaudeSession is the same without a user manager: the engine runs for
// the session only.
func TestAgentClaudeSession(t *testing.T) {
	b := newBed(t)
	clis()["claude"].with(b)
	b.unmanaged()
	alias := b.alias("claude-session")
	b.create(alias)
	b.rule(alias, "default", "always", "first/quick-1")
	runsATool(b, alias)
	eventually(t, patience, func() error {
		if o := b.ok("proxy", "status", alias); !strings.Contains(o.stdout, " stopped ") {
			return fmt.Errorf("the engine outlives its session\n%v", o)
		}
		return nil
	})
}
