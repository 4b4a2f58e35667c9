//go:build testbed

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// A configuration that somebody broke by hand is refused with the engine's
// sentence by both reloads, and the routes from before still answer.
func TestAcceptanceBrokenConfigurationIsRefused(t *testing.T) {
	b := newBed(t)
	alias := b.alias("broken")
	b.create(alias)
	b.rule(alias, "default", "always", "second/plain")
	c := b.client(alias, true)
	c.answered(t, "any", "second")
	before := b.is(alias, "running")

	good := b.read(configFile(alias))
	line := strings.Count(good, "\n") + 1
	b.write(configFile(alias), good+"nonsense: true\n")
	where := fmt.Sprintf("%s:%d", b.path(configFile(alias)), line)

	if code, out := systemctl(t, "reload", unit(alias)); code == 0 {
		t.Errorf("systemctl --user reload of a broken configuration: exit 0: %s", out)
	}
	journal(t, alias, func(f map[string]any) bool { return strings.Contains(fmt.Sprint(f["MESSAGE"]), where) })
	b.refused(1, []string{where, "nonsense", "ringlet proxy config " + alias + " --regenerate"}, "proxy", "reload", alias)

	s := b.is(alias, "running")
	if s.PID != before.PID || s.Health == nil || !strings.Contains(s.Health.ReloadError, where) || s.Health.Seq != before.Health.Seq {
		t.Errorf("status after the refused reload: %+v", s)
	}
	b.shows(alias, where)
	c.answered(t, "any", "second")
	// A change is refused, too, and writes nothing over what the user may want to keep.
	b.refused(1, []string{where}, "proxy", "route", "add", alias, "other", "always", "third/plain")
	if got := b.read(configFile(alias)); got != good+"nonsense: true\n" {
		t.Errorf("the broken file was written over:\n%s", got)
	}
	c.answered(t, "any", "second")

	o := b.ok("proxy", "config", alias, "--regenerate")
	aside := b.path(configFile(alias)) + ".broken"
	if text, err := os.ReadFile(aside); err != nil || string(text) != good+"nonsense: true\n" || !strings.Contains(o.stderr, aside) {
		t.Errorf("the broken file should be kept as %s, and that be said (%v)\n%v", aside, err, o)
	}
	mustSystemctl(t, "reload", unit(alias))
	b.ok("proxy", "reload", alias)
	s = b.is(alias, "running")
	if s.PID != before.PID || s.Health == nil || s.Health.ReloadError != "" || len(s.Problems) > 0 {
		t.Errorf("status after the configuration was written anew: %+v", s)
	}
	c.answered(t, "any", "second")
	b.rule(alias, "other", "always", "third/plain", "--priority", "1")
	c.answered(t, "any", "third")
}

// An engine that cannot start because its configuration was broken is failed,
// says why, and comes back once that is mended.
func TestAcceptanceStartWithABrokenConfiguration(t *testing.T) {
	b := newBed(t)
	alias := b.alias("broken-start")
	b.create(alias)
	dropIn(t, alias, "[Unit]\nStartLimitBurst=3\n") // of ten, a second apart
	port := b.is(alias, "running").Port
	b.write(configFile(alias), b.read(configFile(alias))+"nonsense: true\n")
	// ringlet refuses before it touches the engine that runs.
	pid := b.is(alias, "running").PID
	b.refused(1, []string{"config.yaml:", "nonsense"}, "proxy", "restart", alias)
	if s := b.is(alias, "running"); s.PID != pid {
		t.Errorf("a refused restart replaced the engine")
	}
	if code, out := systemctl(t, "restart", unit(alias)); code == 0 {
		t.Errorf("systemctl --user restart: exit 0: %s", out)
	}
	eventually(t, patience, func() error {
		if s := b.status(alias); s.Status != "failed" || !strings.Contains(strings.Join(s.Problems, " "), "ringlet proxy logs "+alias) {
			return fmt.Errorf("status is %+v", s)
		}
		return nil
	})
	eventually(t, patience, func() error { // the journal may be behind
		if o := b.ok("proxy", "logs", alias, "--lines", "100"); !strings.Contains(o.stdout, "nonsense") {
			return fmt.Errorf("the reason is not in its log\n%v", o)
		}
		return nil
	})
	b.refused(1, []string{"config.yaml:", "nonsense"}, "proxy", "start", alias)
	b.ok("proxy", "config", alias, "--regenerate")
	b.ok("proxy", "start", alias)
	if s := b.is(alias, "running"); s.Port != port {
		t.Errorf("it came back on port %d, not %d", s.Port, port)
	}
	b.client(alias, false).answered(t, "any", "first")
}

// Nothing hides behind programs in PATH, or behind a PATH at all.
func TestAcceptanceNeedsNoSystemctl(t *testing.T) {
	b := newBed(t)
	alias := b.alias("path")
	b.create(alias)
	c := b.client(alias, false)
	b.setenv("PATH", "/nowhere")
	pid := b.is(alias, "running").PID
	b.ok("proxy", "restart", alias)
	if s := b.is(alias, "running"); s.PID == pid {
		t.Error("restart left the engine as it was")
	}
	c.answered(t, "any", "first")
	b.ok("proxy", "stop", alias)
	b.is(alias, "stopped")
	b.ok("proxy", "start", alias)
	b.rule(alias, "default", "always", "third/plain")
	c.answered(t, "any", "third")
	journal(t, alias, func(f map[string]any) bool { return f["RINGLET_TARGET"] == "third/plain" })
	b.ok("daemon", "status")
	if o := b.ok("proxy", "logs", alias, "--lines", "50"); !strings.Contains(o.stdout, "third/plain: 200") {
		t.Errorf("the journal cannot be read without a PATH\n%v", o)
	}
	b.ok("proxy", "disable", alias)
	b.ok("proxy", "enable", alias)
}
