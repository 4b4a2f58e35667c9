//go:build testbed

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// installed copies the ringlet binary into the bed's home, where it can be
// replaced, and has the bed use it.
func (b *bed) installed() (path string) {
	b.t.Helper()
	path = b.path("bin/ringlet")
	b.replaceBinary(path, nil)
	b.exe = path
	return path
}

// replaceBinary puts a binary at path as a package manager does, by a rename.
// edit changes its bytes first.
func (b *bed) replaceBinary(path string, edit func([]byte) []byte) {
	b.t.Helper()
	source, err := filepath.Abs("../../build/ringlet")
	if err != nil {
		b.t.Fatal(err)
	}
	data, err := os.ReadFile(source)
	if err != nil {
		b.t.Fatal(err)
	}
	if edit != nil {
		data = edit(data)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", data, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		b.t.Fatal(err)
	}
}

// A binary that is replaced under load by make install, and taken up by daemon restart, loses no
// request; the engines are then of the new version, and drop-ins are still there.
func TestAcceptanceUpgradeLosesNoRequest(t *testing.T) {
	b := newBed(t)
	path := b.path(".local/bin/ringlet")
	b.replaceBinary(path, nil)
	b.exe = path
	one, two := b.alias("upgrade-one"), b.alias("upgrade-two")
	for _, alias := range []string{one, two} {
		b.create(alias)
		b.rule(alias, "default", "always", "first/plain")
	}
	drop := dropInFor(t, unit(one)+".service.d", "[Service]\nMemoryMax=700M\n")
	kept := b.client(one, true)
	was := kept.health(t).Version
	old := strings.TrimSpace(strings.TrimPrefix(b.ok("version").stdout, "ringlet "))
	if was != old {
		t.Fatalf("the engine says %q, its binary %q", was, old)
	}
	// The same binary with another version of the same length, in all places where it stands.
	next := old[:len(old)-1] + "Z"
	clients := []*load{startLoad(b, one, 4), startLoad(b, two, 4)}
	b.replaceBinary(b.path("build/ringlet"), func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(old), []byte(next)) })
	// Nothing is built here, and the man pages need a compiler.
	install := exec.Command("make", "--silent", "-C", "../..", "install", "--old-file=build", "BUILD="+b.path("build"), "PREFIX="+b.path(".local"), "GO=true")
	if out, err := install.CombinedOutput(); err != nil || !strings.Contains(string(out), "installed "+path) {
		t.Fatalf("make install: %v: %s", err, out)
	}
	if v := kept.health(t).Version; v != old {
		t.Errorf("before the restart the engine says %q, not %q", v, old)
	}
	b.ok("daemon", "restart")
	for _, alias := range []string{one, two} {
		if v := b.client(alias, false).health(t).Version; v != next {
			t.Errorf("the engine of %s says %q, not %q", alias, v, next)
		}
	}
	b.ok("proxy", "restart", one)
	n := int64(0)
	for _, l := range clients {
		l.lost(t)
		n += l.requests.Load()
	}
	t.Logf("%d requests, none failed", n)
	if n < 100 {
		t.Errorf("only %d requests were sent: that is no load", n)
	}
	if got := property(t, unit(one), "MemoryMax"); got != "734003200" {
		t.Errorf("after the upgrade MemoryMax is %s", got)
	}
	if o := b.ok("proxy", "unit", one); !strings.Contains(o.stdout, drop) || strings.Contains(o.stdout, "outdated") {
		t.Errorf("its files should be current, and %s named\n%v", drop, o)
	}
}

// dropInFor writes a file of the user's own under the manager's folder, until the
// end of the test.
func dropInFor(t testing.TB, folder, text string) (path string) {
	t.Helper()
	dir := filepath.Join(unitDir(t), folder)
	path = filepath.Join(dir, "acceptance.conf")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	mustSystemctl(t, "daemon-reload")
	return path
}

// Drop-ins of the user's, by systemctl edit and for all proxies at once, survive
// and work after all that ringlet does, disable and enable included.
func TestAcceptanceDropInsStay(t *testing.T) {
	b := newBed(t)
	alias := b.alias("dropins")
	b.create(alias)
	// systemctl edit takes its text from an editor, and wants a terminal.
	b.write("editor", "#!/bin/sh\nfor file; do :; done\nprintf '[Service]\\nTasksMax=345\\n' >\"$file\"\n")
	if err := os.Chmod(b.path("editor"), 0o700); err != nil {
		t.Fatal(err)
	}
	edit := exec.Command("script", "-qec", "systemctl --user edit "+unit(alias)+".service", "/dev/null")
	edit.Env = append(os.Environ(), "SYSTEMD_EDITOR="+b.path("editor"))
	if out, err := edit.CombinedOutput(); err != nil {
		t.Fatalf("systemctl edit: %v: %s", err, out)
	}
	edited := filepath.Join(unitDir(t), unit(alias)+".service.d", "override.conf")
	t.Cleanup(func() {
		if err := os.RemoveAll(filepath.Dir(edited)); err != nil {
			t.Error(err)
		}
	})
	all := dropInFor(t, "ringlet-proxy@.service.d", "[Service]\nCPUWeight=77\n")
	check := func(after string) {
		t.Helper()
		for _, path := range []string{edited, all} {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("after %s: %v", after, err)
			}
		}
		if tasks, weight := property(t, unit(alias), "TasksMax"), property(t, unit(alias), "CPUWeight"); tasks != "345" || weight != "77" {
			t.Errorf("after %s TasksMax is %s and CPUWeight %s", after, tasks, weight)
		}
	}
	check("being written")
	for _, args := range [][]string{{"proxy", "enable", alias}, {"proxy", "restart", alias}, {"daemon", "restart"}, {"proxy", "stop", alias}, {"proxy", "start", alias}} {
		b.ok(args...)
		check(strings.Join(args[:2], " "))
	}
	o := b.ok("proxy", "unit", alias)
	for _, word := range []string{edited, all, "current"} {
		if !strings.Contains(o.stdout, word) {
			t.Errorf("%q is not in\n%v", word, o)
		}
	}
	b.ok("proxy", "disable", alias)
	b.ok("proxy", "enable", alias)
	check("disable and enable")
	if o := b.ok("proxy", "unit", alias, "--diff"); o.stdout != "" {
		t.Errorf("there should be no difference\n%v", o)
	}
	// A unit that was edited in its own file is told of, and written anew by a restart.
	file := filepath.Join(unitDir(t), unit(alias)+".service")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(data, "# mine\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if o := b.try("proxy", "unit", alias, "--diff"); o.code != 1 || !strings.Contains(o.stdout, "\n-# mine\n") {
		t.Errorf("the difference should be shown, with exit code 1\n%v", o)
	}
	if o := b.ok("proxy", "unit", alias); !strings.Contains(o.stdout, "edited") {
		t.Errorf("it was edited\n%v", o)
	}
	b.ok("proxy", "restart", alias)
	b.ok("proxy", "unit", alias, "--diff")
}
