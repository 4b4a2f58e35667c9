//go:build testbed && agents

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestAgentClaudeKeepsItsLogin: behind the provider self the real Claude Code sends
// its claude.ai login beside the profile's token. The vendor's hosts are not
// reachable here, so that each request goes on to the next target, and takes
// nothing of the login along.
func TestAgentClaudeKeepsItsLogin(t *testing.T) {
	b := newBed(t)
	clis()["claude"].with(b)
	alias := b.alias("claude-self")
	b.deleteAtEnd(alias)
	b.ok("profiles", "create", "claude", alias, "--proxy", "-p", "self")
	b.rule(alias, "plan", "always", "self/claude-opus-4")
	b.rule(alias, "spare", "always", "first/quick-1")

	const login = "sk-ant-oat01-of-the-test"
	home := ".claude-profiles/" + alias + "/.claude/"
	credentials, err := json.Marshal(map[string]any{"claudeAiOauth": map[string]any{"accessToken": login, "refreshToken": "sk-ant-ort01-of-the-test",
		"expiresAt": time.Now().Add(8 * time.Hour).UnixMilli(), "scopes": []string{"user:inference", "user:profile"}, "subscriptionType": "max"}})
	if err != nil {
		t.Fatal(err)
	}
	b.write(home+".credentials.json", string(credentials))
	b.setenv("ANTHROPIC_API_KEY", "") // it would be a login as well, and win
	o := b.ok("profiles", "run", alias, "--", "-p", "run-tool: echo result-of-the-tool", "--allowedTools", "Bash")
	if !strings.Contains(o.stdout, "result-of-the-tool") {
		t.Errorf("the conversation did not go through\n%v", o)
	}

	settings := b.read(home + "settings.json")
	if !strings.Contains(settings, "X-Ringlet-Token: "+b.token(alias)) || strings.Contains(settings, "ANTHROPIC_AUTH_TOKEN") {
		t.Errorf("the settings are\n%s", settings)
	}
	if len(b.upstream.Requests()) == 0 {
		t.Fatal("no request went on to the next target")
	}
	for _, req := range b.upstream.Requests() {
		var raw bytes.Buffer
		if err := req.Header.Write(&raw); err != nil {
			t.Fatal(err)
		}
		if req.Key != bedKey("first") || strings.Contains(raw.String(), login) || strings.Contains(raw.String(), "oauth-") || strings.Contains(raw.String(), b.token(alias)) {
			t.Errorf("%s %s carries what is not this provider's", req.Method, req.Path)
		}
	}
	// no-answer, and not no-login: the login was there, and was sent for.
	journal(t, alias, func(f map[string]any) bool {
		tried, _ := f["RINGLET_TRIED"].(string)
		return strings.HasPrefix(tried, "self/claude-opus-4=no-answer,first/quick-1=200")
	})
}
