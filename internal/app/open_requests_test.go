package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/health"
)

// answers is an engine that gives these in turn, nil for none in time; the last stays.
type answers struct {
	list  []any
	asked int
}

func (a *answers) Check(ctx context.Context) (health.Report, error) {
	now := a.list[min(a.asked, len(a.list)-1)]
	a.asked++
	switch now := now.(type) {
	case int:
		return health.Report{Status: "ok", OpenStreams: now}, nil
	case health.Kind:
		return health.Report{}, &health.Error{Kind: now, Port: 8081, Profile: "work"}
	}
	limit := 3 * time.Second // as a check without another limit has
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	<-time.After(limit)
	return health.Report{}, &health.Error{Kind: health.NoAnswer, Port: 8081, Profile: "work"}
}

// A request is only taken for ended when an engine said so, or has left.
func TestLasting(t *testing.T) {
	const gone, foreign = health.NotListening, health.Foreign
	for _, tt := range []struct {
		name    string
		engine  []any
		ended   bool // the init system says that it runs no more
		open    int
		unknown bool
	}{
		{"idle", []any{0}, false, 0, false},
		{"one that stays", []any{1}, false, 1, false},
		{"one that ends", []any{1, 1, 1, 0}, false, 0, false},
		{"others follow", []any{1, 2, 3}, false, 3, false},
		{"stalls then", []any{2, nil}, false, 2, false},
		{"stalls after some answers", []any{2, 3, 3, nil}, false, 3, false},
		{"closes the connection then", []any{2, health.NoAnswer}, false, 2, false},
		{"leaves", []any{2, gone}, false, 0, false},
		{"leaves, and its socket stays", []any{2, health.NoAnswer}, true, 0, false},
		{"stalls", []any{nil}, false, 0, true},
		{"stalls, ended", []any{nil}, true, 0, false},
		{"nothing listens", []any{gone}, false, 0, false},
		{"another user's", []any{foreign}, false, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				open, err := lasting(t.Context(), &answers{list: tt.engine}, func() bool { return !tt.ended })
				if open != tt.open || (err != nil) != tt.unknown {
					t.Errorf("%d open, error %v", open, err)
				}
			})
		})
	}
}
