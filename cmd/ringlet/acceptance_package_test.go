//go:build testbed

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// tells fails the test unless all words are in a text.
func tells(t *testing.T, who, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%s should say %q:\n%s", who, word, text)
		}
	}
}

// A Debian package is installed, a newer one over it under load, and removed,
// while a user's proxy is enabled: no request is lost, each step tells what the
// user has to do next, and nothing of the user's is touched.
func TestAcceptancePackage(t *testing.T) {
	older, newer := debOf(t, "0.1.0"), debOf(t, "0.2.0")
	b := newBed(t)
	t.Cleanup(func() { dpkg(t, "--purge", "ringlet") })
	if said := dpkg(t, "--install", older); strings.Contains(said, "ringlet:") {
		t.Errorf("a first installation has nothing to say:\n%s", said)
	}
	local := b.exe
	b.exe = "/usr/bin/ringlet"
	t.Run("Manual", manualIsThere)
	t.Run("Completion", completionIsThere)

	alias := b.alias("package")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	tells(t, "its unit", property(t, unit(alias), "ExecStart"), "/usr/bin/ringlet")
	client := b.client(alias, true)
	if v := client.health(t).Version; v != "v0.1.0" {
		t.Fatalf("the engine is version %s", v)
	}
	if p := b.status(alias).Problems; len(p) > 0 {
		t.Errorf("problems: %q", p)
	}

	// A newer one over it: the engine goes on, and everybody says that it is old.
	load := startLoad(b, alias, 4)
	tells(t, "dpkg", dpkg(t, "--install", newer), "ringlet: ", os.Getenv("USER"), "ringlet daemon restart")
	if v := client.health(t).Version; v != "v0.1.0" {
		t.Errorf("the engine is version %s before anyone restarted it", v)
	}
	tells(t, "status", strings.Join(b.status(alias).Problems, "\n"), "/usr/bin/ringlet that was replaced", "ringlet proxy restart "+alias)
	tells(t, "doctor", b.try("doctor", alias, "--offline").stdout, "its engine runs from /usr/bin/ringlet, which has been replaced", "ringlet proxy restart "+alias)
	// What rpm and apk pass to the same script.
	scriptSays(t, "postinstall", true, "2")
	scriptSays(t, "postinstall", true, "0.2.0-r0", "0.1.0-r0")
	scriptSays(t, "postinstall", false, "1")
	scriptSays(t, "preremove", false, "1")
	b.ok("daemon", "restart")
	scriptSays(t, "postinstall", false, "2")
	scriptSays(t, "preremove", true, "0")
	scriptSays(t, "preremove", true, "0.2.0-r0")
	scriptSays(t, "preremove", false, "upgrade", "0.3.0")
	if v := b.client(alias, false).health(t).Version; v != "v0.2.0" {
		t.Errorf("after the restart the engine is version %s", v)
	}
	if p := b.status(alias).Problems; len(p) > 0 {
		t.Errorf("problems after the restart: %q", p)
	}
	load.lost(t)
	t.Logf("%d requests while the package was replaced, none failed", load.requests.Load())

	// One of the user's own beside it.
	b.exe = local
	tells(t, "doctor", b.try("doctor", alias, "--offline").stdout, "its unit starts /usr/bin/ringlet, which is not this ringlet")

	// Removed under it.
	said := dpkg(t, "--remove", "ringlet")
	tells(t, "dpkg", said, "ringlet: ", os.Getenv("USER"), "systemctl --user disable --now ringlet.target")
	if v := client.health(t).Version; v != "v0.2.0" {
		t.Errorf("the engine should go on, as version %s", v)
	}
	tells(t, "status", strings.Join(b.status(alias).Problems, "\n"), "its unit starts /usr/bin/ringlet, which is not there any more", "ringlet proxy restart "+alias)
	tells(t, "doctor", b.try("doctor", alias, "--offline").stdout, "its unit starts /usr/bin/ringlet, which is not there any more")
	if code, _ := systemctl(t, "restart", unit(alias)); code == 0 {
		t.Error("systemd started what is not there")
	}
	// It tries again each second; while it tries there is no status.
	eventually(t, patience, func() error {
		if status := property(t, unit(alias), "ExecMainStatus"); status != "203" {
			return fmt.Errorf("the status is %s", status)
		}
		return nil
	})
	if !b.exists(".config/ringlet/profiles/" + alias + ".json") {
		t.Error("the profile is gone")
	}
	// The user's own takes over; and what dpkg told is what ends it.
	b.ok("proxy", "restart", alias)
	b.client(alias, false).answered(t, "plain", "first")
	tells(t, "its unit", property(t, unit(alias), "ExecStart"), local)
	mustSystemctl(t, "disable", "--now", "ringlet.target")
	port := b.status(alias).Port
	// systemctl waits for the target only, and not for what stops along with it.
	eventually(t, patience, func() error {
		if listening(t, port) {
			return errors.New("the proxy's port is still open")
		}
		return nil
	})
}

// scriptSays runs a script of the packages, which has something to say or not.
func scriptSays(t *testing.T, name string, something bool, args ...string) {
	t.Helper()
	out, err := exec.Command("sh", append([]string{"../../packaging/scripts/" + name}, args...)...).CombinedOutput()
	if err != nil || (len(out) > 0) != something || strings.Count(string(out), "\n") > 1 {
		t.Errorf("%s %q: %v: %q", name, args, err, out)
	}
}

// manualIsThere: man finds the pages.
func manualIsThere(t *testing.T) {
	for page, word := range map[string]string{"ringlet": "ringlet.target", "ringlet-proxy-route-add": "<condition>"} {
		cmd := exec.Command("man", page)
		cmd.Env = append(os.Environ(), "MANPAGER=cat", "MANWIDTH=200")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), word) {
			t.Errorf("man %s: %v: %.300s", page, err, out)
		}
	}
}

// completionIsThere: the shells find the completions where the package put them.
func completionIsThere(t *testing.T) {
	for shell, script := range map[string]string{
		"bash": `. /usr/share/bash-completion/bash_completion
			{ declare -F _comp_load >/dev/null && _comp_load ringlet; } || _completion_loader ringlet
			COMP_WORDS=(ringlet proxy st) COMP_CWORD=2 COMP_LINE='ringlet proxy st' COMP_POINT=16 COMP_TYPE=9
			__start_ringlet; printf '%s\n' "${COMPREPLY[@]}"`,
		"fish": `complete -C 'ringlet proxy st'`,
		// In zsh completions run in its line editor only: that it knows whose they are has to do.
		"zsh": `autoload -Uz compinit; compinit -D; autoload +X $_comps[ringlet]; print $functions[$_comps[ringlet]]; ringlet __complete proxy st`,
	} {
		flag := "-c"
		if shell == "zsh" {
			flag = "-fc"
		}
		out, err := exec.Command(shell, flag, script).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "stop-all") || shell == "zsh" && !strings.Contains(string(out), "__ringlet_debug") {
			t.Errorf("%s: %v: %.400s", shell, err, out)
		}
	}
}
