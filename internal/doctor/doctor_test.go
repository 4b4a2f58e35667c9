package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
)

// fake is a check that says what it is told to, when it is told to.
type fake struct {
	name  string
	after time.Duration
	found []Finding
}

func (f fake) Name() string { return f.name }

func (f fake) Run(ctx context.Context) []Finding {
	select {
	case <-time.After(f.after):
		return f.found
	case <-ctx.Done():
		return []Finding{problem("", ctx.Err())}
	}
}

// Checks run side by side, are printed in their order, and one that takes long
// is named while it does, and ended in the end.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		start := time.Now()
		found := Run(t.Context(), []Check{
			fake{"slow", 3 * time.Second, []Finding{ok("", "late")}},
			fake{"quick", time.Millisecond, []Finding{ok("a", "soon"), ok("b", "soon")}},
			fake{"hangs", time.Hour, nil},
		}, func(names []string) { told = append(told, strings.Join(names, " ")) })
		var got []string
		for _, f := range found {
			got = append(got, f.Check+":"+f.Profile+":"+string(f.Result))
		}
		if want := []string{"slow::ok", "quick:a:ok", "quick:b:ok", "hangs::failure"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		if want := []string{"slow hangs"}; !slices.Equal(told, want) {
			t.Errorf("while waiting it said %q, want %q", told, want)
		}
		if took := time.Since(start); took != patience {
			t.Errorf("it took %v, want %v", took, patience)
		}
	})
}

// No more checks at once than the bound: a machine is not flooded.
func TestRunIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var checks []Check
		for range 2*atOnce + 1 {
			checks = append(checks, fake{"one", time.Second, nil})
		}
		start := time.Now()
		Run(t.Context(), checks, nil)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("%d checks of a second took %v, want 3s", len(checks), took)
		}
	})
}

func TestMend(t *testing.T) {
	calls := 0
	found := Mend(t.Context(), []Finding{
		ok("", "fine"),
		failure("a", "do it", "broken").by(func(context.Context) (string, error) { calls++; return "did it", nil }),
		failure("b", "do it", "broken").by(func(context.Context) (string, error) {
			return "", fault.New(fault.Failed, "make room", "no room")
		}),
		warning("c", "do it", "odd"),
	})
	if f := found[1]; !f.Fixed || f.Fix != "did it" || f.Mendable() {
		t.Errorf("mended: %+v", f)
	}
	if f := found[2]; f.Fixed || f.Fix != "make room" || !strings.Contains(f.Finding, "could not be mended: no room") {
		t.Errorf("not mended: %+v", f)
	}
	if n := Failures(found); n != 1 || calls != 1 {
		t.Errorf("%d failures, want 1; %d calls, want 1", n, calls)
	}
}

// Findings from errors have the errors' own remedies.
func TestProblem(t *testing.T) {
	f := problem("work", fault.New(fault.Failed, "type this", "it is %w", errors.New("broken")))
	if f.Result != Failure || f.Finding != "it is broken" || f.Fix != "type this" || f.Profile != "work" {
		t.Errorf("%+v", f)
	}
}

// Mending one thing brings another to light, and makes a third go: it is looked
// at again. What cannot be mended is tried once.
func TestHeal(t *testing.T) {
	var tried []string
	mend := func(name string, err error) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { tried = append(tried, name); return "did " + name, err }
	}
	broken := func() Finding { return failure("work", "do it", "config is broken").by(mend("config", nil)) }
	stuck := func() Finding {
		return failure("work", "do it", "port is taken").by(mend("port", errors.New("no way")))
	}
	again := func() Finding { return warning("dev", "do it", "unit is edited").by(mend("unit", nil)) }
	named := func(check string, f Finding) Finding { f.Check = check; return f }
	look := func(_ context.Context, round int) []Finding {
		if round == 0 {
			return []Finding{named("port", stuck()), named("engine", failure("work", "restart", "it refused its configuration")), named("config", broken()), named("upstream", ok("", "it answers"))}
		}
		return []Finding{named("units", again()), named("port", stuck()), named("engine", ok("work", "it answers")), named("config", ok("work", "as the profile says"))}
	}
	var got []string
	for _, f := range Heal(t.Context(), look) {
		got = append(got, fmt.Sprintf("%s %s %s fixed=%v", f.Check, f.Result, f.Finding, f.Fixed))
	}
	want := []string{
		// Mended once and found again: the rounds end, and it is not hidden.
		"units warning unit is edited fixed=true", "units warning unit is edited fixed=false",
		"port failure port is taken; it could not be mended: no way fixed=false",
		"engine ok it answers fixed=false", "config failure config is broken fixed=true", "upstream ok it answers fixed=false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("it found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if want := []string{"port", "config", "unit"}; !slices.Equal(tried, want) {
		t.Errorf("tried %q, want %q", tried, want)
	}
}
