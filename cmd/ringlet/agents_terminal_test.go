//go:build testbed && agents

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// screen is an agent on a real terminal, tmux's.
type screen struct {
	b      *bed
	socket string
}

// onTerminal runs a ringlet command on a terminal of 40 lines of 140 columns, in a
// project's folder: of the home folder, agents ask more.
func (b *bed) onTerminal(args ...string) *screen {
	b.t.Helper()
	dir := b.path("project")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.t.Fatal(err)
	}
	s := &screen{b, fmt.Sprintf("ringlet-test-%d-%d", os.Getpid(), time.Now().UnixNano())}
	s.tmux(append([]string{"-f", "/dev/null", "new-session", "-d", "-x", "140", "-y", "40", "-c", dir, b.exe}, args...)...)
	b.t.Cleanup(func() { s.tmux("kill-server") }) // again is no error
	return s
}

func (s *screen) tmux(args ...string) string {
	s.b.t.Helper()
	// Also in the clean-up, when the test's own context has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.b.t.Context()), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "tmux", append([]string{"-L", s.socket}, args...)...)
	cmd.Env = s.b.env
	out, err := cmd.CombinedOutput()
	if err != nil && args[0] != "kill-server" {
		s.b.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// ends closes the terminal, and waits until the agent has ended: it may write its
// files on its way out.
func (s *screen) ends() {
	s.b.t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(s.tmux("display-message", "-p", "#{pane_pid}")))
	if err != nil {
		s.b.t.Fatal(err)
	}
	s.tmux("kill-server")
	eventually(s.b.t, patience, func() error {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid) {
			return nil
		}
		return fmt.Errorf("the agent, process %d, lives on without its terminal", pid)
	})
}

// shows waits until one of the words is on the screen, and returns which.
func (s *screen) shows(words ...string) string {
	s.b.t.Helper()
	found := ""
	eventually(s.b.t, 2*patience, func() error {
		text := s.tmux("capture-pane", "-p")
		for _, w := range words {
			if strings.Contains(text, w) {
				found = w
				return nil
			}
		}
		return fmt.Errorf("none of %q is on the screen:\n%s", words, text)
	})
	return found
}

// hides fails where one of the words is on the screen.
func (s *screen) hides(words ...string) {
	s.b.t.Helper()
	text := s.tmux("capture-pane", "-p")
	for _, w := range words {
		if strings.Contains(text, w) {
			s.b.t.Errorf("%q is on the screen:\n%s", w, text)
		}
	}
}

// types types text, waits until it stands there, and presses the return key.
func (s *screen) types(text string) {
	s.b.t.Helper()
	s.tmux("send-keys", "-l", text)
	s.shows(text)
	s.presses("Enter")
}

func (s *screen) presses(key string) { s.b.t.Helper(); s.tmux("send-keys", key) }

// TestAgentClaudeOnATerminal: no dialog that the profile could have answered; whether the
// folder is trusted is asked. A turn and /context work.
func TestAgentClaudeOnATerminal(t *testing.T) {
	b := newBed(t)
	clis()["claude"].with(b)
	alias := b.alias("claude-tty")
	b.create(alias)
	b.rule(alias, "default", "always", "first/quick-1")
	s := b.onTerminal("profiles", "run", alias, "--", "--permission-mode", "default")
	s.shows("Yes, I trust this folder")
	s.hides("Select login method", "Choose the text style", "custom API key")
	s.ends()
	// The answer as Claude Code keeps it: its dialog begins anew while it starts, so
	// that a key pressed early answers something else.
	kept := ".claude-profiles/" + alias + "/.claude/.claude.json"
	settings := map[string]any{}
	if err := json.Unmarshal([]byte(b.read(kept)), &settings); err != nil {
		t.Fatal(err)
	}
	settings["projects"] = map[string]any{b.path("project"): map[string]any{"hasTrustDialogAccepted": true}}
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	b.write(kept, string(text))
	s = b.onTerminal("profiles", "run", alias, "--", "--permission-mode", "default")
	s.shows("? for shortcuts")
	s.hides("Select login method", "Choose the text style", "custom API key")
	s.types("say hi to me")
	s.shows("scripted upstream")
	s.types("/context")
	s.shows("Estimated usage by category")
	counted := false
	for _, req := range b.upstream.Requests() {
		if req.Key != bedKey("first") {
			t.Errorf("%s came with another key than the provider's", req.Path)
		}
		counted = counted || strings.HasSuffix(req.Path, "/count_tokens")
	}
	if !counted {
		t.Error("no count_tokens reached the provider")
	}
}

// TestAgentCodexOnATerminal is the same for Codex.
func TestAgentCodexOnATerminal(t *testing.T) {
	b := newBed(t)
	clis()["codex"].with(b)
	alias := b.alias("codex-tty")
	b.deleteAtEnd(alias)
	b.ok("profiles", "create", "codex", alias, "--proxy", "-p", "first")
	b.rule(alias, "default", "always", "first/quick-1")
	s := b.onTerminal("profiles", "run", alias, "--", "-m", "local-model")
	if s.shows("trust the contents", "OpenAI Codex (") == "trust the contents" {
		s.presses("Enter")
	}
	s.shows("OpenAI Codex (")
	s.hides("Sign in with ChatGPT")
	s.types("say hi to me")
	s.shows("scripted upstream")
	for _, req := range b.upstream.Requests() {
		if req.Key != bedKey("first") {
			t.Errorf("%s came with another key than the provider's", req.Path)
		}
	}
}
