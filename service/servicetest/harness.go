package servicetest

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/porttest"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// Proxy is one proxy under test: its spec, and the engine's configuration.
type Proxy struct {
	t    testing.TB
	Spec units.Spec
	Config
}

// NewProxy makes the files of a proxy in a folder of the test's, on a port of its own,
// and sees to it that it is uninstalled at the end.
func NewProxy(t testing.TB, s service.Supervisor, exe, alias string) *Proxy {
	t.Helper()
	return NewProxyIn(t, s, exe, alias, t.TempDir())
}

// NewProxyIn is [NewProxy] with the configuration in dir.
func NewProxyIn(t testing.TB, s service.Supervisor, exe, alias, dir string) *Proxy {
	t.Helper()
	p := &Proxy{t: t, Config: Config{Port: porttest.Own(t), Answer: "first"}}
	p.Spec = units.Spec{Alias: alias, Port: p.Port, Exe: exe, ConfigPath: filepath.Join(dir, "config.yaml"), CredentialsDir: filepath.Join(dir, "credentials")}
	p.Write()
	t.Cleanup(func() {
		if err := s.Uninstall(context.Background(), alias); err != nil {
			t.Errorf("uninstall at the end: %v", err)
		}
	})
	return p
}

// Write writes the engine's configuration.
func (p *Proxy) Write() {
	p.t.Helper()
	data, err := json.Marshal(p.Config)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.Spec.ConfigPath, data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// Answers waits until the engine answers, and returns what.
func (p *Proxy) Answers() (h Health) {
	p.t.Helper()
	Eventually(p.t, func() (err error) { h, err = Ask(p.t.Context(), p.Spec.Port); return err })
	return h
}

// Closed checks that nobody listens on the proxy's port.
func (p *Proxy) Closed() {
	p.t.Helper()
	if _, err := Ask(p.t.Context(), p.Spec.Port); !errors.Is(err, syscall.ECONNREFUSED) {
		p.t.Errorf("a connection to the port of %q ended with %v, want it refused", p.Spec.Alias, err)
	}
}

// State is the proxy's, as the supervisor has it.
func (p *Proxy) State(s service.Supervisor) service.State {
	p.t.Helper()
	states, err := s.Status(p.t.Context(), []string{p.Spec.Alias})
	if err != nil || len(states) != 1 || states[0].Alias != p.Spec.Alias {
		p.t.Fatalf("status of %q: %+v, %v", p.Spec.Alias, states, err)
	}
	return states[0]
}

// Is waits until the proxy's status is the word.
func (p *Proxy) Is(s service.Supervisor, word service.Status) service.State {
	p.t.Helper()
	var st service.State
	Eventually(p.t, func() error {
		if st = p.State(s); st.Status != word {
			return errors.New("it is " + string(st.Status) + ", not " + string(word))
		}
		return nil
	})
	return st
}

// Eventually fails the test unless ask succeeds in time: in much more of it than
// anything takes, for a busy machine stands still for seconds.
func Eventually(t testing.TB, ask func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := poll(ctx, ask); err != nil {
		t.Fatal(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
