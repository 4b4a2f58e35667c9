//go:build testbed

package service_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/servicetest"
	"github.com/ringlet/ringlet/units"
)

// A unit without a socket: systemd reads its keys byte for byte, wherever the
// file lies, and every verb works on it.
func TestUltrallm(t *testing.T) {
	ctx := t.Context()
	s := connect(t)
	const alias, key = "ultra", "sk-`id`-\"q\"-'s'-\\n\\-$HOME-${X}-%h-#;=!*-é"
	dir := filepath.Join(t.TempDir(), `[a] *? \ 100%h $HOME é`)
	must(t, os.Mkdir(dir, 0o700))
	program := filepath.Join(t.TempDir(), "ultrallm")
	must(t, os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s' \"$A_KEY\" > \"$3.key\"\nexec sleep 600\n"), 0o700))
	spec := units.Spec{Alias: alias, Port: 8099, Exe: self(t), ConfigPath: filepath.Join(dir, "config.yaml"), CredentialsDir: dir,
		Ultrallm: program, EnvFile: filepath.Join(dir, "keys.env")}
	text, err := units.EnvironmentFile([]units.Variable{{Name: "A_KEY", Value: key}, {Name: "LAST", Value: "x"}})
	must(t, err)
	must(t, os.WriteFile(spec.EnvFile, text, 0o600))
	t.Cleanup(func() {
		if err := s.Uninstall(context.WithoutCancel(ctx), alias); err != nil {
			t.Error(err)
		}
	})
	is := func(want service.Status) service.State {
		t.Helper()
		states, err := s.Status(ctx, []string{alias})
		must(t, err)
		if states[0].Status != want || states[0].Port != spec.Port || !states[0].Installed || !states[0].Enabled || states[0].Edited {
			t.Fatalf("%+v, want it %s", states[0], want)
		}
		return states[0]
	}

	must(t, s.Install(ctx, spec))
	must(t, s.Start(ctx, alias))
	first := is(service.Running)
	servicetest.Eventually(t, func() error {
		if got, err := os.ReadFile(spec.ConfigPath + ".key"); err != nil || string(got) != key {
			return fmt.Errorf("the key is %q (%v), want %q", got, err, key)
		}
		return nil
	})
	if show(t, units.Target, "ActiveState") != "active" {
		t.Error("the target does not know that a proxy runs")
	}
	must(t, s.Restart(ctx, alias))
	if again := is(service.Running); again.PID == first.PID {
		t.Error("a restart did not replace the engine")
	}
	if err := s.Reload(ctx, alias); err == nil {
		t.Error("an engine that cannot reload was reloaded")
	}
	is(service.Running)
	must(t, s.StopAll(ctx))
	is(service.Stopped)
	must(t, s.StartAll(ctx))
	is(service.Running)
	must(t, s.Stop(ctx, alias))
	is(service.Stopped)

	// The other shape on the same port, and back.
	p := servicetest.NewProxy(t, s, self(t), "shape")
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, "shape"))
	p.Answers()
	other := p.Spec
	other.Ultrallm, other.EnvFile = program, spec.EnvFile
	must(t, s.Install(ctx, other))
	p.Closed()
	if got := show(t, units.SocketName("shape"), "LoadState"); got != "not-found" {
		t.Errorf("the socket unit is still there: %s", got)
	}
	must(t, s.Start(ctx, "shape"))
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, "shape"))
	p.Answers()
}
