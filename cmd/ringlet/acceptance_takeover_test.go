//go:build testbed

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A ringlet that was moved elsewhere takes over all that is enabled: the unit
// files of those that sleep and of those that were stopped are written too, with
// one reload of the manager's; no port is reopened, and no request is lost.
func TestAcceptanceRestartAllTakesOverWhatSleeps(t *testing.T) {
	b := newBed(t)
	old := b.installed()
	running, sleeping, stopped := b.alias("over-runs"), b.alias("over-sleeps"), b.alias("over-stopped")
	all := []string{running, sleeping, stopped}
	for _, alias := range all {
		b.create(alias)
		b.rule(alias, "default", "always", "first/plain")
	}
	b.ok("proxy", "enable", sleeping, "--idle", "1s")
	b.ok("proxy", "stop", stopped)
	eventually(t, patience, func() error { return b.state(sleeping, "listening") })
	opened := property(t, unit(sleeping)+".socket", "ActiveEnterTimestampMonotonic")

	moved := b.path("elsewhere/ringlet")
	b.replaceBinary(moved, nil)
	if err := os.Remove(old); err != nil {
		t.Fatal(err)
	}
	b.exe = moved
	if o := b.try("doctor", "--offline", sleeping); !strings.Contains(o.stdout, old) || !strings.Contains(o.stdout, "is not there any more") {
		t.Errorf("doctor should say that the units start %s, which is gone\n%v", old, o)
	}

	load := startLoad(b, running, 2)
	o := b.ok("--log-level", "debug", "daemon", "restart")
	if n := strings.Count(o.stderr, "call=Reload "); n != 1 {
		t.Errorf("%d reloads of the manager's, one is wanted\n%v", n, o)
	}
	for _, words := range []string{`Restarted the proxy of "` + running, `The engine of "` + sleeping + `" sleeps`, "Stopped, and left so, with what the init system has of them up to date: " + stopped} {
		if !strings.Contains(o.stderr, words) {
			t.Errorf("it does not say %q\n%v", words, o)
		}
	}
	load.lost(t)
	b.is(sleeping, "listening")
	b.is(stopped, "stopped")
	if now := property(t, unit(sleeping)+".socket", "ActiveEnterTimestampMonotonic"); now != opened {
		t.Errorf("its port was opened at %s, and again at %s", opened, now)
	}
	for _, alias := range all {
		if o := b.ok("proxy", "unit", alias); strings.Count(o.stdout, " current ") != 4 {
			t.Errorf("the unit files of %s are not current\n%v", alias, o)
		}
		if text := b.read(".config/ringlet/backup/" + unit(alias) + ".service.previous"); !strings.Contains(text, `"`+old+`"`) {
			t.Errorf("of %s this is kept:\n%s", alias, text)
		}
	}
	// While a request is open, the engine that it woke does not leave.
	release := b.hold()
	b.ok("proxy", "route", "add", sleeping, "held", `model == "held"`, "first/held", "--priority", "5")
	open := openStream(t, b.client(sleeping, false), "held")
	if exe, err := os.Readlink(filepath.Join("/proc", property(t, unit(sleeping), "MainPID"), "exe")); err != nil || exe != moved {
		t.Errorf("the engine that woke is %s, %v", exe, err)
	}
	release()
	open.whole(t)
	b.ok("profiles", "delete", stopped)
	if b.exists(".config/ringlet/backup/" + unit(stopped) + ".service.previous") {
		t.Error("what was generated for a deleted profile is kept")
	}
}

// Requests that arrive while sleeping proxies are taken over are answered,
// whichever engine they wake.
func TestAcceptanceTakeOverUnderWakingRequests(t *testing.T) {
	b := newBed(t)
	b.installed()
	alias := b.alias("over-waking")
	b.create(alias)
	b.rule(alias, "default", "always", "first/plain")
	b.ok("proxy", "enable", alias, "--idle", "1s")
	for round := range 3 {
		eventually(t, patience, func() error { return b.state(alias, "listening") })
		was := b.exe
		b.exe = b.path("bin" + string(rune('a'+round)) + "/ringlet")
		b.replaceBinary(b.exe, nil)
		load := startLoad(b, alias, 4)
		b.ok("daemon", "restart")
		load.lost(t)
		if o := b.ok("proxy", "unit", alias); strings.Contains(o.stdout, "outdated") {
			t.Errorf("round %d, from %s\n%v", round, was, o)
		}
	}
}

// A unit file that was edited by hand is never lost without a word, whatever
// command replaces or removes it.
func TestAcceptanceEditedUnitsAreKept(t *testing.T) {
	b := newBed(t)
	alias := b.alias("edited")
	b.create(alias)
	file := filepath.Join(unitDir(t), unit(alias)+".service")
	drop := filepath.Join(unitDir(t), unit(alias)+".service.d", "mine.conf")
	if err := os.MkdirAll(filepath.Dir(drop), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(drop)) })
	if err := os.WriteFile(drop, []byte("[Service]\nTasksMax=77\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, args := range [][]string{{"proxy", "restart", alias}, {"proxy", "enable", alias}, {"proxy", "stop", alias}, {"proxy", "start", alias}, {"daemon", "restart"},
		{"doctor", "--offline", "--fix", alias}, {"proxy", "disable", alias}, {"proxy", "enable", alias}, {"profiles", "delete", alias}} {
		text := ""
		mine := "# mine, " + strings.Join(args, " ") + "\n"
		if data, err := os.ReadFile(file); err == nil {
			text = string(data) + mine
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		o := b.try(args...)
		if args[1] == "stop" {
			continue // it changes nothing, and start gets what it left
		}
		if text == "" {
			continue
		}
		said := o.stderr + o.stdout
		at := strings.Index(said, b.path(".config/ringlet/backup/"+unit(alias)+".service.edited-"))
		if at < 0 {
			t.Errorf("it does not say where the edited file is kept\n%v", o)
			continue
		}
		kept := strings.TrimRight(strings.Fields(said[at:])[0], ";,")
		if data, err := os.ReadFile(kept); err != nil || string(data) != text {
			t.Errorf("step %d: %s holds %v\n%s", i, kept, err, data)
		}
		gone := args[1] == "disable" || args[1] == "delete"
		if gone != strings.Contains(o.stderr, drop) {
			t.Errorf("a word about the drop-in is wanted: %t\n%v", gone, o)
		}
	}
	if _, err := os.Stat(drop); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the unit is still there")
	}
}
