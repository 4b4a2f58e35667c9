//go:build testbed && agents

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// realCLI is a real agent and how it is told, without a person, to run a tool.
type realCLI struct {
	agent  string // as ringlet calls it
	folder string // below build/agents
	args   []string
	stdin  bool   // the prompt comes in on standard input, not as the last argument
	file   string // the settings that must come back as they were, relative to the profile's home; "" for none
	before string
	others [][]string // formats of providers that are tried beside one that speaks all: the agent's own is not among them
}

// clis are the agents' CLIs that npm has, in the versions that the Makefile names.
func clis() map[string]realCLI {
	const toml = "# mine\nmodel_reasoning_effort = \"low\"\n\n[history]\npersistence = \"none\"\n"
	return map[string]realCLI{
		"claude": {agent: "claude", folder: "claude", args: []string{"--allowedTools", "Bash", "-p"}, file: ".claude/settings.json",
			before: "{\n    \"env\": {\"MINE\": \"1\"},\n    \"cleanupPeriodDays\": 20\n}\n", others: [][]string{{"chat"}, {"responses"}}},
		"codex": {agent: "codex", folder: "codex", args: []string{"exec", "-m", "local-model", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"}, others: [][]string{{"messages"}, {"chat"}},
			file: ".codex/config.toml", before: toml},
		"opencode":   {agent: "opencode", folder: "opencode", args: []string{"run"}, stdin: true, others: [][]string{{"chat"}}},
		"droid":      {agent: "droid", folder: "droid", args: []string{"exec", "--skip-permissions-unsafe"}, others: [][]string{{"responses"}}},
		"grok":       {agent: "grok", folder: "grok", args: []string{"-p"}, others: [][]string{{"messages"}, {"responses"}}},
		"grok-build": {agent: "grok", folder: "grok-build", args: []string{"--always-approve", "--output-format", "plain", "-p"}, file: ".grok/config.toml", before: "# mine\n[ui]\nvim_mode = true\n\n[marketplace]\ndefault_skills_installs_purged = true\n", others: [][]string{{"chat"}}},
	}
}

// with puts the real agent in the PATH of a bed's commands, beside credentials
// that would lead it past its proxy. It fails where the agent is missing.
func (c realCLI) with(b *bed) {
	b.t.Helper()
	bin, err := filepath.Abs("../../build/agents/" + c.folder + "/node_modules/.bin")
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := os.Stat(bin); err != nil {
		b.t.Fatalf("%v; run: make test-agents", err)
	}
	b.setenv("PATH", bin+":/usr/local/bin:/usr/bin:/bin")
	for _, name := range []string{"ANTHROPIC_API_KEY", "OPENAI_API_KEY", "XAI_API_KEY", "GROK_API_KEY", "FACTORY_API_KEY"} {
		b.setenv(name, "sk-the-shell's-own")
	}
	for _, name := range []string{"ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "GROK_BASE_URL"} {
		b.setenv(name, "http://127.0.0.1:9")
	}
	b.limit = 5 * patience // some take most of a minute for a turn on a busy machine
	// The agents' own update checks and telemetry have no network here.
	b.setenv("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
	b.setenv("GROK_DISABLE_AUTOUPDATER", "1")
}

// wide adds a provider that speaks the given formats, at the upstream's path of its name.
func (b *bed) wide(id string, formats ...string) {
	b.t.Helper()
	var bases []string
	for _, f := range formats {
		base := b.upstream.URL + "/" + id
		if f != "messages" {
			base += "/v1"
		}
		bases = append(bases, fmt.Sprintf("%s: %q", f, base))
	}
	b.write(".config/ringlet/providers.d/"+id+".yaml", fmt.Sprintf("id: %s\nname: The %s one\nendpoints:\n  only: { %s }\ndefault_endpoint: only\nauth: { env: %s_KEY, header: bearer }\n",
		id, id, strings.Join(bases, ", "), strings.ToUpper(id)))
	b.okWith(bedKey(id)+"\n", "providers", "login", id)
}

// TestAgentCLIs drives every real agent, without a person, through its proxy: a
// tool call that really runs, by a provider that speaks the agent's own format and by some that do not.
func TestAgentCLIs(t *testing.T) {
	for name, c := range clis() {
		t.Run(name, func(t *testing.T) {
			for _, formats := range append([][]string{{"messages", "chat", "responses"}}, c.others...) {
				if name == "grok" && len(formats) == 3 {
					// Its search_parameters are xAI's own: OpenAI's endpoint, which the upstream
					// plays, refuses them, and in its own format nothing is taken from a request.
					continue
				}
				t.Run(strings.Join(formats, "+"), func(t *testing.T) { c.runsThrough(t, name, formats) })
			}
		})
	}
}

func (c realCLI) runsThrough(t *testing.T, name string, formats []string) {
	b := newBed(t)
	c.with(b)
	b.wide("wide", "messages", "chat", "responses")
	b.wide("target", formats...)
	alias := b.alias(name)
	settings := fmt.Sprintf(".%s-profiles/%s/%s", c.agent, alias, c.file)
	if c.file != "" {
		b.write(settings, c.before)
	}
	b.deleteAtEnd(alias)
	b.ok("profiles", "create", c.agent, alias, "--proxy", "-p", "wide")
	b.rule(alias, "default", "always", "target/quick-1")

	mark := b.path("the-tool-ran")
	prompt := "run-tool: echo HOME=$HOME >" + mark + " && echo result-of-the-tool"
	args := append([]string{"profiles", "run", alias, "--"}, c.args...)
	var o outcome
	if c.stdin {
		o = b.tryWith(prompt, args...)
	} else {
		o = b.try(append(args, prompt)...)
	}
	if o.code != 0 || !strings.Contains(o.stdout, "result-of-the-tool") {
		t.Errorf("the agent did not see the tool's result\n%v\n%s", o, b.ok("proxy", "logs", alias).stdout)
	}
	got, err := os.ReadFile(mark)
	if err != nil {
		t.Fatalf("the tool did not run: %v\n%v", err, o)
	}
	home := b.home
	if name == "grok" { // it knows no folder for its settings but HOME's
		home = b.path("." + c.agent + "-profiles/" + alias)
	}
	if want := fmt.Sprintf("HOME=%s\n", home); string(got) != want {
		t.Errorf("in the tool: %q; want %q", got, want)
	}
	token := b.token(alias)
	turns := 0
	for _, req := range b.upstream.Requests() {
		if req.Key != bedKey("target") {
			t.Errorf("%s %s came with another key than the provider's", req.Method, req.Path)
		}
		for h, values := range req.Header {
			if v := strings.Join(values, " "); strings.Contains(v, token) || strings.Contains(v, "the-shell's-own") {
				t.Errorf("%s %s carries a credential of the client's in %s", req.Method, req.Path, h)
			}
		}
		if req.Method == "POST" && req.Model == "quick-1" {
			turns++
		}
	}
	if turns < 2 {
		t.Errorf("%d turns reached the provider; a tool call takes two", turns)
	}
	b.ok("proxy", "disable", alias)
	if c.file != "" {
		if after, err := os.ReadFile(b.path(settings)); err != nil || string(after) != c.before {
			t.Errorf("after disable the settings are (%v)\n%s\nbefore they were\n%s", err, after, c.before)
		}
	}
}

// TestAgentTwoProfilesAtOnce: two profiles of one agent never see each other's
// settings, history, keys or ports.
func TestAgentTwoProfilesAtOnce(t *testing.T) {
	for name, c := range clis() {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			c.with(b)
			type profile struct{ alias, provider, mark string }
			var two []profile
			for i, provider := range []string{"second", "third"} {
				p := profile{b.alias(fmt.Sprintf("%s-%d", name, i)), provider, fmt.Sprintf("word-of-%d", i)}
				b.deleteAtEnd(p.alias)
				b.ok("profiles", "create", c.agent, p.alias, "--proxy", "-p", provider)
				b.rule(p.alias, "default", "always", provider+"/quick-1")
				two = append(two, p)
			}
			done := make(chan error, len(two))
			for _, p := range two {
				go func() {
					args := append([]string{"profiles", "run", p.alias, "--"}, c.args...)
					prompt := "run-tool: echo " + p.mark
					var o outcome
					if c.stdin {
						o = b.tryWith(prompt, args...)
					} else {
						o = b.try(append(args, prompt)...)
					}
					if o.code != 0 || !strings.Contains(o.stdout, p.mark) {
						done <- fmt.Errorf("%v", o)
						return
					}
					done <- nil
				}()
			}
			for range two {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			for _, req := range b.upstream.Requests() {
				for i, p := range two {
					here := strings.HasPrefix(req.Path, "/"+p.provider+"/")
					if here && req.Key != bedKey(p.provider) || !here && req.Key == bedKey(p.provider) {
						t.Errorf("%s came with the wrong key", req.Path)
					}
					if other := two[1-i]; here && strings.Contains(string(req.Body), other.mark) {
						t.Errorf("%s has the other profile's conversation", req.Path)
					}
				}
			}
			for i, p := range two {
				other := two[1-i]
				if file := inTree(t, b.path("."+c.agent+"-profiles/"+p.alias), other.mark, b.token(other.alias)); file != "" {
					t.Errorf("%s has something of the other profile", file)
				}
			}
		})
	}
}

// inTree is a file below dir that contains one of the words, or "".
func inTree(t *testing.T, dir string, words ...string) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, w := range words {
			if strings.Contains(string(text), w) {
				found = path
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
