package app

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/internal/porttest"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/profiles"
)

// What has the port and does not answer may be the engine, on a busy machine: a
// change is not told to be for the next one.
func TestASilentEngineIsNotGone(t *testing.T) {
	a := &App{Secrets: &secrets.Store{Dir: filepath.Join(t.TempDir(), "credentials")}}
	if _, _, err := a.Secrets.EnsureToken("work"); err != nil {
		t.Fatal(err)
	}
	p, port := profiles.Profile{Alias: "work"}, porttest.Own(t)
	reload := func() (Applied, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		return a.reloadSession(ctx, p, profiles.Change{Port: port})
	}
	if applied, err := reload(); applied != Saved || err != nil {
		t.Errorf("nothing listens: %q, %v", applied, err)
	}
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port)) // and nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	applied, err := reload()
	if applied != Nothing || err == nil || !strings.Contains(fault.Hint(err), "ringlet proxy reload work") {
		t.Errorf("silent: %q, %v; %s", applied, err, fault.Hint(err))
	}
}

// One that is silent for a moment is asked again, and is what it turns out to be.
func TestPatiently(t *testing.T) {
	for _, tt := range []struct {
		name   string
		engine []any
		kind   health.Kind // 0: it answers
		took   time.Duration
	}{
		{"answers", []any{0}, 0, 0},
		{"late", []any{nil, 0}, 0, 3 * time.Second},
		{"leaves", []any{health.NoAnswer, health.NotListening}, health.NotListening, reloadPause},
		{"another's", []any{health.NotRinglet}, health.NotRinglet, 0},
		{"silent", []any{nil}, health.NoAnswer, 6 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := patiently(t.Context(), &answers{list: tt.engine})
				if (err != nil) != (tt.kind != 0) || err != nil && !health.Is(err, tt.kind) || time.Since(began).Round(reloadPause) != tt.took {
					t.Errorf("%v after %v", err, time.Since(began))
				}
			})
		})
	}
}
