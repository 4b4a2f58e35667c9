package gateway

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

func adaptiveConfig(url string) *routes.Config {
	c := testConfig(map[string]string{"a": url}, "always -> a/one", "always -> a/two")
	c.Router.Strategy = routes.Adaptive
	return c
}

// writeState puts a state file where the engine of a config.yaml will look.
func writeState(t *testing.T, configPath, text string) {
	t.Helper()
	path := StatePath(configPath)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAdaptiveKnowsItsTargetsAfterARestart(t *testing.T) {
	up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
		if r.Model == "one" {
			return gatewaytest.Error(500, "x")
		}
		return gatewaytest.Behave(r)
	})
	g := start(t, adaptiveConfig(up.URL))
	for range 4 {
		if a := g.post(ask("x", false)); a.status != 200 {
			t.Fatal(a)
		}
	}
	g.stop()
	saved, err := os.ReadFile(StatePath(g.path))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(StatePath(g.path)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	before := len(up.Requests())
	again := start(t, adaptiveConfig(up.URL), func(o *Options) { writeState(t, o.ConfigPath, string(saved)) })
	for _, x := range again.health().Targets {
		if x.SuccessRate == nil || (*x.SuccessRate == 1) != (x.Target == "a/two") {
			t.Errorf("restored: %+v", x)
		}
	}
	if a := again.post(ask("x", false)); a.status != 200 {
		t.Fatal(a)
	}
	if sent := up.Requests()[before:]; len(sent) != 1 || sent[0].Model != "two" {
		t.Errorf("the target that failed was asked again: %d requests", len(sent))
	}
	look, err := ReadExperience(g.path)
	if err != nil {
		t.Fatal(err)
	}
	one, two, other := look(routes.Target{Provider: "a", Model: "one"}), look(routes.Target{Provider: "a", Model: "two"}), look(routes.Target{Provider: "b", Model: "x"})
	if one.Expected < two.Expected || one.Failures == 0 || other.Answers != 0 || other.Expected == 0 {
		t.Errorf("read by another: %+v, %+v, %+v", one, two, other)
	}
}

func TestAStateFileThatCannotBeUsed(t *testing.T) {
	newer := `{"version":2,"targets":{"a/one":{"good":1}}}`
	for name, text := range map[string]string{"broken": `{"version":1,`, "another version": `{"version":0}`, "newer": newer, "no object": `7`} {
		t.Run(name, func(t *testing.T) {
			up := gatewaytest.New(t, nil)
			g := start(t, adaptiveConfig(up.URL), func(o *Options) { writeState(t, o.ConfigPath, text) })
			if a := g.post(ask("x", false)); a.status != 200 {
				t.Fatal(a)
			}
			g.stop()
			if !strings.Contains(g.journal.text(), "what was known of the targets is not used: ") {
				t.Error("nothing was said of it")
			}
			got, err := os.ReadFile(StatePath(g.path))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parseState(got); name != "newer" && err != nil || name == "newer" && string(got) != newer {
				t.Errorf("afterwards: %s, %v", got, err)
			}
		})
	}
}

func TestOtherStrategiesSaveNothing(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/one"))
	g.post(ask("x", false))
	g.stop()
	if _, err := os.Stat(filepath.Dir(StatePath(g.path))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of the state: %v", err)
	}
}

func TestStateIsSavedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, adaptiveConfig("https://a.example"), upstreamFunc(func(*http.Request) (*http.Response, error) {
			return sseResponse(piece{time.Second, evStart + evContent + evStop, nil}), nil
		}))
		ctx, cancel := context.WithCancel(t.Context())
		go e.saving(ctx)
		defer synctest.Wait()
		defer cancel()
		path := StatePath(e.opts.ConfigPath)
		e.testRequest(t, nil)
		time.Sleep(savedEvery)
		synctest.Wait()
		known, err := readState(path)
		if err != nil || len(known) != 1 {
			t.Fatalf("%v, %v", known, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * savedEvery)
		synctest.Wait()
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Error("it is written although nothing changed")
		}
	})
}

func TestStateThatMakesNoSenseIsLeftOut(t *testing.T) {
	got, err := parseState([]byte(`{"version":1,"targets":{
		"a/good":{"good":3,"bad":1,"mean":-0.5,"spread":0.2,"at":"2026-11-23T10:00:00Z"},
		"a/many":{"good":1e30,"bad":1,"mean":0,"spread":0,"at":"2026-11-23T10:00:00Z"},
		"a/negative":{"good":-3,"bad":1,"mean":0,"spread":0,"at":"2026-11-23T10:00:00Z"},
		"a/slow":{"good":3,"bad":1,"mean":99,"spread":0,"at":"2026-11-23T10:00:00Z"},
		"a/never":{"good":3,"bad":1,"mean":0,"spread":0},
		"no target":{"good":3,"bad":1,"mean":0,"spread":0,"at":"2026-11-23T10:00:00Z"}}}`))
	want := map[string]experience{"a/good": {3, 1, -0.5, 0.2, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	future := newTargets()
	now := time.Now()
	future.restore(map[string]experience{"a/x": {Good: 1, At: now.Add(1000 * time.Hour)}}, now)
	if s := future.byName["a/x"].experience; s.At.After(now) {
		t.Errorf("a clock that was set back: %+v", s)
	}
}

func FuzzState(f *testing.F) {
	f.Add([]byte(`{"version":1,"targets":{"a/b":{"good":3,"bad":1,"mean":-0.5,"spread":0.2,"at":"2026-11-23T10:00:00Z"}}}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		known, err := parseState(data)
		if err != nil {
			return
		}
		targets := newTargets()
		now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
		targets.restore(known, now)
		for name := range known {
			target, _ := routes.ParseTarget(name)
			s := targets.look(target, now)
			if !(s.Expected > 0) || math.IsInf(s.Expected, 0) || s.AtBest > s.Expected {
				t.Errorf("%s: %+v of %s", name, s, data)
			}
		}
	})
}

func TestExperienceForgets(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	var e experience
	for range 100 {
		e.saw(now, true, time.Second)
	}
	expected, atBest := e.expect(now)
	if math.Abs(expected-1) > 0.15 || atBest > expected || atBest < 0.8*expected {
		t.Errorf("after 100 answers in 1 s: %.2f, at best %.2f", expected, atBest)
	}
	later, laterAtBest := e.expect(now.Add(3 * time.Hour))
	if math.Abs(later-expected) > 0.8 || laterAtBest > 0.3 {
		t.Errorf("three hours later: %.2f, at best %.2f", later, laterAtBest)
	}
	for range 30 {
		e.saw(now, true, 8*time.Second)
	}
	if expected, _ := e.expect(now); expected < 4 {
		t.Errorf("after 30 answers in 8 s: %.2f", expected)
	}
	for range 30 {
		e.saw(now, false, 0)
	}
	if expected, atBest := e.expect(now); expected < 9 || atBest < 4 {
		t.Errorf("after 30 failures: %.2f, at best %.2f", expected, atBest)
	}
	if _, atBest := e.expect(now.Add(4 * time.Hour)); atBest > 3 {
		t.Errorf("failures are forgotten: %.2f", atBest)
	}
}
