//go:build vm

package vmtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// session is what the tester types with a number: a profile comes, changes and
// may go, and one beside it gets a rule and loses it.
func session(n int) [][]string {
	p, k := fmt.Sprint("p", n), fmt.Sprint("k", n)
	all := [][]string{
		{"profiles", "create", "claude", p, "--proxy", "-p", "first"},
		{"proxy", "route", "add", p, "default", "always", "first/plain"},
		{"proxy", "route", "add", "base", k, fmt.Sprintf("'tokens > %d'", 1000+n), "first/plain"},
		{"proxy", "disable", p},
		{"proxy", "enable", p},
		{"proxy", "route", "remove", "base", k},
	}
	if n%2 == 1 {
		all = append(all, []string{"proxy", "disable", p})
	}
	if n%3 != 0 {
		all = append(all, []string{"profiles", "delete", p, "--force"})
	}
	return all
}

// proxy is what has to be known of a profile after a cut.
type proxy struct {
	enabled bool
	rules   []string
}

// ledger is what the commands have said to be done.
type ledger struct {
	proxies map[string]*proxy
	open    []string // the command that was running at the cut; nil between two
	done    int
	n       int // of the session
}

// apply is what a command means.
func (l *ledger) apply(f []string) {
	switch strings.Join(f[:2], " ") {
	case "profiles create":
		l.proxies[f[3]] = &proxy{enabled: true}
	case "profiles delete":
		delete(l.proxies, f[2])
	case "proxy disable", "proxy enable":
		l.proxies[f[2]].enabled = f[1] == "enable"
	case "proxy route":
		p := l.proxies[f[3]]
		if f[2] == "add" {
			p.rules = append(p.rules, f[4])
		} else {
			p.rules = slices.DeleteFunc(p.rules, func(name string) bool { return name == f[4] })
		}
	}
}

// alias is whose profile a command is about.
func alias(f []string) string {
	if f[0] == "proxy" && f[1] != "route" || f[1] == "delete" {
		return f[2]
	}
	return f[3]
}

// The power is cut while commands run, again and again, at any moment. What the
// commands had said to be done is done after the next boot, the proxies answer
// before anybody types, and the command that was cut off can be typed again.
func TestPowerCuts(t *testing.T) {
	cuts, err := strconv.Atoi(os.Getenv("CUTS"))
	if err != nil {
		t.Fatalf("CUTS is how often the power is cut: %v; run: make test-vm", err)
	}
	m := newMachine(t)
	m.settle()
	began := time.Now()
	m.create("base", "plain")
	pace := time.Since(began) // of two commands, on this machine and today
	l := &ledger{proxies: map[string]*proxy{"base": {true, []string{"default"}}}}
	within, boots := map[string]int{}, time.Duration(0)
	for cut := range cuts {
		after := time.Duration(rand.Int64N(int64(4 * pace)))
		m.work(l, after, cut%2*4)
		if l.open != nil {
			within[strings.Join(l.open[:2], " ")]++
		}
		t.Logf("cut %d after %v, %d commands done, in the middle of %q", cut+1, after.Round(time.Millisecond), l.done, l.open)
		boots += m.boot()
		m.upstream()
		m.holds(l)
		if t.Failed() {
			t.Fatalf("that was after cut %d", cut+1)
		}
	}
	t.Logf("%d cuts, %d commands done; cut off in %v; a boot took %v", cuts, l.done, within, (boots / time.Duration(cuts)).Round(100*time.Millisecond))
}

// work has the tester type, and cuts the power some time after so many commands:
// otherwise the first ones of a session would be cut most. A command is begun when
// the end of the one before it is known out here.
func (m *machine) work(l *ledger, after time.Duration, safe int) {
	m.t.Helper()
	var timer <-chan time.Time
	for {
		l.n++
		for _, command := range session(l.n) {
			if safe--; safe < 0 && timer == nil {
				timer = time.After(after)
			}
			var said bytes.Buffer
			l.open = command
			p := m.line.start("tester", "~/.local/bin/ringlet "+strings.Join(command, " "), func(out, err []byte) { said.Write(out); said.Write(err) })
			cut := false
			select {
			case <-p.done:
			case <-timer:
				m.cut()
				<-p.done // its end may have left the machine before the cut
				cut = true
			}
			if p.err == nil && p.code == 0 {
				l.apply(command)
				l.open = nil
				l.done++
			}
			switch {
			case cut:
				return
			case p.err != nil || p.code != 0:
				m.t.Fatalf("%q: exit %d, %v\n%s", command, p.code, p.err, &said)
			}
		}
	}
}

// holds is what has to hold after a boot; what was cut off is finished on the way.
func (m *machine) holds(l *ledger) {
	m.t.Helper()
	whose := ""
	if l.open != nil {
		whose = alias(l.open)
	}
	// No command of ringlet's before this: systemd alone has the proxies serve.
	for name, p := range l.proxies {
		if p.enabled && name != whose {
			m.answered(name)
		}
	}
	var profiles []struct{ Alias string }
	m.decode(m.ringlet("profiles list --json"), &profiles)
	var have []string
	for _, p := range profiles {
		have = append(have, p.Alias)
	}
	for name, p := range l.proxies {
		if name == whose {
			continue
		}
		if !slices.Contains(have, name) {
			m.t.Errorf("the profile %s is lost", name)
			continue
		}
		m.same(name, p)
	}
	for _, name := range have {
		if l.proxies[name] == nil && name != whose {
			m.t.Errorf("the profile %s was deleted, and is there", name)
		}
	}
	if l.open != nil {
		m.again(l.open, slices.Contains(have, whose))
		l.apply(l.open)
		if p := l.proxies[whose]; p != nil {
			m.same(whose, p)
			if p.enabled {
				m.answered(whose)
			}
		}
		l.open = nil
	}
	m.answered("base")
	// Away with what the next round does not know.
	for name := range l.proxies {
		if name != "base" {
			m.ringlet("profiles delete " + name + " --force")
			delete(l.proxies, name)
		}
	}
	if left := m.ok("find ~ -name '*p[0-9]*' -not -path '*/locks/*' | grep -E '/(ringlet-[a-z]+@)?p[0-9]+(\\.|$)' || true"); left != "" {
		m.t.Errorf("left of profiles that are deleted:\n%s", left)
	}
}

// same fails unless a profile is as the ledger has it.
func (m *machine) same(name string, p *proxy) {
	m.t.Helper()
	var c struct {
		Enabled bool
		Rules   []struct{ Name string }
	}
	m.decode(m.ringlet("proxy config "+name+" --json"), &c)
	var rules []string
	for _, r := range c.Rules {
		rules = append(rules, r.Name)
	}
	slices.Sort(rules)
	want := slices.Sorted(slices.Values(p.rules))
	if c.Enabled != p.enabled || !slices.Equal(rules, want) {
		m.t.Errorf("%s: enabled %t and rules %q; it should be %t and %q", name, c.Enabled, rules, p.enabled, want)
	}
	if word := m.status(name).Status; p.enabled != (word == "running") {
		m.t.Errorf("%s is %s", name, word)
	}
}

// again types the command again that was cut off, as its user would.
func (m *machine) again(f []string, there bool) {
	m.t.Helper()
	r := m.try("~/.local/bin/ringlet " + strings.Join(f, " "))
	switch {
	case r.code == 0:
	case f[1] == "create" && there:
		m.said(r.stderr, "already a profile")
		m.ringlet("proxy enable " + f[3])
	case f[1] == "delete" && !there, f[1] == "route" && f[2] == "remove":
		if r.code != 3 {
			m.t.Errorf("typed again: %v", r)
		}
	case f[1] == "route":
		m.said(r.stderr, "already has a rule")
	default:
		m.t.Errorf("typed again: %v", r)
	}
}
