package service

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
)

// The texts have the shape of those in public bug reports, such as
// https://github.com/Homebrew/brew/pull/19602.
func TestParsePrint(t *testing.T) {
	for name, tc := range map[string]struct {
		text   string
		want   job
		failed bool
	}{
		"running":      {"gui/501/x = {\n\tstate = running\n\truns = 2\n\tpid = 41\n\tlast exit code = (never exited)\n}\n", job{state: "running", pid: 41, runs: 2}, false},
		"failed":       {"x = {\n\tstate = spawn scheduled\n\truns = 1\n\tlast exit code = 78: EX_CONFIG\n}\n", job{state: "spawn scheduled", runs: 1, exited: true, exit: 78}, true},
		"ended well":   {"x = {\n\tstate = not running\n\tlast exit code = 0\n}\n", job{state: "not running", exited: true}, false},
		"killed":       {"x = {\n\tstate = not running\n\tlast terminating signal = Killed: 9\n}\n", job{state: "not running", signaled: true}, true},
		"runs again":   {"x = {\n\tstate = running\n\tpid = 7\n\tlast exit code = 1\n}\n", job{state: "running", pid: 7, exited: true, exit: 1}, false},
		"further in":   {"x = {\n\tstate = not running\n\tendpoints = {\n\t\tstate = running\n\t\tpid = 5\n\t}\n}\n", job{state: "not running"}, false},
		"other words":  {"x = {\n\tzustand = läuft\n\tpid = viele\n}\n", job{}, false},
		"nothing":      {"", job{}, false},
		"other breaks": {"x = {\r\n\tpid = 3\r\n}", job{pid: 3}, false},
	} {
		got := parsePrint(tc.text)
		if got != tc.want || got.failed() != tc.failed {
			t.Errorf("%s: %+v, failed %v", name, got, got.failed())
		}
	}
}

func FuzzParsePrint(f *testing.F) {
	f.Add("x = {\n\tstate = running\n\tpid = 41\n\tlast exit code = 1\n}\n")
	f.Add("\tpid = -1\n\truns = 99999999999999999999\n")
	f.Fuzz(func(t *testing.T, text string) {
		if j := parsePrint(text); j.failed() && j.pid != 0 {
			t.Errorf("%+v runs and has failed", j)
		}
	})
}

func TestDisabledIn(t *testing.T) {
	const text = "disabled services = {\n\t\"dev.ringlet.proxy.a\" => disabled\n\t\"dev.ringlet.proxy.b\" => enabled\n\t\"dev.ringlet.proxy.old\" => true\n}\n"
	for label, want := range map[string]bool{"dev.ringlet.proxy.a": true, "dev.ringlet.proxy.b": false, "dev.ringlet.proxy.old": true, "dev.ringlet.proxy": false} {
		if disabledIn(text, label) != want {
			t.Errorf("%s: %v", label, !want)
		}
	}
}

// The real runner tells an answer that says no from a command that is not there.
func TestLaunchctlRuns(t *testing.T) {
	script := filepath.Join(t.TempDir(), "launchctl")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"out $1\"; echo bad >&2; exit 113\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	l := launchctl(script)
	if a, err := l.Run(t.Context(), "print", "x"); err != nil || a != (Answer{113, "out print\n", "bad\n"}) {
		t.Errorf("%+v, %v", a, err)
	}
	l += ".not"
	if _, err := l.Run(t.Context(), "print"); err == nil {
		t.Error("a command that is not there ran")
	}
	err := error(&ctlError{[]string{"bootstrap", "gui/501"}, Answer{5, "", "Bootstrap failed: 5: Input/output error\nTry re-running\n"}})
	if got := err.Error(); got != "launchctl bootstrap gui/501 exited with status 5: Bootstrap failed: 5: Input/output error" {
		t.Error(got)
	}
	l2 := &launchd{host: Host{UID: func() int { return 501 }}, dir: "/agents"}
	refused := l2.refused("work", "start", err)
	for code, want := range map[int]string{
		5:   "Login Items, and whether its file is sound: plutil -lint /agents/dev.ringlet.proxy.work.plist; then look at it: launchctl print user/501/dev.ringlet.proxy.work",
		125: "type the same command in a terminal on its screen",
		78:  "look at it: launchctl print user/501/dev.ringlet.proxy.work",
	} {
		hint := fault.Hint(l2.refused("work", "start", &ctlError{[]string{"bootstrap", "user/501", "/p"}, Answer{code, "", "no"}}))
		if !strings.Contains(hint, want) || code == 78 && hint != want {
			t.Errorf("%d: %q", code, hint)
		}
	}
	var no *ctlError
	if !errors.As(refused, &no) || !strings.Contains(refused.Error(), `the proxy of "work" cannot start`) {
		t.Error(refused)
	}
}

func TestForeignPlistHint(t *testing.T) {
	if hint := (&ForeignUnit{Path: "/a/dev.ringlet.proxy.work.plist"}).Hint(); strings.Contains(hint, "systemctl") || !strings.Contains(hint, "launchctl") {
		t.Error(hint)
	}
}

func TestLastLines(t *testing.T) {
	if got := lastLines("a\n\n b \nc\nd\ne\nf"); strings.Join(got, "") != "bcdef" {
		t.Errorf("%q", got)
	}
}
