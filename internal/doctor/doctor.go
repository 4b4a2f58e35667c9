// Package doctor looks for what keeps a user's proxies from working, says it in
// a line each, and mends what can be mended safely.
//
// A [Check] is one row of [Table] and looks at one thing; what it needs of the
// machine it takes through a small interface of its own, so that it is tested
// without one. [Run] runs checks side by side, and [Mend] does what they offer.
package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
)

// Result is how a check came out.
type Result string

// The results.
const (
	OK      Result = "ok"
	Warning Result = "warning" // it works, and may not always
	Failure Result = "failure" // something does not work
)

// Finding is one line. The JSON field names are stable.
type Finding struct {
	Check   string `json:"check"`   // a name of [Table]
	Profile string `json:"profile"` // the profile that it is about; "" for none in particular
	Result  Result `json:"result"`
	Finding string `json:"finding"` // one sentence, without a full stop
	// Fix is the command that mends it, behind words where they are needed; "" where
	// there is nothing to do. Where Fixed is set it is what was done.
	Fix   string `json:"fix"`
	Fixed bool   `json:"fixed"`

	mend func(context.Context) (did string, err error)
}

// Mendable reports whether [Mend] would do something about it.
func (f Finding) Mendable() bool { return f.mend != nil && !f.Fixed }

// Check looks at one thing, for all profiles that it concerns.
type Check interface {
	Name() string // its row in [Table]
	// Run returns one finding per profile, or per thing found. It changes nothing.
	Run(ctx context.Context) []Finding
}

// Profile is what checks know of a profile, besides what they ask.
type Profile struct {
	Alias   string
	Enabled bool // its proxy is
	Port    int  // 0 where none is given out
	Pinned  bool // the user chose the port
	Seq     int64
	Token   error // why its local token cannot be read; nil
}

func ok(profile, format string, args ...any) Finding {
	return Finding{Profile: profile, Result: OK, Finding: fmt.Sprintf(format, args...)}
}

func warning(profile, fix, format string, args ...any) Finding {
	return Finding{Profile: profile, Result: Warning, Fix: fix, Finding: fmt.Sprintf(format, args...)}
}

func failure(profile, fix, format string, args ...any) Finding {
	return Finding{Profile: profile, Result: Failure, Fix: fix, Finding: fmt.Sprintf(format, args...)}
}

// problem is a failure in an error's own words.
func problem(profile string, err error) Finding {
	return Finding{Profile: profile, Result: Failure, Finding: err.Error(), Fix: fault.Hint(err)}
}

// by offers to mend it.
func (f Finding) by(mend func(context.Context) (did string, err error)) Finding {
	f.mend = mend
	return f
}

// Bounds of [Run].
const (
	atOnce   = 8
	patience = 20 * time.Second // of one check
	slow     = time.Second
)

// Run runs the checks side by side and returns their findings in the checks'
// order. What takes over a second is told to waiting, which may be nil.
func Run(ctx context.Context, checks []Check, waiting func(names []string)) []Finding {
	found := make([][]Finding, len(checks))
	type ended struct {
		i        int
		findings []Finding
	}
	done := make(chan ended)
	places := make(chan struct{}, atOnce)
	for i, c := range checks {
		go func() {
			places <- struct{}{}
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			done <- ended{i, c.Run(ctx)}
		}()
	}
	late := time.NewTimer(slow)
	defer late.Stop()
	open := map[int]bool{}
	for i := range checks {
		open[i] = true
	}
	for len(open) > 0 {
		select {
		case e := <-done:
			delete(open, e.i)
			found[e.i] = e.findings
		case <-late.C:
			if waiting != nil {
				waiting(namesOf(checks, open))
			}
		}
	}
	var out []Finding
	for i, c := range checks {
		for _, f := range found[i] {
			f.Check = c.Name()
			out = append(out, f)
		}
	}
	return out
}

func namesOf(checks []Check, open map[int]bool) []string {
	var names []string
	for i, c := range checks {
		if open[i] {
			names = append(names, c.Name())
		}
	}
	return names
}

// rounds bounds [Heal]: what one thing hid may hide another.
const rounds = 3

// Heal looks, mends, and looks again: mending one thing can bring another to
// light, or make it go. What was mended once and is found again stays found. look
// gets the number of the round, from 0; a check that a later round leaves out
// keeps what it found before.
func Heal(ctx context.Context, look func(ctx context.Context, round int) []Finding) []Finding {
	tried := map[string]Finding{}
	all, mended := heal(ctx, look(ctx, 0), tried)
	for round := 1; round < rounds && mended; round++ {
		var again []Finding
		again, mended = heal(ctx, look(ctx, round), tried)
		all = merge(all, again)
	}
	return all
}

// heal mends what was not tried before. What was tried in vain is found as it was then.
func heal(ctx context.Context, found []Finding, tried map[string]Finding) (out []Finding, mended bool) {
	for _, f := range found {
		key := strings.Join([]string{f.Check, f.Profile, f.Finding}, "\x00")
		before, was := tried[key]
		switch {
		case was && !before.Fixed:
			f = before
		case was:
			f.mend = nil
		case f.Mendable():
			f = Mend(ctx, []Finding{f})[0]
			tried[key] = f
			mended = mended || f.Fixed
		}
		out = append(out, f)
	}
	return out, mended
}

// merge puts what a later look found in the place of what the one before did, in
// the order of [Table]: of that remains what was mended, and what was not looked
// at again. That what was mended is well now goes without saying.
func merge(before, after []Finding) []Finding {
	var out []Finding
	for _, row := range Table() {
		of := func(f Finding) bool { return f.Check == row.Name }
		again := slices.ContainsFunc(after, of)
		var fixed []string
		for _, f := range before {
			if of(f) && (f.Fixed || !again) {
				out = append(out, f)
				fixed = append(fixed, f.Profile)
			}
		}
		for _, f := range after {
			if of(f) && !(f.Result == OK && slices.Contains(fixed, f.Profile)) {
				out = append(out, f)
			}
		}
	}
	return out
}

// Mend does, one after the other, what the findings offer, and returns them with
// what became of it.
func Mend(ctx context.Context, findings []Finding) []Finding {
	out := make([]Finding, len(findings))
	for i, f := range findings {
		if f.Mendable() {
			did, err := f.mend(ctx)
			if err != nil {
				f.Finding += "; it could not be mended: " + err.Error()
				if hint := fault.Hint(err); hint != "" {
					f.Fix = hint
				}
			} else {
				f.Fix, f.Fixed = did, true
			}
		}
		out[i] = f
	}
	return out
}

// Failures counts what failed and was not mended.
func Failures(findings []Finding) int {
	n := 0
	for _, f := range findings {
		if f.Result == Failure && !f.Fixed {
			n++
		}
	}
	return n
}
