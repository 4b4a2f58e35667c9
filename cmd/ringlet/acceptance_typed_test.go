//go:build testbed

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What the README and the help say a person types, as it is typed, with the
// built-in providers and systemd's own tools.
func TestAcceptanceAsTyped(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	work := b.alias("typed")
	b.deleteAtEnd(work)
	// says runs a line of words and checks what it prints, on either stream.
	says := func(line string, words ...string) outcome {
		t.Helper()
		var args []string
		for i, part := range strings.Split(line, "'") {
			if i%2 == 1 {
				args = append(args, part)
			} else {
				args = append(args, strings.Fields(strings.ReplaceAll(part, "work", work))...)
			}
		}
		o := b.ok(args...)
		for _, word := range words {
			if !strings.Contains(o.stdout+o.stderr, strings.ReplaceAll(word, "work", work)) {
				t.Errorf("%q is wanted in\n%v", word, o)
			}
		}
		return o
	}
	says("profiles create claude work --proxy -p anthropic", "ringlet providers login anthropic", "systemctl --user status ringlet-proxy@work")
	says("proxy route add work long-context 'tokens > 100000' minimax/claude-3-sonnet --priority 10", "number 1 of 1", "from now on")
	says("proxy route add work thinking thinking anthropic/claude-opus-4 --priority 5", "Claude Code")
	says("proxy route add work heavy-tools 'tools >= 10' anthropic/claude-opus-4 --priority 5", "number 3 of 3")
	says("proxy route add work default always anthropic/claude-sonnet-4", "number 4 of 4")
	says("proxy route list work", "long-context", "claude-sonnet-4-20250514")
	says("proxy route remove work thinking")
	says("proxy alias set work claude-sonnet-4 minimax/claude-3-sonnet")
	says("proxy alias list work", "claude-sonnet-4", "minimax/claude-3-sonnet")
	says("proxy alias remove work claude-sonnet-4")
	says("proxy strategy work simple", "Simple")
	says("proxy strategy work conditional", "Conditional")
	config := says("proxy config work")
	want := "Enabled: true\nPort: auto\nStrategy: Conditional\nRules:\n  [long-context] tokens > 100000 -> minimax/claude-3-sonnet (priority: 10)\n" +
		"  [heavy-tools] tools >= 10 -> anthropic/claude-opus-4 (priority: 5)\n  [default] always -> anthropic/claude-sonnet-4 (priority: 0)\n"
	if !strings.HasPrefix(config.stdout, want) {
		t.Errorf("it should begin with\n%s\n%v", want, config)
	}
	s := b.is(work, "running")
	status := says("proxy status work")
	row := strings.Fields(strings.Split(status.stdout, "\n")[1])
	if !strings.HasPrefix(status.stdout, "Profile") || fmt.Sprint(row[:5]) != fmt.Sprint([]string{work, fmt.Sprint(s.Port), fmt.Sprint(s.PID), "running", "0"}) ||
		!strings.HasPrefix(strings.Join(row[5:7], " "), s.Started.Local().Format("2006-01-02 15:04")) {
		t.Errorf("the row is %q\n%v", row, status)
	}
	says("proxy status", work)
	says("daemon status", work, "systemd")
	says("profiles list", work, "anthropic")
	says("profiles inspect work", fmt.Sprintf("http://127.0.0.1:%d", s.Port))
	says("providers list", "minimax", "zai")
	says("providers inspect minimax", "https://api.minimax.io/anthropic", "china")
	b.okWith("sk-ant-of-the-test\n", "providers", "login", "anthropic")
	b.shows(work, "Key of anthropic: file") // the running proxy has taken it up
	says("providers logout anthropic", "Forgot")
	if o := b.try("profiles", "run", work, "--", "-p", "say hi"); o.code != 7 || b.read("agent-args") != "-p\nsay hi\n" {
		t.Errorf("the agent should get its arguments, and its exit code be passed on\n%v", o)
	}

	if out := mustSystemctl(t, "status", unit(work)); !strings.Contains(out, "active (running)") || !strings.Contains(out, "serving "+work) {
		t.Errorf("systemctl --user status says\n%s", out)
	}
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/health", s.Port))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	journal(t, work, func(f map[string]any) bool { return f["RINGLET_PATH"] == "/health" || f["RINGLET_PROFILE"] == work })
	if !b.exists(logFile(work)) {
		t.Errorf("there is no %s to tail", logFile(work))
	}
	says("proxy logs work --lines 200", "serves profile work")
	says("profiles delete work", "stay in")
	b.nothingLeft(work)
}

// proxy logs --follow shows a request while it is looked at, and ends well with Ctrl-C.
func TestAcceptanceFollowsTheLog(t *testing.T) {
	b := newBed(t)
	alias := b.alias("follow")
	b.create(alias)
	cmd := exec.Command(b.exe, "proxy", "logs", alias, "--follow", "--lines", "0", "--json")
	cmd.Env = b.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := time.AfterFunc(2*patience, func() { _ = cmd.Process.Kill() })
	defer killed.Stop()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	// It may not follow yet when the first requests are answered.
	c := b.client(alias, true)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for seen := false; !seen; {
		select {
		case line, open := <-lines:
			var l struct {
				Message string
				Fields  map[string]string
			}
			if err := json.Unmarshal([]byte(line), &l); !open || err != nil {
				t.Fatalf("%q, %v; wanted is one JSON object a line", line, err)
			}
			seen = l.Fields["RINGLET_TARGET"] == "first/plain" && l.Fields["RINGLET_STATUS"] == "200"
		case <-again.C:
			c.answered(t, "plain", "first")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for range lines {
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended by Ctrl-C: %v", err)
	}
}
