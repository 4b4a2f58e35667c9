package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/service"
)

// runner is an engine with a configuration, which is silent for a while, or for
// good where that is negative.
type runner struct {
	seq    int64
	silent time.Duration // from the test's beginning on
	born   time.Time
}

func (r *runner) Check(ctx context.Context) (health.Report, error) {
	if left := r.silent - time.Since(r.born); left > 0 || r.silent < 0 {
		limit := 3 * time.Second // as a check without another limit has
		if deadline, ok := ctx.Deadline(); ok {
			limit = min(limit, time.Until(deadline))
		}
		if r.silent < 0 || left > limit {
			<-time.After(limit)
			return health.Report{}, &health.Error{Kind: health.NoAnswer, Port: 8081, Profile: "work"}
		}
		<-time.After(left)
	}
	return health.Report{Status: "ok", Seq: r.seq}, nil
}

// An engine that runs is restarted, which cuts requests, only where it cannot be
// had to take up a configuration otherwise.
func TestRenew(t *testing.T) {
	refusal := errors.New("line 3: no such condition")
	for _, tt := range []struct {
		name    string
		engine  runner
		reload  error
		takes   bool // it has the configuration after the reload
		settled bool
		err     error
		reloads int
	}{
		{"has it", runner{seq: 7}, nil, true, true, nil, 0},
		{"takes it up", runner{seq: 6}, nil, true, true, nil, 1},
		{"is late with its first answer", runner{seq: 6, silent: 4 * time.Second}, nil, true, true, nil, 1},
		{"hangs", runner{seq: 6, silent: -1}, nil, true, false, nil, 0},
		{"does not take it up", runner{seq: 6}, nil, false, false, nil, 1},
		{"refuses it", runner{seq: 6}, refusal, false, true, refusal, 1},
		{"leaves before the reload, and the next one has it", runner{seq: 6}, service.ErrNotRunning, true, true, nil, 1},
		{"is restarted by another before the reload", runner{seq: 6}, &service.JobError{Alias: "work", Job: "canceled"}, true, true, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.engine.born = time.Now()
				reloads := 0
				settled, err := renew(t.Context(), &tt.engine, 7, func(context.Context) error {
					reloads++
					if tt.takes {
						tt.engine.seq = 7
					}
					return tt.reload
				})
				if settled != tt.settled || !errors.Is(err, tt.err) || reloads != tt.reloads {
					t.Errorf("settled %v, error %v, %d reloads", settled, err, reloads)
				}
			})
		})
	}
}
