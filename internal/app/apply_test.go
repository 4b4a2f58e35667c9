package app

import (
	"context"
	"errors"
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

// An engine is restarted for what it says, or does not say; not for a question that
// somebody else did not answer, nor when it is only late.
func TestWorking(t *testing.T) {
	lost := errors.New("the user manager does not answer")
	for _, tt := range []struct {
		name   string
		engine health.Checker
		works  bool
		err    error
	}{
		{"answers", &answers{list: []any{0}}, true, nil},
		{"late", &answers{list: []any{nil, 0}}, true, nil},
		{"hangs", &answers{list: []any{nil}}, false, nil},
		{"another process", &answers{list: []any{health.OtherProcess}}, false, nil},
		{"not asked", unasked{lost}, false, lost},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if works, err := working(t.Context(), tt.engine); works != tt.works || !errors.Is(err, tt.err) {
					t.Errorf("%v, %v", works, err)
				}
			})
		})
	}
}

// unasked is an engine that cannot be asked.
type unasked struct{ err error }

func (u unasked) Check(context.Context) (health.Report, error) { return health.Report{}, u.err }
