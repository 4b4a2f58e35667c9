//go:build testbed

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"sync"
	"testing"
)

// shell runs a script as a user's shell would, with ringlet as $RINGLET.
func (b *bed) shell(ctx context.Context, script string) (out string, err error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-euc", script)
	cmd.Env, cmd.Dir = append([]string{"RINGLET=" + b.exe}, b.env...), b.home
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// Two shells that create profiles and add rules in loops at once lose nothing,
// neither on disk nor in the running engine.
func TestAcceptanceTwoShellsLoseNothing(t *testing.T) {
	b := newBed(t)
	const rounds = 15
	alias := b.alias("shared")
	b.create(alias)
	pid := b.is(alias, "running").PID

	var wg sync.WaitGroup
	for _, shell := range []string{"a", "b"} {
		wg.Go(func() {
			out, err := b.shell(t.Context(), fmt.Sprintf(`for i in $(seq %d); do
				"$RINGLET" profiles create claude made-%s-$i -p first
				"$RINGLET" proxy route add %s %s-$i 'model == "%s-'$i'"' second/%s-$i
			done`, rounds, shell, alias, shell, shell, shell))
			if err != nil {
				t.Errorf("shell %s: %v\n%s", shell, err, out)
			}
		})
	}
	wg.Wait()

	var have []struct{ Alias string }
	if err := json.Unmarshal([]byte(b.ok("profiles", "list", "--json").stdout), &have); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, p := range have {
		names[p.Alias] = true
	}
	var rules []struct{ Name string }
	if err := json.Unmarshal([]byte(b.ok("proxy", "route", "list", alias, "--json").stdout), &rules); err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		names["rule "+r.Name] = true
	}
	c := b.client(alias, true)
	for _, shell := range []string{"a", "b"} {
		for i := 1; i <= rounds; i++ {
			for _, name := range []string{fmt.Sprintf("made-%s-%d", shell, i), fmt.Sprintf("rule %s-%d", shell, i)} {
				if !names[name] {
					t.Errorf("%s is lost", name)
				}
			}
			c.answered(t, fmt.Sprintf("%s-%d", shell, i), "second")
		}
	}
	if len(have) != 2*rounds+1 || len(rules) != 2*rounds {
		t.Errorf("%d profiles and %d rules; %d and %d were made", len(have), len(rules), 2*rounds+1, 2*rounds)
	}
	if s := b.is(alias, "running"); s.PID != pid || len(s.Problems) > 0 {
		t.Errorf("after it all: %+v; the engine was pid %d", s, pid)
	}
}

// Every profile gets a port of its own, and who comes too late a clear refusal.
func TestAcceptanceHundredPorts(t *testing.T) {
	b := newBed(t)
	// Ports are given out without a user manager, too: what is tested here is
	// that, not systemd.
	b.unmanaged()
	b.write(".config/ringlet/config.yaml", "ports: { start: 8201, count: 99 }\n") // and 8080
	seen := map[int]string{}
	for i := range 100 {
		alias := fmt.Sprintf("port-%d", i)
		b.ok("profiles", "create", "claude", alias, "--proxy", "-p", "first")
		port := b.status(alias).Port
		if port != 8080 && (port < 8201 || port > 8299) {
			t.Errorf("%s got port %d, which is not of its range", alias, port)
		}
		if other, taken := seen[port]; taken {
			t.Errorf("%s and %s both got port %d", alias, other, port)
		}
		seen[port] = alias
	}
	before := b.tree()
	b.refused(1, []string{"no port is free", "100"}, "profiles", "create", "claude", "one-too-many", "--proxy", "-p", "first")
	b.same(before, "a refused create")

	// The ways on that the refusal names.
	b.write(".config/ringlet/config.yaml", "ports: { start: 8201, count: 100 }\n")
	b.ok("profiles", "create", "claude", "one-too-many", "--proxy", "-p", "first")
	if port := b.status("one-too-many").Port; port != 8300 {
		t.Errorf("with one port more, it got %d", port)
	}
	b.ok("profiles", "delete", "port-7")
	b.ok("profiles", "create", "claude", "another", "--proxy", "-p", "first")
	if port := b.status("another").Port; seen[port] != "port-7" {
		t.Errorf("the freed port is that of port-7; got %d, which was %q's", port, seen[port])
	}
}

// Proxies that are made, restarted and taken away all at once do not get in each
// other's way, nor do two commands about the same one.
func TestAcceptanceManyAtOnce(t *testing.T) {
	b := newBed(t)
	const n = 4
	all := func(what string, do func(alias string)) {
		t.Helper()
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { do(b.alias(fmt.Sprintf("many-%d", i))) })
		}
		wg.Wait()
		if t.Failed() {
			t.Fatalf("while they %s", what)
		}
	}
	run := func(args ...string) {
		if o := b.try(args...); o.code != 0 {
			t.Error(o)
		}
	}
	for i := range n {
		b.deleteAtEnd(b.alias(fmt.Sprintf("many-%d", i)))
	}
	all("are created", func(alias string) { run("profiles", "create", "claude", alias, "--proxy", "-p", "first") })
	ports := map[int]bool{}
	for i := range n {
		alias := b.alias(fmt.Sprintf("many-%d", i))
		ports[b.is(alias, "running").Port] = true
		b.client(alias, false).answered(t, "any", "first")
	}
	if len(ports) != n {
		t.Errorf("%d proxies have the ports %v", n, ports)
	}
	all("are restarted", func(alias string) { run("proxy", "restart", alias) })
	one := b.alias("many-0")
	all("restart the same, enable it, and change its rules", func(alias string) {
		run("proxy", "restart", one)
		run("proxy", "route", "add", one, "by-"+alias, "always", "second/plain")
		run("proxy", "enable", one)
	})
	b.client(one, false).answered(t, "any", "second")
	all("are disabled", func(alias string) { run("proxy", "disable", alias) })
	for i := range n {
		b.nothingLeft(b.alias(fmt.Sprintf("many-%d", i)))
	}
}

// A rule that is added while another command restarts the proxy is in force when
// the command returns, and never an error.
func TestAcceptanceRulesDuringRestarts(t *testing.T) {
	b := newBed(t)
	alias := b.alias("during")
	b.create(alias)
	c := b.client(alias, false)
	restarts := make(chan error, 1)
	go func() {
		out, err := b.shell(t.Context(), fmt.Sprintf(`for i in $(seq 8); do "$RINGLET" proxy restart %s; done`, alias))
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, out)
		}
		restarts <- err
	}()
	n := 0
	var err error
	for running := true; running; n++ {
		select {
		case err = <-restarts:
			running = false
			if err != nil {
				t.Errorf("restarts: %v", err)
			}
		default:
		}
		name := fmt.Sprintf("rule-%d", n)
		b.rule(alias, name, fmt.Sprintf("model == %q", name), "second/plain")
		c.answered(t, name, "second")
	}
	t.Logf("%d rules during 8 restarts", n)
}
