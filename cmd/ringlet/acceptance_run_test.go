//go:build testbed

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// profiles run starts a proxy that was stopped, with its newest configuration,
// and gives the agent its settings, the real home, and no provider's key.
func TestAcceptanceRunStartsTheProxy(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	alias := b.alias("run")
	b.create(alias)
	port := b.is(alias, "running").Port
	b.ok("proxy", "stop", alias)
	b.rule(alias, "default", "always", "second/plain")
	for name, value := range map[string]string{"ANTHROPIC_API_KEY": "sk-of-the-shell", "FIRST_KEY": "sk-of-the-shell", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "KEPT": "yes"} {
		b.setenv(name, value)
	}
	if o := b.try("profiles", "run", alias, "--", "--flag", "a b"); o.code != 7 {
		t.Errorf("the agent's exit code is 7\n%v", o)
	}
	if s := b.is(alias, "running"); s.Port != port {
		t.Errorf("it came back on port %d, not %d", s.Port, port)
	}
	b.client(alias, false).answered(t, "any", "second")
	if got := b.read("agent-args"); got != "--flag\na b\n" {
		t.Errorf("the agent got the arguments %q", got)
	}
	env := "\n" + b.read("agent-env")
	for _, line := range []string{"HOME=" + b.home, "KEPT=yes", "CLAUDE_CONFIG_DIR=" + b.path(".claude-profiles/"+alias+"/.claude")} {
		if !strings.Contains(env, "\n"+line+"\n") {
			t.Errorf("%s is not in the agent's environment:%s", line, env)
		}
	}
	for _, word := range []string{"sk-of-the-shell", "ANTHROPIC_", b.token(alias)} {
		if strings.Contains(env, word) {
			t.Errorf("%s is in the agent's environment:%s", word, env)
		}
	}
	for _, word := range []string{fmt.Sprintf(`"http://127.0.0.1:%d"`, port), b.token(alias)} {
		if settings := b.read("agent-settings"); !strings.Contains(settings, word) {
			t.Errorf("%s is not in the agent's settings: %s", word, settings)
		}
	}
}

// A new key is used from the next request on, in the same process; without one
// the error says what to type.
func TestAcceptanceKeysAreTakenUp(t *testing.T) {
	b := newBed(t)
	alias := b.alias("keys")
	b.create(alias)
	c := b.client(alias, true)
	pid := b.is(alias, "running").PID
	key := func() string {
		t.Helper()
		c.answered(t, "any", "first")
		requests := b.upstream.Requests()
		return requests[len(requests)-1].Key
	}
	if got := key(); got != bedKey("first") {
		t.Errorf("the provider got the key %q", got)
	}
	for _, next := range []string{"sk-rotated-1", "sk-rotated-2"} {
		b.okWith(next+"\n", "providers", "login", "first")
		if got := key(); got != next {
			t.Errorf("after login the provider got the key %q, not %q", got, next)
		}
	}
	b.ok("providers", "logout", "first")
	a, err := c.post(t.Context(), message("any", false))
	if err != nil || a.status != 401 || !strings.Contains(a.text(), "ringlet providers login first") || !strings.Contains(a.text(), `"authentication_error"`) {
		t.Errorf("without a key: %v, status %d: %s", err, a.status, a.body)
	}
	b.okWith(bedKey("first")+"\n", "providers", "login", "first")
	c.answered(t, "any", "first")
	if s := b.is(alias, "running"); s.PID != pid {
		t.Errorf("the engine is pid %d; it was %d", s.PID, pid)
	}
}

// Names that would mean something to a shell, to systemd or to YAML are only
// names.
func TestAcceptanceOddNames(t *testing.T) {
	home := t.TempDir() + "/a b%h $HOME ${x} 'é' \"q\" \\n #; {y}: *"
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	b := newBedIn(t, "ringlet", home)
	alias := b.alias("odd.name_-")
	alias += strings.Repeat("x", 63-len(alias)) // the longest
	b.create(alias)
	b.rule(alias, "odd.rule_-", "always", "second/plain")
	c := b.client(alias, true)
	c.answered(t, "any", "second")
	mustSystemctl(t, "reload", unit(alias))
	b.ok("proxy", "restart", alias)
	c.answered(t, "any", "second")
	mustSystemctl(t, "restart", unit(alias))
	c.answered(t, "any", "second")
	journal(t, alias, func(f map[string]any) bool { return f["RINGLET_TARGET"] == "second/plain" })
	b.ok("proxy", "disable", alias)
	b.nothingLeft(alias)
	b.ok("proxy", "enable", alias)
	b.client(alias, false).answered(t, "any", "second")
}
