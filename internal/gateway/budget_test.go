package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

// TestManyLargeBodiesAtOnce: far more than the budget holds is asked for at once,
// half of it to be translated. Each request is answered or told to come again; no
// more than the budget's share is with the upstream at any time; and afterwards
// everything is given back.
func TestManyLargeBodiesAtOnce(t *testing.T) {
	const size, total, clients = 1 << 20, 8 << 20, 24
	var inside, most atomic.Int64
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := inside.Add(r.ContentLength)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		_, _ = io.Copy(io.Discard, r.Body)
		inside.Add(-r.ContentLength)
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/chat/completions") {
			fmt.Fprint(w, `{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hi"}}]}`)
			return
		}
		fmt.Fprint(w, `{"type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`)
	}))
	defer up.Close()
	e, _ := listening(t, nil)
	e.bodies = newBudget(total)
	c := testConfig(map[string]string{"a": up.URL}, `model matches "other" -> b/m`, "always -> a/m")
	c.Ringlet.Providers["b"] = routes.Upstream{Formats: map[string]string{routes.Chat: up.URL + "/v1"}, AuthHeader: "bearer", KeyEnv: "KEY_B"}
	c.Server.Port = e.port
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, c)
	s, err := load(path, &keyRing{keys: map[string]string{"a": "k", "b": "k"}})
	if err != nil {
		t.Fatal(err)
	}
	e.current.Store(s)
	g := &rig{t: t, url: "http://" + e.addr, client: &http.Client{Transport: &http.Transport{}}}
	defer g.client.CloseIdleConnections()
	var answered, later atomic.Int64
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			model := "same"
			if i%2 == 1 {
				model = "other"
			}
			body := strings.Replace(ask(model, false), "hi", strings.Repeat("word ", size/5), 1)
			resp, err := g.client.Do(g.request("/v1/messages", body))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			switch {
			case err == nil && resp.StatusCode == http.StatusOK && strings.Contains(string(text), `"hi"`):
				answered.Add(1)
			case err == nil && resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
				later.Add(1)
			default:
				t.Errorf("%d: %v, %.200s", resp.StatusCode, err, text)
			}
		})
	}
	wg.Wait()
	if answered.Load() == 0 || answered.Load()+later.Load() != clients {
		t.Errorf("%d answered, %d told to come again, of %d", answered.Load(), later.Load(), clients)
	}
	if most.Load() > total {
		t.Errorf("%d bytes were with the upstream at once, of a budget of %d", most.Load(), total)
	}
	eventually(t, "everything is given back", func() bool {
		e.bodies.mu.Lock()
		defer e.bodies.mu.Unlock()
		return e.bodies.free == total && len(e.bodies.waiters) == 0
	})
}

// TestWhatNeverFits is refused at once: waiting for it would keep others waiting.
func TestWhatNeverFits(t *testing.T) {
	b := &buffered{budget: newBudget(100), r: httptest.NewRequest(http.MethodPost, "/", nil).WithContext(context.Background())}
	if err := b.grow(60); err != nil {
		t.Fatal(err)
	}
	if err := b.grow(60); err != errNeverFits {
		t.Errorf("%v", err)
	}
	b.release()

	up := gatewaytest.New(t, nil)
	c := testConfig(nil, "always -> b/m")
	c.Ringlet.Providers["b"] = routes.Upstream{Formats: map[string]string{routes.Chat: up.URL + "/v1"}, AuthHeader: "bearer", KeyEnv: "KEY_B"}
	g := start(t, c, func(o *Options) { o.BodyBudget = 1 << 20 })
	for size, says := range map[int]string{600 << 10: "too large to be translated", 2 << 20: "larger than what"} {
		a := g.post(strings.Replace(ask("m", false), "hi", strings.Repeat("x", size), 1))
		if a.status != http.StatusRequestEntityTooLarge || !strings.Contains(a.body, says) || !strings.Contains(a.body, "MemoryMax") {
			t.Errorf("%d bytes: %+v", size, a)
		}
	}
	if n := len(up.Requests()); n != 0 {
		t.Errorf("%d requests went out", n)
	}
}
