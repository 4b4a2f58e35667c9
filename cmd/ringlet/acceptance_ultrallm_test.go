//go:build testbed

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// nastyKey has everything that systemd's quoting of environment files gives a
// meaning to.
const nastyKey = "sk-`id`-\"q\"-'s'-\\n\\-$HOME-${X}-%h-#;=!*"

// ultrallm puts the stand-in into the bed's ~/.local/bin.
func (b *bed) ultrallm() string {
	b.t.Helper()
	data, err := os.ReadFile("../../build/stand-in/ultrallm")
	if err != nil {
		b.t.Fatalf("%v; run: make testbed-binaries", err)
	}
	path := b.path(".local/bin/ultrallm")
	if err := os.MkdirAll(b.path(".local/bin"), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o755); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bed) keysFile(alias string) string { return ".config/ringlet/ultrallm/" + alias + ".env" }

func says(t testing.TB, o outcome, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(o.stdout+o.stderr, word) {
			t.Errorf("%q is not in its messages\n%v", word, o)
		}
	}
}

// A proxy whose engine is an ultrallm binary, from enable to disable: the real
// one could not be had, so a strict stand-in for it is run.
func TestAcceptanceUltrallm(t *testing.T) {
	b := newBed(t)
	path := b.ultrallm()
	b.okWith(nastyKey+"\n", "providers", "login", "first")
	alias := b.alias("ultra")
	b.deleteAtEnd(alias)
	b.ok("profiles", "create", "claude", alias, "-p", "first")
	b.ok("proxy", "route", "add", alias, "default", "always", "first/plain")
	o := b.ok("proxy", "enable", alias, "--engine", "ultrallm")
	says(t, o, "Its engine is ultrallm")

	// A unit of its own shape, and the keys by a file of mode 0600.
	for name, want := range map[string]string{"Type": "exec", "Restart": "on-failure", "TimeoutStopUSec": "5s", "KillMode": "mixed", "UnitFileState": "enabled"} {
		if got := property(t, unit(alias)+".service", name); got != want {
			t.Errorf("%s=%s, want %s", name, got, want)
		}
	}
	if state := property(t, unit(alias)+".socket", "LoadState"); state != "not-found" {
		t.Errorf("there is a socket unit: %s", state)
	}
	if info, err := os.Stat(b.path(b.keysFile(alias))); err != nil || info.Mode() != 0o600 {
		t.Errorf("keys: %v, %v", info, err)
	}
	for _, file := range unitFilesOf(t, alias) {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "sk-") {
			t.Errorf("%s holds a key", file)
		}
	}

	// A request through it has the key, byte for byte, and no token is asked for.
	c := b.client(alias, false)
	c.token = "none"
	a, err := c.post(t.Context(), message("anything", true))
	if err != nil || a.status != 200 || !strings.Contains(a.text(), "message_stop") {
		t.Fatalf("%v: %d %s", err, a.status, a.text())
	}
	got := b.upstream.Requests()
	if last := got[len(got)-1]; last.Key != nastyKey || last.Model != "plain" || last.Path != "/first/v1/messages" {
		t.Errorf("the provider got %s %s with the key %q", last.Path, last.Model, last.Key)
	}

	s := b.is(alias, "running")
	if s.PID == 0 || len(s.Problems) > 0 || s.Health == nil || s.Health.PID != s.PID {
		t.Errorf("%+v", s)
	}
	says(t, b.ok("proxy", "status", alias), "Engine: ultrallm ("+path+")", "Lacks: no local token", "no hot reload")
	says(t, b.ok("proxy", "config", alias), "Engine: ultrallm ("+path+")")
	eventually(t, patience, func() error {
		o := b.ok("proxy", "logs", alias)
		if !strings.Contains(o.stdout, "ultrallm (stand-in) listens on") || !strings.Contains(o.stdout, "anything -> first/plain: 200") {
			return fmt.Errorf("the log lacks its lines\n%v", o)
		}
		return nil
	})

	// Its own sums are ringlet's.
	var rows []struct {
		Name      string
		Requests  int
		Input     int64    `json:"input_tokens"`
		Cost      *float64 `json:"cost_usd"`
		FirstByte *int64   `json:"first_byte_median_ms"`
	}
	if err := json.Unmarshal([]byte(b.ok("usage", alias, "--json").stdout), &rows); err != nil || len(rows) != 1 ||
		rows[0].Name != "first/plain" || rows[0].Requests != 1 || rows[0].Input == 0 || rows[0].Cost == nil || rows[0].FirstByte != nil {
		t.Errorf("%v: %+v", err, rows)
	}
	says(t, b.ok("usage", alias, "--by", "rule"), "does not tell rules")

	// It cannot reload: a change waits for a restart, and is in force after it.
	says(t, b.rule(alias, "other", "always", "second/plain", "--priority", "5"), "Saved; ultrallm does not reload, so it is used after: ringlet proxy restart "+alias)
	if now := b.is(alias, "running"); now.PID != s.PID || len(now.Problems) != 1 || !strings.Contains(now.Problems[0], "ringlet proxy restart "+alias) {
		t.Errorf("%+v", now)
	}
	b.ok("proxy", "route", "remove", alias, "default")
	b.ok("proxy", "restart", alias)
	if now := b.is(alias, "running"); now.PID == s.PID || len(now.Problems) > 0 {
		t.Errorf("%+v", now)
	}
	if a, err := c.post(t.Context(), message("anything", false)); err != nil || !strings.Contains(a.text(), "/second/v1/messages") {
		t.Errorf("%v: %s", err, a.text())
	}

	// A new key is in the file at once, and used after a restart.
	o = b.okWith("sk-new-key\n", "providers", "login", "second")
	says(t, o, "reads keys only when it starts: ringlet proxy restart "+alias)
	if text := b.read(b.keysFile(alias)); !strings.Contains(text, "SECOND_KEY=\"sk-new-key\"\n") {
		t.Errorf("the keys are old:\n%s", text)
	}
	b.ok("proxy", "start", alias)
	if _, err := c.post(t.Context(), message("anything", false)); err != nil {
		t.Error(err)
	}
	got = b.upstream.Requests()
	if last := got[len(got)-1]; last.Key != "sk-new-key" {
		t.Errorf("the provider got the key %q", last.Key)
	}

	// A crash is restarted by systemd; a stop holds; a start is on the same port.
	mustSystemctl(t, "kill", "-s", "KILL", unit(alias))
	eventually(t, patience, func() error {
		if _, err := c.post(t.Context(), message("anything", false)); err != nil {
			return err
		}
		return nil
	})
	if now := b.is(alias, "running"); now.Restarts != 1 {
		t.Errorf("restarts: %+v", now)
	}
	b.ok("proxy", "stop", alias)
	staysStopped(b, alias, s.Port)
	says(t, b.ok("usage", alias), "what ultrallm counted for")
	says(t, b.rule(alias, "third", "always", "third/plain"), "Saved; used at the next start: ringlet proxy start "+alias)
	b.ok("daemon", "start")
	if now := b.is(alias, "running"); now.Port != s.Port {
		t.Errorf("%+v", now)
	}
	b.ok("daemon", "stop")
	b.is(alias, "stopped")

	// To the built-in engine and back, on the same port; no keys are left lying about.
	b.ok("proxy", "enable", alias, "--engine", "builtin")
	if b.exists(b.keysFile(alias)) {
		t.Error("the built-in engine leaves a file with keys")
	}
	says(t, b.ok("proxy", "status", alias), "Engine: builtin\n")
	if a, err := c.post(t.Context(), message("anything", false)); err != nil || a.status != http.StatusUnauthorized {
		t.Errorf("the built-in engine asks for its token: %v, %d", err, a.status)
	}
	b.ok("proxy", "enable", alias, "--engine", "auto")
	says(t, b.ok("proxy", "status", alias), "Engine: ultrallm (")
	if a, err := c.post(t.Context(), message("anything", false)); err != nil || a.status != http.StatusOK {
		t.Errorf("%v, %d", err, a.status)
	}
	b.ok("proxy", "disable", alias)
	b.is(alias, "disabled")
	if b.exists(b.keysFile(alias)) || len(unitFilesOf(t, alias)) > 0 {
		t.Errorf("disable leaves things behind: %v", unitFilesOf(t, alias))
	}
}

// An engine that ignores SIGTERM is killed after five seconds, and counts as stopped.
func TestAcceptanceUltrallmStopKills(t *testing.T) {
	b := newBed(t)
	b.ultrallm()
	alias := b.alias("deaf")
	b.create(alias) // auto finds the binary
	says(t, b.ok("proxy", "status", alias), "Engine: ultrallm (")
	dropIn(t, alias, "[Service]\nEnvironment=ULTRALLM_IGNORE_TERM=1\n")
	b.ok("proxy", "restart", alias)
	port := b.is(alias, "running").Port
	took := b.ok("proxy", "stop", alias).took
	// Without the limit in the unit systemd would wait for 90 s.
	if took < 4500*time.Millisecond || took > patience {
		t.Errorf("the stop took %v, not about 5 s", took)
	}
	staysStopped(b, alias, port)
}

// What cannot work is refused with the engine's own words, or before anything is written.
func TestAcceptanceUltrallmRefused(t *testing.T) {
	b := newBed(t)
	alias := b.alias("none")
	b.deleteAtEnd(alias)
	b.ok("profiles", "create", "claude", alias, "-p", "first")
	before := b.tree()
	b.refused(1, []string{"there is no such binary: ", b.path(".cache/ringlet/binaries/ultrallm") + " is not there", b.path(".local/bin/ultrallm") + " is not there", "PATH", "--engine builtin"},
		"proxy", "enable", alias, "--engine", "ultrallm")
	b.refused(2, []string{"there is no engine \"litellm\""}, "proxy", "enable", alias, "--engine", "litellm")
	b.same(before, "enable with an engine that is not there")

	path := b.ultrallm()
	b.ok("providers", "logout", "second")
	b.ok("proxy", "route", "add", alias, "default", "always", "second/plain")
	b.refused(4, []string{"ultrallm ended right after its start", "SECOND_KEY, the key of second/plain, is not set"}, "proxy", "enable", alias, "--engine", "ultrallm")
	b.okWith(bedKey("second")+"\n", "providers", "login", "second")
	b.ok("proxy", "enable", alias)
	b.is(alias, "running")

	// The recorded binary has gone.
	b.ok("proxy", "stop", alias)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	b.refused(1, []string{path + ", is not there", "ringlet proxy enable " + alias}, "proxy", "start", alias)

	// Somebody else has its port: an automatic one is given out anew, once.
	b.ultrallm()
	port := b.is(alias, "stopped").Port
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	says(t, b.ok("proxy", "start", alias), fmt.Sprintf("port %d was taken by somebody else", port))
	if now := b.is(alias, "running"); now.Port == port || len(now.Problems) > 0 {
		t.Errorf("%+v", now)
	}

	// Somebody else may replace the binary.
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	b.refused(1, []string{"can be written by others"}, "proxy", "enable", alias)
}

// What was pinned where no systemd was is looked for once there is one; an agent
// is started on it, and hears of a configuration that it does not have yet.
func TestAcceptanceUltrallmPinnedEarlier(t *testing.T) {
	b := newBed(t)
	b.ultrallm()
	b.agentStub()
	b.write(".config/ringlet/config.yaml", b.read(".config/ringlet/config.yaml")+"engine: ultrallm\n")
	alias := b.alias("early")
	b.deleteAtEnd(alias)
	runtime := os.Getenv("XDG_RUNTIME_DIR")
	b.unmanaged()
	b.ok("profiles", "create", "claude", alias, "--proxy", "-p", "first")
	b.refused(1, []string{"which only systemd runs"}, "profiles", "run", alias)
	b.setenv("XDG_RUNTIME_DIR", runtime)
	says(t, b.ok("proxy", "status", alias), "Engine: ultrallm (looked for by enable)")
	b.refused(1, []string{"was not looked for yet"}, "proxy", "restart", alias)
	b.ok("proxy", "route", "add", alias, "default", "always", "first/plain")
	run := func() outcome {
		t.Helper()
		o := b.try("profiles", "run", alias)
		if o.code != 7 { // the stub's own
			t.Fatal(o)
		}
		return o
	}
	run()
	says(t, b.ok("proxy", "status", alias), "Engine: ultrallm ("+b.path(".local/bin/ultrallm")+")")
	pid := b.is(alias, "running").PID
	b.rule(alias, "other", "thinking", "second/plain", "--priority", "1")
	o := run()
	says(t, o, "the newest is used after: ringlet proxy restart "+alias)
	if now := b.is(alias, "running"); now.PID != pid {
		t.Error("a run restarted the engine under who else uses it")
	}
	b.ok("daemon", "restart")
	if o := run(); strings.Contains(o.stderr, "the newest is used") {
		t.Errorf("it is in force after a restart\n%v", o)
	}
}
