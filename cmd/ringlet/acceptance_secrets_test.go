//go:build testbed

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// watchProcesses collects the command lines and environments of this user's
// processes until end is called, which gives them by what they are.
// has tells whether one that it saw so far has a word in it.
func watchProcesses() (has func(word string) bool, end func() map[string]string) {
	done := make(chan struct{})
	var mu sync.Mutex
	seen := map[string]string{}
	var wg sync.WaitGroup
	wg.Go(func() {
		again := time.NewTicker(2 * time.Millisecond)
		defer again.Stop()
		for {
			for _, what := range []string{"cmdline", "environ"} {
				files, _ := filepath.Glob("/proc/[0-9]*/" + what)
				for _, file := range files {
					// What has ended since, or is another user's, cannot be read.
					if text, err := os.ReadFile(file); err == nil && len(text) > 0 {
						mu.Lock()
						seen[what+" "+string(text)] = string(text)
						mu.Unlock()
					}
				}
			}
			select {
			case <-done:
				return
			case <-again.C:
			}
		}
	})
	has = func(word string) bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(p string) bool { return strings.Contains(p, word) })
	}
	return has, func() map[string]string {
		close(done)
		wg.Wait()
		return seen
	}
}

// agentStub puts a "claude" in the bed's PATH that notes its environment,
// reads its settings, and exits with 7.
func (b *bed) agentStub() {
	b.t.Helper()
	b.write("bin/claude", "#!/bin/sh\n[ \"$1\" = --version ] && exit\nenv >\"$HOME/agent-env\"\ncat \"$CLAUDE_CONFIG_DIR/settings.json\" >\"$HOME/agent-settings\"\nprintf '%s\\n' \"$@\" >\"$HOME/agent-args\"\nexit 7\n")
	if err := os.Chmod(b.path("bin/claude"), 0o755); err != nil {
		b.t.Fatal(err)
	}
	b.setenv("PATH", b.path("bin")+":/usr/local/bin:/usr/bin:/bin")
}

// Keys, tokens, prompts and answers are where they belong and nowhere else: not
// in units, command lines, environments, the journal, logs or configurations.
func TestAcceptanceSecretsStayWhereTheyBelong(t *testing.T) {
	saw, end := watchProcesses()
	b := newBed(t)
	b.agentStub()
	alias := b.alias("secret")
	b.create(alias)
	b.rule(alias, "default", "always", "second/late-error-event", "--priority", "1")
	b.rule(alias, "fails", `model == "fails"`, "third/fail-500", "--priority", "2")
	token := b.token(alias)
	c := b.client(alias, true)
	const prompt, wrong, query = "what-the-user-wrote-5e1d", "a-wrong-token-77aa", "a-query-string-31cb"
	traffic := func(model string, header ...string) {
		t.Helper()
		body := strings.Replace(message(model, true), "say hi", prompt, 1)
		if _, err := c.do(c.request(t.Context(), "/v1/messages?api_key="+query, body, header...)); err != nil && c.transport.DisableKeepAlives {
			t.Fatal(err)
		}
	}
	traffic("any")
	traffic("fails")
	traffic("any", "Authorization", "Bearer "+wrong)
	traffic("any", "Origin", "https://evil.example")
	if o := b.try("profiles", "run", alias, "--", "-p", "hi"); o.code != 7 {
		t.Errorf("the agent's exit code, 7, is not passed on\n%v", o)
	}
	b.ok("proxy", "restart", alias)
	b.write(configFile(alias), b.read(configFile(alias))+"nonsense: 1\n")
	b.try("proxy", "reload", alias)
	b.ok("proxy", "config", alias, "--regenerate")
	traffic("any")
	// Without one of these, which are short, it shows nothing.
	eventually(t, patience, func() error {
		b.ok("proxy", "reload", alias)
		if !saw("reload-wait") {
			return errors.New("the command line of a reload was not seen")
		}
		return nil
	})
	said := ""
	for _, args := range [][]string{{"proxy", "status", alias}, {"proxy", "status", alias, "--json"}, {"proxy", "logs", alias, "--json"}, {"proxy", "config", alias, "--json"},
		{"profiles", "inspect", alias, "--json"}, {"providers", "inspect", "first", "--json"}, {"--log-level", "debug", "proxy", "enable", alias}, {"--log-level", "debug", "daemon", "status"}} {
		o := b.ok(args...)
		said += o.stdout + o.stderr
	}

	places := end()
	places["what the commands say"] = said
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", b.is(alias, "running").PID))
	if err != nil {
		t.Fatal(err)
	}
	places["the engine's environment"] = string(env)
	places["systemctl --user cat"] = mustSystemctl(t, "cat", unit(alias)+".service", unit(alias)+".socket", "ringlet.target")
	places["systemctl --user show"] = mustSystemctl(t, "show", unit(alias)+".service", unit(alias)+".socket")
	_, places["systemctl --user status"] = systemctl(t, "status", "--full", "--lines=1000", unit(alias))
	journal(t, alias, func(f map[string]any) bool { return f["RINGLET_STATUS"] == "403" })
	out, err := exec.Command("journalctl", "-o", "export", "--all", "--no-pager").Output()
	if err != nil || !strings.Contains(string(out), unit(alias)) {
		t.Fatalf("the journal cannot be read: %v, %d bytes", err, len(out))
	}
	places["the journal"] = string(out)
	for _, file := range unitFilesOf(t, alias) {
		if data, err := os.ReadFile(file); err == nil {
			places[file] = string(data)
		}
	}
	// Where a secret is meant to be; everything else in the home is a leak.
	belongs := map[string][]string{
		token: {tokenFile(alias), settingsFile(alias), "agent-settings"},
	}
	for _, id := range bedProviders {
		belongs[bedKey(id)] = []string{".config/ringlet/credentials/" + id}
	}
	secrets := map[string]string{"the local token": token, "the prompt": prompt, "a wrong token": wrong, "a query string": query, "the answer": "half an "}
	for _, id := range bedProviders {
		secrets["the key of "+id] = bedKey(id)
	}
	err = filepath.WalkDir(b.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, _ := filepath.Rel(b.home, path)
		data, err := os.ReadFile(path)
		for what, secret := range secrets {
			if strings.Contains(string(data), secret) && !slices.Contains(belongs[secret], name) {
				t.Errorf("%s is in %s", what, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for place, text := range places {
		for what, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %.300q", what, place)
			}
		}
	}
	// The search itself must be able to find something.
	for place, word := range map[string]string{"systemctl --user cat": configFile(alias), "what the commands say": alias, "the engine's environment": "HOME=", "the journal": "third/fail-500"} {
		if !strings.Contains(places[place], word) {
			t.Errorf("nothing was searched: %q is not in %s: %q", word, place, places[place])
		}
	}
	if !strings.Contains(b.read("agent-settings"), token) {
		t.Error("nothing was searched: the agent has no token in its settings")
	}
}

// What holds a secret, or tells what was asked when, is for its owner's eyes only,
// whatever the shell's umask.
func TestAcceptanceFileModes(t *testing.T) {
	umask := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(umask) })
	b := newBed(t)
	b.agentStub()
	alias := b.alias("modes")
	b.create(alias)
	b.client(alias, false).answered(t, "any", "first")
	b.try("profiles", "run", alias)
	journal(t, alias, func(f map[string]any) bool { return f["RINGLET_STATUS"] == "200" })
	for name, want := range map[string]fs.FileMode{
		".config/ringlet/credentials":       0o700,
		".config/ringlet/credentials/first": 0o600,
		".config/ringlet/credentials/local": 0o700,
		tokenFile(alias):                    0o600,
		profileFile(alias):                  0o600,
		".config/ringlet/restore/" + alias:  0o700,
		filepath.Dir(configFile(alias)):     0o700,
		configFile(alias):                   0o600,
		filepath.Dir(logFile(alias)):        0o700,
		logFile(alias):                      0o600,
		filepath.Dir(settingsFile(alias)):   0o700,
		settingsFile(alias):                 0o600,
	} {
		info, err := os.Stat(b.path(name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, not %04o", name, info.Mode().Perm(), want)
		}
	}
}
