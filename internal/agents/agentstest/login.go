package agentstest

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/secrets"
)

// pointOwn points the agent so that it keeps a login of its own.
func (p place) pointOwn(url, token string) {
	p.t.Helper()
	o := p.options(url, token)
	o.OwnLogin = true
	if err := p.agent.Point(p.t.Context(), o); err != nil {
		p.t.Fatalf("point: %v", err)
	}
	differ, err := p.agent.Pointed(p.t.Context(), o)
	if err != nil || len(differ) > 0 {
		p.t.Fatalf("pointed with its own login: %v, %v", differ, err)
	}
	p.pointed(url, token, false)
	if text := p.text(); !strings.Contains(text, "X-Ringlet-Token") || strings.Count(text, token) != 1 {
		p.t.Errorf("the token is not in a header of its own:\n%s", text)
	}
	p.private()
}

// ownLogin: an agent keeps its own login, and can be pointed with it and without
// in any order; nothing of either is left behind.
func ownLogin(t *testing.T, a agents.Agent, f Fixture) {
	for name, text := range f.Settings {
		t.Run(name, func(t *testing.T) {
			for how, steps := range map[string]func(p place){
				"only":         func(p place) { p.pointOwn(urlA, tokenA) },
				"after a key":  func(p place) { p.point(urlA, tokenA); p.pointOwn(urlB, tokenB) },
				"before a key": func(p place) { p.pointOwn(urlA, tokenA); p.point(urlB, tokenB) },
				"there and back": func(p place) {
					p.point(urlA, tokenA)
					p.pointOwn(urlA, tokenA)
					p.point(urlA, tokenA)
					p.pointOwn(urlA, tokenA)
				},
			} {
				p := newPlace(t, a)
				p.put(text, 0o644)
				steps(p)
				p.restore()
				p.is(text, 0o644)
				p.noRecord()

				p = newPlace(t, a)
				p.put(text, 0o644)
				steps(p)
				p.put(f.Edit(p.text()), 0o600)
				p.restore()
				if got := lines(p.text()); got != lines(f.Edit(text)) {
					t.Errorf("the settings are\n%s\nand should say\n%s", p.text(), f.Edit(text))
				}
				p.noRecord()
				if t.Failed() {
					t.Fatal(how)
				}
			}
			p := newPlace(t, a)
			p.put(text, 0o644)
			p.pointOwn(urlA, tokenA)
			p.point(urlA, tokenA)
			if strings.Contains(p.text(), "X-Ringlet-Token") {
				t.Errorf("the header is left:\n%s", p.text())
			}
		})
	}
	p := newPlace(t, a)
	p.pointOwn(urlA, tokenA)
	p.point(urlA, tokenA)
	p.pointOwn(urlA, tokenA)
	p.restore()
	p.gone()
}

// lines are a text's lines in order: a key that was taken out of a file, which
// somebody else then changed, comes back at another place.
func lines(text string) string {
	all := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ',' })
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// ownLoginCommand: the variables of the agent's login stay, and no others.
func ownLoginCommand(t *testing.T, a agents.Agent, f Fixture) {
	if len(f.Login) == 0 {
		t.Fatal("the fixture names no variables of a login")
	}
	var shell []string
	for _, name := range append(slices.Clone(f.Scrubbed), f.Login...) {
		shell = append(shell, name+"=of-the-shell")
	}
	for how, o := range map[string]agents.RunOptions{
		"proxy":  {Proxy: &agents.Proxy{BaseURL: urlA, Token: secrets.NewSecret(tokenA), OwnLogin: true}},
		"direct": {Direct: &agents.Direct{AuthHeader: agents.OwnLoginAuth}},
	} {
		o.Host, o.Home, o.Keys = host(t, f, "exit 0", shell...), t.TempDir(), f.Login
		cmd, err := a.Command(t.Context(), o)
		if err != nil {
			t.Fatal(how, err)
		}
		for _, name := range f.Login {
			if !slices.Contains(cmd.Env, name+"=of-the-shell") {
				t.Errorf("%s: %s is taken from the agent", how, name)
			}
		}
		for _, name := range f.Scrubbed {
			if !slices.Contains(f.Login, name) && slices.Contains(cmd.Env, name+"=of-the-shell") {
				t.Errorf("%s: %s leads past the proxy", how, name)
			}
		}
		noToken(t, append(cmd.Env, cmd.Argv...)...)
		if how == "direct" && strings.Contains(strings.Join(append(cmd.Env, cmd.Argv...), "\n"), "127.0.0.1") {
			t.Errorf("without a proxy the agent is sent somewhere: %v %v", cmd.Argv, cmd.Env)
		}
	}
}
