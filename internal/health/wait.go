package health

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The pause between two checks grows from minPause to maxPause: an engine that
// starts answers after some 20 ms, one that reloads in less.
const (
	minPause = 5 * time.Millisecond
	maxPause = 200 * time.Millisecond
)

// Checker is what [WaitFor] asks; [Client] is one.
type Checker interface {
	Check(context.Context) (Report, error)
}

// WaitError is a wait that the context ended. Err is what the last check found:
// an [*Error], or [ErrNotYet] when the engine answered and was not as asked.
type WaitError struct {
	Report Report // the last verified report; empty if there was none
	Err    error
	Cause  error // why the context ended
}

// ErrNotYet is an engine that is well and not yet what the caller waits for.
var ErrNotYet = errors.New("the engine answers, and does not run the newest configuration yet")

func (e *WaitError) Error() string {
	if errors.Is(e.Err, ErrNotYet) && e.Report.ReloadError != "" {
		return fmt.Sprintf("the engine keeps configuration %d, because it refused the newest: %s", e.Report.Seq, e.Report.ReloadError)
	}
	if errors.Is(e.Err, ErrNotYet) {
		return fmt.Sprintf("%v (it runs configuration %d)", e.Err, e.Report.Seq)
	}
	return e.Err.Error()
}

// Unwrap gives the last reason, whose hint applies, and the context's.
func (e *WaitError) Unwrap() []error { return []error{e.Err, e.Cause} }

// WaitFor checks until ok accepts a verified report, and returns that report.
// When ctx ends first the error is a [*WaitError] with the last reason.
func WaitFor(ctx context.Context, c Checker, ok func(Report) bool) (Report, error) {
	last := &WaitError{Err: ErrNotYet}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for wait := minPause; ; wait = min(2*wait, maxPause) {
		select {
		case <-ctx.Done():
			last.Cause = context.Cause(ctx)
			return last.Report, last
		case <-pause.C:
		}
		report, err := c.Check(ctx)
		switch {
		case err == nil && ok(report):
			return report, nil
		case err == nil:
			last = &WaitError{Report: report, Err: ErrNotYet}
		case !ended(ctx) || errors.Is(last.Err, ErrNotYet) && last.Report.Status == "":
			// A check that the end of ctx cut short says nothing new.
			last = &WaitError{Report: last.Report, Err: err}
		}
		pause.Reset(wait)
	}
}

// ended says whether the time of ctx is over. A connection with the same deadline
// may find that out some microseconds before ctx does.
func ended(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}
