// Package agentstest is the conformance suite that every agent passes: what
// ringlet promises about a user's settings and environment does not depend on
// whose they are.
package agentstest

import (
	"testing"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/secrets"
)

// Fixture is what the suite cannot know of an agent.
type Fixture struct {
	// Program is the name of the agent's program.
	Program string
	// Settings are files that users have, by name: valid ones, some with keys of
	// their own where ringlet sets its own, in several layouts.
	Settings map[string]string
	// Edit is a change that somebody makes to one of Settings, pointed at a proxy
	// or not, in a place that ringlet does not touch.
	Edit func(text string) string
	// Broken are files that cannot be edited.
	Broken map[string]string
	// Scrubbed are variables that would lead the agent past its proxy.
	Scrubbed []string
	// Login are the variables that are a login of the agent's own, where it can use one.
	Login []string
	// Direct are the ways in which the agent can send a provider's key; Headers
	// says that it can send further headers.
	Direct  []string
	Headers bool
	// InEnvironment says that the token is in the agent's environment although it has settings too.
	InEnvironment bool
}

// Two proxies that the suite points agents at.
const (
	urlA, tokenA = "http://127.0.0.1:8081", "rl-0123456789abcdefghijklmn"
	urlB, tokenB = "http://127.0.0.1:8099", "rl-zyxwvutsrqponmlkjihgfedc"
)

// Run runs the suite.
func Run(t *testing.T, a agents.Agent, f Fixture) {
	if f.Program == "" || len(f.Scrubbed) == 0 || len(f.Direct) == 0 {
		t.Fatal("the fixture is incomplete: nothing would be tested")
	}
	for _, test := range []test{
		{"names", names},
		{"detect", detect},
		{"first run", firstRun},
		{"command", command},
		{"command without a proxy", commandDirect},
		{"the shell's own proxy", shellProxy},
		{"typical requests", typical},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, a, f) })
	}
	if a.OwnLogin() {
		t.Run("own login", func(t *testing.T) { ownLogin(t, a, f) })
		t.Run("command with its own login", func(t *testing.T) { ownLoginCommand(t, a, f) })
	}
	if a.SettingsPath("/h") == "" {
		t.Run("nothing is written", func(t *testing.T) { nothingWritten(t, a) })
		return
	}
	if len(f.Settings) == 0 || f.Edit == nil || len(f.Broken) == 0 {
		t.Fatal("the fixture has no settings")
	}
	for _, test := range []test{
		{"point in an empty home", pointEmpty},
		{"point and restore", pointRestore},
		{"point again", pointAgain},
		{"edited in between", edited},
		{"edited, then pointed again", editedThenPointed},
		{"interrupted", interrupted},
		{"record lost", recordLost},
		{"broken settings", broken},
		{"settings that are no file of the user's", untrusted},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, a, f) })
	}
}

type test struct {
	name string
	run  func(*testing.T, agents.Agent, Fixture)
}

// place is a profile's home and restore folder, and the agent under test in it.
type place struct {
	t         *testing.T
	agent     agents.Agent
	home, dir string
}

func newPlace(t *testing.T, a agents.Agent) place {
	root := t.TempDir()
	return place{t, a, root + "/home", root + "/restore/work"}
}

func (p place) options(url, token string) agents.PointOptions {
	return agents.PointOptions{Home: p.home, RestoreDir: p.dir, BaseURL: url, Token: secrets.NewSecret(token), Serving: serving()}
}

// point points the agent and makes sure that it is.
func (p place) point(url, token string) {
	p.t.Helper()
	if err := p.agent.Point(p.t.Context(), p.options(url, token)); err != nil {
		p.t.Fatalf("point: %v", err)
	}
	p.pointed(url, token, true)
}

func (p place) restore() {
	p.t.Helper()
	if err := p.agent.Restore(p.t.Context(), agents.RestoreOptions{Home: p.home, RestoreDir: p.dir}); err != nil {
		p.t.Fatalf("restore: %v", err)
	}
}

func (p place) pointed(url, token string, want bool) {
	p.t.Helper()
	differ, err := p.agent.Pointed(p.t.Context(), p.options(url, token))
	if err != nil {
		p.t.Fatalf("pointed: %v", err)
	}
	if (len(differ) == 0) != want {
		p.t.Fatalf("pointed at %s: %v (%v)", url, !want, differ)
	}
	noToken(p.t, differ...)
}

// serving is what the suite's provider serves.
func serving() agents.Serving {
	return agents.Serving{Model: "big-model", Small: "small-model", Context: 200_000, Output: 32_000, Formats: []string{"messages", "chat", "responses"}}
}
