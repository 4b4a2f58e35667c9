//go:build testbed

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// A proxy that cannot start keeps the agent from starting, with the reason,
// what the engine said last, and the ways on; --direct is one.
func TestAcceptanceRunWithABrokenProxy(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	alias := b.alias("broken")
	b.create(alias)
	b.ok("proxy", "stop", alias)
	dropIn(t, alias, "[Service]\nExecStart=\nExecStart=/bin/sh -c 'echo the engine has a bad day; exit 3'\n")
	words := []string{"Claude Code was not started, because its proxy does not serve: ", "the proxy of \"" + alias + "\" did not start",
		"the engine has a bad day", "ringlet proxy logs " + alias, "ringlet profiles run --direct " + alias}
	b.refused(4, words, "profiles", "run", alias)
	b.refused(4, words, "profiles", "env", alias)
	if b.exists("agent-args") {
		t.Error("the agent was started all the same")
	}
	if o := b.try("profiles", "run", "--direct", alias, "--", "-p", "hi"); o.code != 7 || !strings.Contains(o.stderr, "goes past the proxy") {
		t.Errorf("--direct does not run the agent\n%v", o)
	}
	env := "\n" + b.read("agent-env")
	for _, line := range []string{"ANTHROPIC_API_KEY=" + bedKey("first"), "ANTHROPIC_BASE_URL=" + b.upstream.URL + "/first"} {
		if !strings.Contains(env, "\n"+line+"\n") {
			t.Errorf("%s is not in the agent's environment:%s", line, env)
		}
	}
	if args := b.read("agent-args"); strings.Contains(args, bedKey("first")) || !strings.HasPrefix(args, "--settings\n") {
		t.Errorf("the agent got the arguments %q", args)
	}
}

// profiles env starts the proxy and points the agent; a shell that reads its
// lines starts the agent by its own name.
func TestAcceptanceShellEnvironment(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	alias := b.alias("env")
	b.create(alias)
	b.ok("proxy", "stop", alias)
	b.setenv("ANTHROPIC_API_KEY", "sk-of-the-shell")
	for _, shell := range []string{"bash", "zsh"} {
		cmd := exec.CommandContext(t.Context(), shell, "-c", `eval "$(`+b.exe+` profiles env `+alias+` --shell `+shell+`)"; exec claude hello`)
		cmd.Env, cmd.Dir = b.env, b.home
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 7 {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
		if env := b.read("agent-env"); strings.Contains(env, "sk-of-the-shell") || strings.Contains(env, b.token(alias)) ||
			!strings.Contains(env, "CLAUDE_CONFIG_DIR="+b.path(".claude-profiles/"+alias+"/.claude")) {
			t.Errorf("%s: the agent's environment is %s", shell, env)
		}
		b.is(alias, "running")
		if !strings.Contains(b.read("agent-settings"), b.token(alias)) {
			t.Errorf("%s: the agent is not pointed at its proxy: %s", shell, b.read("agent-settings"))
		}
	}
}

// A dry run names unit files and settings, and writes nothing; what it says is
// what is there afterwards.
func TestAcceptanceDryRun(t *testing.T) {
	b := newBed(t)
	alias := b.alias("dry")
	before := b.tree()
	o := b.ok("profiles", "create", "claude", alias, "--proxy", "-p", "first", "--dry-run")
	b.same(before, "a dry run")
	if got := unitFilesOf(t, alias); len(got) > 0 {
		t.Errorf("a dry run wrote %v", got)
	}
	for _, word := range []string{unit(alias), "[Socket]", "[Service]", "+ ANTHROPIC_BASE_URL: \"http://127.0.0.1:", "+ ANTHROPIC_AUTH_TOKEN: <secret>"} {
		if !strings.Contains(o.stdout, word) {
			t.Errorf("%q is not in it\n%v", word, o)
		}
	}
	b.create(alias)
	for _, path := range unitFilesOf(t, alias) {
		if !strings.HasSuffix(path, ".service") || strings.Contains(path, ".wants/") {
			continue
		}
		for line := range strings.Lines(readText(t, path)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.Contains(o.stdout, "    "+line+"\n") {
				t.Errorf("the unit has the line %q, which the dry run did not show", line)
			}
		}
	}
}
