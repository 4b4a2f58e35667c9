package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/service/launchctltest"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary the command ringlet wherever it is started
// under that name: by the sessions in testdata/script, and by ringlet itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ringlet": onThisLaunchd, "launchctl": launchctl})
}

// TestScript runs the sessions in testdata/script: what a person types, and
// what comes back. Each has a home, a port range and a provider of its own, and
// none meets the user manager of this machine, whether there is one or not.
//
// What a session can say besides testscript's own commands stands in
// script_commands_test.go.
func TestScript(t *testing.T) {
	ports := newPortBlocks()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               func(e *testscript.Env) error { return hermetic(e, ports) },
		Cmds:                scriptCommands(t),
		Condition:           scriptCondition,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// hermetic gives a session a home without a user manager. Its environment is
// made anew: no XDG_CONFIG_HOME, no SUDO_*, no key of the developer's.
func hermetic(e *testscript.Env, ports *portBlocks) error {
	ringlet, err := exec.LookPath("ringlet")
	if err != nil {
		return err
	}
	home, runtime := filepath.Join(e.WorkDir, "home"), filepath.Join(e.WorkDir, "run")
	settings := filepath.Join(home, ".config", "ringlet", "config.yaml")
	for _, dir := range []string{filepath.Dir(settings), runtime} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	first, release, err := ports.next()
	if err != nil {
		return err
	}
	e.Defer(release)
	if err := os.WriteFile(settings, fmt.Appendf(nil, "ports: { start: %d, count: %d }\n", first, portsPerBlock), 0o600); err != nil {
		return err
	}
	if err := bringAlong(filepath.Join(e.WorkDir, "bin")); err != nil {
		return err
	}
	if err := private(home); err != nil {
		return err
	}
	e.Values[launchdKey{}] = new(*launchctltest.Launchd)
	e.Values[upstreamKey{}] = new(*gatewaytest.Upstream)
	e.Setenv("HOME", home)
	// Of this user, and empty: a manager is looked for here, and nowhere else.
	e.Setenv("XDG_RUNTIME_DIR", runtime)
	e.Setenv("BIN", filepath.Dir(ringlet))
	e.Setenv("PATH", filepath.Join(e.WorkDir, "bin")+":"+filepath.Dir(ringlet)+":/usr/bin:/bin")
	e.Setenv("NOMANAGER", noManager)
	e.Setenv("WITHOUTMANAGER", withoutManager())
	zone, now, err := middayZone(e.WorkDir)
	if err != nil {
		return err
	}
	e.Setenv("TZ", zone)
	e.Setenv("MONTH", now.Format("2006-01"))
	// With the race detector each command would wait a second before it exits.
	e.Setenv("GORACE", "atexit_sleep_ms=0")
	for i := range portsPerBlock {
		e.Setenv("PORT"+strconv.Itoa(i+1), strconv.Itoa(first+i))
	}
	e.Setenv("PORT", strconv.Itoa(first))
	return nil
}

// noManager matches the sentence about a machine without a user manager: which
// one it is depends on what the tests run on.
const noManager = `(this machine was not started by systemd|this is a container without systemd|this is version 1 of WSL|` +
	`systemd is switched off in this WSL distribution|the user manager of \S+ has no socket in \S+)`

// withoutManager is how the doctor exits where nothing else is wrong: a systemd
// without a user manager is a failure, a container without systemd is not.
func withoutManager() string {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		return "1"
	}
	return "0"
}

// bringAlong puts the programs of testdata/bin, stand-ins for agents, into dir.
func bringAlong(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	programs, err := os.ReadDir(filepath.Join("testdata", "bin"))
	if err != nil {
		return err
	}
	for _, p := range programs {
		text, err := os.ReadFile(filepath.Join("testdata", "bin", p.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, p.Name()), text, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// private takes the permissions of others from what a script has put into the
// home: with a lax umask they would be refused.
func private(home string) error {
	return filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o600)
		if d.IsDir() {
			mode = 0o700
		}
		return os.Chmod(path, mode)
	})
}
