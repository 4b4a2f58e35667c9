//go:build testbed

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// change is one line of what a build with faults says that it does to files.
type change struct{ when, what, path string }

// faulted runs a command with a fault at the n-th of its changes to files, and
// returns how it ended and the changes up to there. Fault 0 only counts.
func (b *bed) faulted(n int, do string, args ...string) (outcome, []change) {
	b.t.Helper()
	log := filepath.Join(b.t.TempDir(), "changes")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.t.Context()), 2*patience)
	defer cancel()
	cmd := b.command(ctx, args...)
	cmd.Env = append(slices.Clone(cmd.Env), "RINGLET_FAULTS_LOG="+log, fmt.Sprintf("RINGLET_FAULTS_AT=%d", n), "RINGLET_FAULTS_DO="+do)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	_ = cmd.Run() // its exit code is looked at
	text, err := os.ReadFile(log)
	if err != nil || ctx.Err() != nil {
		b.t.Fatalf("%v, %v\n%s", err, ctx.Err(), stderr.String())
	}
	var out []change
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		out = append(out, change{f[0], f[1], f[2]})
	}
	return outcome{args, cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), time.Since(start)}, out
}

// durable fails unless each change is made durable before the next one is begun:
// only then is what a power cut leaves always the changes up to some point.
func durable(t testing.TB, changes []change) {
	t.Helper()
	for i, c := range changes {
		if c.when != "after" || c.what == "create" { // a temporary file may be lost
			continue
		}
		if i+1 == len(changes) || changes[i+1].what != "sync folder" || changes[i+1].path != filepath.Dir(c.path) {
			t.Errorf("%s %s is not made durable before the next change: %v", c.what, c.path, changes[i+1:min(i+2, len(changes))])
		}
	}
}

// faultSession is a command in the life of a profile, and what has to hold once
// it was repeated.
type faultSession struct {
	name   string
	args   func(alias string) []string
	before func(b *bed, alias string) // makes what it starts from, whatever is there
	again  func(b *bed, alias string) // what is typed after an interruption
	after  func(b *bed, alias string) // what has to hold then
}

const oddSettings = "{\n  \"model\": \"opus\",\n\t\"env\": {\"EDITOR\": \"vi\"}  }\n"

func faultSessions() []faultSession {
	create := func(alias string) []string {
		return []string{"profiles", "create", "claude", alias, "--proxy", "-p", "first"}
	}
	verb := func(verb string) func(string) []string {
		return func(alias string) []string { return []string{"proxy", verb, alias} }
	}
	add := func(alias string) []string {
		return []string{"proxy", "route", "add", alias, "kept", `model == "kept"`, "second/kept"}
	}
	remove := func(alias string) []string { return []string{"profiles", "delete", alias} }
	there := func(b *bed, alias string) {
		if !b.exists(profileFile(alias)) {
			b.write(settingsFile(alias), oddSettings)
			b.ok(create(alias)...)
		}
	}
	gone := func(b *bed, alias string) {
		if b.exists(profileFile(alias)) {
			b.ok(remove(alias)...)
		}
		b.write(settingsFile(alias), oddSettings)
	}
	works := func(b *bed, alias string) { b.worksAndPoints(alias) }
	same := func(args func(string) []string) func(*bed, string) {
		return func(b *bed, alias string) { b.t.Helper(); b.ok(args(alias)...) }
	}
	return []faultSession{
		{"create", create, gone, func(b *bed, alias string) {
			if b.exists(profileFile(alias)) {
				b.refused(1, []string{"already a profile"}, create(alias)...)
				b.ok("proxy", "enable", alias)
			} else {
				b.ok(create(alias)...)
			}
		}, works},
		{"enable", verb("enable"), func(b *bed, alias string) { there(b, alias); b.ok("proxy", "disable", alias) }, same(verb("enable")), works},
		{"route add", add, func(b *bed, alias string) {
			there(b, alias)
			if strings.Contains(b.ok("proxy", "route", "list", alias).stdout, "kept") {
				b.ok("proxy", "route", "remove", alias, "kept")
			}
		}, func(b *bed, alias string) {
			if strings.Contains(b.ok("proxy", "route", "list", alias).stdout, "kept") {
				b.refused(2, []string{"already has a rule"}, add(alias)...)
				b.ok("proxy", "reload", alias)
			} else {
				b.ok(add(alias)...)
			}
		}, func(b *bed, alias string) {
			b.worksAndPoints(alias)
			b.client(alias, false).answered(b.t, "kept", "second")
		}},
		{"disable", verb("disable"), func(b *bed, alias string) { there(b, alias); b.ok("proxy", "enable", alias) }, same(verb("disable")),
			func(b *bed, alias string) {
				b.nothingLeft(alias)
				if got := b.read(settingsFile(alias)); got != oddSettings {
					b.t.Errorf("the agent's settings are %q, and were %q", got, oddSettings)
				}
			}},
		{"delete", remove, there, func(b *bed, alias string) {
			if b.exists(profileFile(alias)) {
				b.ok(remove(alias)...)
			}
		}, func(b *bed, alias string) {
			b.nothingLeft(alias)
			if got := b.read(settingsFile(alias)); got != oddSettings {
				b.t.Errorf("the agent's settings are %q, and were %q", got, oddSettings)
			}
		}},
	}
}

// faultsAt has a fault at each place of every session that at chooses.
func faultsAt(t *testing.T, do string, at func(n int, all []change) bool, ended func(t *testing.T, o outcome, c change)) {
	for _, s := range faultSessions() {
		t.Run(strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			b := newBedFor(t, "ringlet-faults")
			alias, other := b.alias("power-"+strings.ReplaceAll(s.name, " ", "-")), b.alias("other-"+strings.ReplaceAll(s.name, " ", "-"))
			b.create(other)
			b.rule(other, "default", "always", "third/plain")
			files := b.treeOf(other)
			b.deleteAtEnd(alias)
			var o outcome
			var all []change
			for range 3 { // where a neighbour takes the port meanwhile, it has more changes than the next time
				s.before(b, alias)
				if o, all = b.faulted(0, "", s.args(alias)...); !strings.Contains(o.stderr, "using another one") {
					break
				}
			}
			if o.code != 0 {
				t.Fatal(o)
			}
			s.after(b, alias)
			durable(t, all)
			faults := 0
			for n, c := range all {
				if !at(n, all) {
					continue
				}
				faults++
				s.before(b, alias)
				o, _ := b.faulted(n+1, do, s.args(alias)...)
				ended(t, o, c)
				if o.code != 0 {
					s.again(b, alias)
				}
				s.after(b, alias)
				if t.Failed() {
					t.Fatalf("that was after a fault (%s) %s: %s %s\n%v", do, c.when, c.what, c.path, o)
				}
			}
			// The neighbour has lost nothing.
			now := b.treeOf(other)
			for name, text := range files {
				if now[name] != text {
					t.Errorf("%s of another profile has changed from\n%s\nto\n%s", name, text, now[name])
				}
			}
			b.client(other, false).answered(t, "any", "third")
			t.Logf("%s: %d changes, %d faults (%s); each was mended", s.name, len(all), faults, do)
		})
	}
}

// treeOf is the part of the tree that is a profile's own.
func (b *bed) treeOf(alias string) map[string]string {
	b.t.Helper()
	out := b.tree()
	for name := range out {
		if !strings.Contains(name, alias) {
			delete(out, name)
		}
	}
	return out
}

// create, enable, route add, disable and delete may end at any of their changes to
// the disk. What is then on it - and not more, as each change is durable before the
// next - is mended by typing the command again, and nothing is lost.
func TestAcceptancePowerLossAtEveryChange(t *testing.T) {
	faultsAt(t, "crash", func(n int, all []change) bool {
		// Where nothing lies between two lines, one of them is enough.
		return all[n].what != "sync folder" && (all[n].what != "write" || all[n].when != "before")
	}, func(t *testing.T, o outcome, _ change) {
		if o.code != -1 {
			t.Errorf("it should have been killed\n%v", o)
		}
	})
}

// A change that fails (EIO) is said, or does not matter.
func TestAcceptanceFailedChanges(t *testing.T) {
	faultsAt(t, "fail", sampled, func(t *testing.T, o outcome, c change) {
		if o.code != 0 && (o.code < 0 || o.code > 10 || !strings.Contains(o.stderr, "input/output error") || !strings.Contains(o.stderr, filepath.Base(c.path))) {
			t.Errorf("it does not say what failed\n%v", o)
		}
	})
}

// A disk that is full from some change on is said, with what to do.
func TestAcceptanceDiskFullAtEveryChange(t *testing.T) {
	faultsAt(t, "full", sampled, func(t *testing.T, o outcome, _ change) {
		if o.code != 0 && (o.code < 0 || o.code > 10 || !strings.Contains(o.stderr, "no space left on device") || !strings.Contains(o.stderr, "make room")) {
			t.Errorf("it does not say that the disk is full\n%v", o)
		}
	})
}

// sampled is every change, or where RINGLET_FAULTS is not "all" every fourth of
// them, others in each session.
func sampled(n int, all []change) bool {
	if all[n].when != "before" {
		return false
	}
	return os.Getenv("RINGLET_FAULTS") == "all" || n%4 == len(all)%4
}
