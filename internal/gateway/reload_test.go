package gateway

import (
	"bufio"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

func TestReloadTakesTheNewRoutes(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/before"))
	first := g.health()
	g.config.Router.Rules[0].Model = "a/after"
	g.config.Ringlet.Seq = 2
	r := g.reload()
	if r.Seq != 2 || r.ReloadError != "" || r.Reloads != 1 || r.ConfigSHA256 == first.ConfigSHA256 || !r.KeysLoadedAt.After(*first.KeysLoadedAt) || r.PID != first.PID {
		t.Errorf("after the reload: %+v", r)
	}
	g.post(ask("x", false))
	if got := up.Requests()[0].Model; got != "after" {
		t.Errorf("the request went to %s", got)
	}
}

func TestBadConfigurationKeepsTheLastGoodOne(t *testing.T) {
	up := gatewaytest.New(t, nil)
	var mu sync.Mutex
	var states []string
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"), func(o *Options) {
		o.Notify = func(s string) error { mu.Lock(); defer mu.Unlock(); states = append(states, s); return nil }
	})
	good, err := os.ReadFile(g.path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(good)
	for i, tc := range []struct{ name, text, words string }{
		{"no YAML", "{", "config.yaml:2"},
		{"unknown field", text + "surprise: 1\n", "surprise"},
		{"bad condition", strings.Replace(text, "condition: always", "condition: tokens >", 1), "condition"},
		{"another port", strings.Replace(text, "port: ", "port: 1", 1), "server.port"},
		{"another profile", strings.Replace(text, "profile: work", "profile: play", 1), "ringlet.profile"},
		{"empty", "", "empty"},
	} {
		if tc.text == text {
			t.Fatalf("%s: the text did not change", tc.name)
		}
		if err := os.WriteFile(g.path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := g.hup()
		if !strings.Contains(r.ReloadError, tc.words) || r.Seq != 1 || r.Reloads != int64(i+1) {
			t.Errorf("%s: %+v", tc.name, r)
		}
		if a := g.post(ask("x", false)); a.status != 200 {
			t.Errorf("%s: %+v", tc.name, a)
		}
		mu.Lock()
		if last := states[len(states)-1]; !strings.HasPrefix(last, "STATUS=") || !strings.Contains(last, "refused") || strings.Contains(last, "\n") {
			t.Errorf("%s: the status is %q", tc.name, last)
		}
		mu.Unlock()
	}
	if err := os.Chmod(g.path, 0o666); err != nil {
		t.Fatal(err)
	}
	if r := g.hup(); !strings.Contains(r.ReloadError, "written by others") {
		t.Errorf("a file that others can write: %+v", r)
	}
	folder := filepath.Dir(g.path)
	for _, mode := range []os.FileMode{0o777, 0o700} {
		if err := errors.Join(os.Chmod(g.path, 0o600), os.Chmod(folder, mode)); err != nil {
			t.Fatal(err)
		}
		if r := g.hup(); (mode == 0o777) != strings.Contains(r.ReloadError, "written by others") {
			t.Errorf("a folder of mode %o: %+v", mode, r)
		}
	}
	if err := os.Remove(g.path); err != nil {
		t.Fatal(err)
	}
	if r := g.hup(); r.ReloadError == "" {
		t.Error("a missing file is taken")
	}
	if r := g.reload(); r.ReloadError != "" {
		t.Errorf("the good file is refused: %s", r.ReloadError)
	}
	g.stop()
	if !strings.Contains(g.journal.text(), "the one before stays in force") || !strings.Contains(g.logText(), "the one before stays in force") {
		t.Error("the refusal is not in the logs")
	}
}

func TestKeysAreReadAtReload(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	g.keys.set("a", "rotated")
	g.post(ask("x", false))
	g.hup()
	g.post(ask("x", false))
	g.keys.set("a", "")
	r := g.hup()
	a := g.post(ask("x", false))
	rs := up.Requests()
	if len(rs) != 2 || rs[0].Key != "key-of-a" || rs[1].Key != "rotated" || a.status != 401 || !strings.Contains(a.body, "ringlet providers login a") {
		t.Errorf("%d requests, then %+v", len(rs), a)
	}
	if len(r.Keys) != 1 || r.Keys[0].Source != "" || !strings.Contains(r.Keys[0].Problem, "ringlet providers login a") {
		t.Errorf("keys %+v", r.Keys)
	}
}

func TestRequestsInFlightFinishOnTheOldConfiguration(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/slow-20x20", "always -> a/before"))
	resp, err := g.client.Do(g.request("/v1/messages", ask("x", true)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	g.config.Router.Rules = g.config.Router.Rules[:1]
	g.config.Router.Rules[0].Model = "a/after"
	g.reload()
	if a := g.post(ask("x", false)); a.status != http.StatusOK {
		t.Errorf("%+v", a)
	}
	pieces := 0
	for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
		if strings.Contains(sc.Text(), "text_delta") {
			pieces++
		}
	}
	if pieces != 20 {
		t.Errorf("the stream that began before the reload had %d pieces, want 20", pieces)
	}
}
