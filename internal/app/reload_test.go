package app

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// starts is a supervisor whose engine is starting for a while, and then runs.
type starts struct {
	service.Supervisor
	born    time.Time
	takes   time.Duration
	state   service.State // until then
	reloads int
}

func (s *starts) Status(context.Context, []string) ([]service.State, error) {
	st := s.state
	if st.Status = service.Starting; time.Since(s.born) >= s.takes {
		st.Status = service.Running
	}
	return []service.State{st}, nil
}

func (s *starts) Reload(context.Context, string) error { s.reloads++; return nil }

// An engine that is slow to start may have read its files before they changed: it
// is reloaded when it runs. One that crashes again and again reads them anew.
func TestReloadOfAnEngineThatStarts(t *testing.T) {
	for _, tt := range []struct {
		name    string
		takes   time.Duration
		state   service.State
		applied Applied
		reloads int
		problem string
	}{
		{"quick", time.Second, service.State{Result: "success"}, Live, 1, ""},
		{"slow", startingPatience + 2*time.Second, service.State{Result: "success"}, Live, 1, ""},
		{"crashes", time.Hour, service.State{Result: "exit-code", Restarts: 3}, Saved, 0, ""},
		{"does not come up", time.Hour, service.State{Result: "success"}, Nothing, 0, "cannot be told: it does not come up"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sup := &starts{born: time.Now(), takes: tt.takes, state: tt.state}
				ctx, cancel := context.WithTimeout(t.Context(), reloadTimeout)
				defer cancel()
				applied, err := (&App{log: slog.New(slog.DiscardHandler)}).reload(ctx, sup, profiles.Profile{Alias: "work"}, profiles.Change{})
				if applied != tt.applied || sup.reloads != tt.reloads || (err != nil) != (tt.problem != "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
					t.Errorf("%q, %d reloads, %v", applied, sup.reloads, err)
				}
			})
		})
	}
}
