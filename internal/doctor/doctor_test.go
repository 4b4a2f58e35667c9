package doctor

import (
	"context"
	"errors"
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
