package servicetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
)

// Doctor is what a supervisor lets a doctor see besides the interface.
type Doctor interface {
	service.Renderer
	Drift(ctx context.Context, spec units.Spec) (service.Drift, error)
	Marked() ([]service.Marked, error)
	UninstallFor(ctx context.Context, alias, config string) error
	Environment(ctx context.Context, alias string, names []string) (map[string]string, error)
}

func doctor(t *testing.T, s service.Supervisor) Doctor {
	t.Helper()
	d, ok := s.(Doctor)
	if !ok {
		t.Fatalf("%s shows nothing to a doctor", s.Name())
	}
	return d
}

// drifted is a drift in one line: what is wrong, and with how many files.
func drifted(t *testing.T, d Doctor, spec units.Spec) string {
	t.Helper()
	drift, err := d.Drift(t.Context(), spec)
	must(t, err)
	var out []string
	for _, part := range []struct {
		word string
		list []string
	}{{"missing", drift.Missing}, {"edited", drift.Edited}, {"outdated", drift.Outdated}, {"not enabled", drift.NotEnabled}, {"not loaded", drift.NotLoaded}} {
		if len(part.list) > 0 {
			out = append(out, fmt.Sprintf("%s %q", part.word, part.list))
		}
	}
	return strings.Join(out, ", ")
}

func testDrift(t *testing.T, s service.Supervisor, exe string) {
	ctx, d := t.Context(), doctor(t, s)
	p := NewProxy(t, s, exe, "suite-drift")
	clean := func(when string) {
		t.Helper()
		if got := drifted(t, d, p.Spec); got != "" {
			t.Errorf("%s: %s", when, got)
		}
	}
	if got := drifted(t, d, p.Spec); !strings.HasPrefix(got, "missing ") {
		t.Errorf("never installed: %q", got)
	}
	must(t, s.Install(ctx, p.Spec))
	clean("installed")
	must(t, s.Start(ctx, p.Spec.Alias))
	clean("started")

	p.Spec.CredentialsDir += "2"
	if got := drifted(t, d, p.Spec); !strings.HasPrefix(got, "outdated ") {
		t.Errorf("another folder of credentials: %q", got)
	}
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Restart(ctx, p.Spec.Alias))
	clean("written anew and restarted")
	if got := p.Answers().Args; !slices.Contains(got, p.Spec.CredentialsDir) {
		t.Errorf("the engine runs with %q", got)
	}

	files, err := d.Files(ctx, p.Spec)
	must(t, err)
	file := files[0]
	must(t, os.WriteFile(file.Path, bytes.Replace(file.Have, []byte("\n"), []byte("\n\n"), 1), 0o644))
	if got := drifted(t, d, p.Spec); !strings.HasPrefix(got, "edited ") {
		t.Errorf("edited: %q", got)
	}
	must(t, s.Install(ctx, p.Spec))
	clean("mended")
	must(t, os.Remove(file.Path))
	if got := drifted(t, d, p.Spec); !strings.HasPrefix(got, "missing ") {
		t.Errorf("removed: %q", got)
	}
	must(t, s.Install(ctx, p.Spec))
	clean("back again")
}

func testMarked(t *testing.T, s service.Supervisor, exe string) {
	ctx, d := t.Context(), doctor(t, s)
	p := NewProxy(t, s, exe, "suite-marked")
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, p.Spec.Alias))
	marked := func() (found []service.Marked) {
		t.Helper()
		all, err := d.Marked()
		must(t, err)
		return slices.DeleteFunc(all, func(m service.Marked) bool { return m.Alias != p.Spec.Alias })
	}
	found := marked()
	if len(found) != 1 || found[0].Config != p.Spec.ConfigPath || !strings.Contains(found[0].Text, p.Spec.CredentialsDir) || len(found[0].Paths) == 0 {
		t.Fatalf("%+v", found)
	}
	var foreign *service.ForeignUnit
	if err := d.UninstallFor(ctx, p.Spec.Alias, "/another/config.yaml"); !errors.As(err, &foreign) {
		t.Errorf("for another configuration: %v", err)
	}
	p.Answers()
	must(t, d.UninstallFor(ctx, p.Spec.Alias, p.Spec.ConfigPath))
	p.Closed()
	if found := marked(); len(found) != 0 {
		t.Errorf("left: %+v", found)
	}
}

func testEnvironment(t *testing.T, s service.Supervisor, exe string) {
	ctx, d := t.Context(), doctor(t, s)
	p := NewProxy(t, s, exe, "suite-environment")
	const proxy = `http://127.0.0.1:3128/a "b" $c %d {e}`
	p.Spec.Environment = []units.Variable{{Name: "HTTPS_PROXY", Value: proxy}}
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, p.Spec.Alias))
	if got := p.Answers().Proxy; got != proxy {
		t.Errorf("the engine has %q", got)
	}
	env, err := d.Environment(ctx, p.Spec.Alias, []string{"HTTPS_PROXY", "NO_PROXY"})
	must(t, err)
	if env["HTTPS_PROXY"] != proxy || env["NO_PROXY"] != "" {
		t.Errorf("%q", env)
	}
}

func testMeasured(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	meter, ok := s.(service.Meter)
	if !ok {
		t.Fatalf("%s measures nothing", s.Name())
	}
	p := NewProxy(t, s, exe, "suite-measured")
	must(t, s.Install(ctx, p.Spec))
	stopped := p.State(s)
	must(t, s.Start(ctx, p.Spec.Alias))
	p.Answers()
	states := []service.State{p.State(s), stopped}
	meter.Measure(ctx, states)
	if m := states[0].Memory; m < 1<<20 || m > 1<<32 {
		t.Errorf("the engine has %d bytes in memory", m)
	}
	if states[1].Memory != 0 || states[1].CPU != 0 {
		t.Errorf("what does not run: %+v", states[1])
	}
}

func testLogsOf(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	if _, ok := s.(service.ManyLogger); !ok {
		t.Fatalf("%s has no log of several", s.Name())
	}
	var aliases []string
	for _, alias := range []string{"suite-log1", "suite-log2"} {
		p := NewProxy(t, s, exe, alias)
		p.Answer = "as " + alias
		p.Write()
		must(t, s.Install(ctx, p.Spec))
		must(t, s.Start(ctx, alias))
		p.Answers()
		aliases = append(aliases, alias)
	}
	// One that is enabled and has not run has no lines, and keeps nobody from theirs.
	idle := NewProxy(t, s, exe, "suite-log3")
	must(t, s.Install(ctx, idle.Spec))
	Eventually(t, func() error {
		said := map[string]bool{}
		err := service.LogsOf(ctx, s, append(aliases, "suite-log3"), service.LogOptions{Lines: 500}, func(l service.Line) error {
			said[l.Alias] = said[l.Alias] || strings.Contains(l.Message, "serving as "+l.Alias)
			return nil
		})
		if err == nil && (!said["suite-log1"] || !said["suite-log2"]) {
			err = fmt.Errorf("not all is there: %v", said)
		}
		return err
	})
}
