package health

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
)

// script answers checks in turn; its last answer stays.
type script struct {
	answers []any // Report or error
	asked   int
}

func (s *script) Check(context.Context) (Report, error) {
	a := s.answers[min(s.asked, len(s.answers)-1)]
	s.asked++
	if r, ok := a.(Report); ok {
		return r, nil
	}
	return Report{}, a.(error)
}

func TestWaitFor(t *testing.T) {
	refused := &Error{Kind: NotListening, Port: 8081, Profile: "work"}
	seq := func(n int64) func(Report) bool { return func(r Report) bool { return r.Seq >= n } }
	t.Run("until it is as asked", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answers: []any{refused, refused, Report{Seq: 1}, Report{Seq: 2}}}
			r, err := WaitFor(t.Context(), s, seq(2))
			if err != nil || r.Seq != 2 || s.asked != 4 {
				t.Errorf("report %+v, error %v, asked %d times", r, err, s.asked)
			}
		})
	})
	for _, tt := range []struct {
		name    string
		answers []any
		says    string
		hint    string
	}{
		{"nothing came", []any{refused}, "nothing listens on 127.0.0.1:8081", "proxy start work"},
		{"still old", []any{Report{Status: "ok", Seq: 3}}, "runs configuration 3", ""},
		{"refused", []any{Report{Status: "ok", Seq: 3, ReloadError: "rule 2 is wrong"}}, "because it refused the newest: rule 2 is wrong", ""},
		{"gone since", []any{Report{Status: "ok", Seq: 3}, refused}, "nothing listens", "proxy start work"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				s := &script{answers: tt.answers}
				_, err := WaitFor(ctx, s, seq(4))
				var w *WaitError
				if !errors.As(err, &w) || !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("error %v", err)
				}
				if !strings.Contains(err.Error(), tt.says) || !strings.Contains(fault.Hint(err), tt.hint) {
					t.Errorf("error %q, hint %q", err, fault.Hint(err))
				}
				if s.asked < 20 || s.asked > 100 {
					t.Errorf("asked %d times in 10 s", s.asked)
				}
			})
		})
	}
}

// lateAnswerer is an engine that answers one check and is too late for the next,
// whose connection ends with the caller's time, by a timer of its own.
type lateAnswerer struct {
	first Report
	asked int
}

func (l *lateAnswerer) Check(ctx context.Context) (Report, error) {
	if l.asked++; l.asked == 1 {
		return l.first, nil
	}
	deadline, _ := ctx.Deadline()
	<-time.After(time.Until(deadline))
	return Report{}, &Error{Kind: NoAnswer, Port: 8081, Detail: "i/o timeout"}
}

// What the engine said last counts, not that there was no time to ask once more.
func TestWaitForEndsInACheck(t *testing.T) {
	for range 20 { // which timer is first is not said
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := WaitFor(ctx, &lateAnswerer{first: Report{Status: "ok", OpenStreams: 3}}, func(r Report) bool { return r.OpenStreams == 0 })
			var w *WaitError
			if !errors.As(err, &w) || w.Report.OpenStreams != 3 || !errors.Is(err, ErrNotYet) {
				t.Fatalf("error %v, report %+v", err, w.Report)
			}
		})
	}
}
