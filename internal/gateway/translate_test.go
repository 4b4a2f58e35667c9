package gateway

import (
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

// TestForeignHeaders: docs/translation.md names the headers that travel, both
// ways, and no other does.
func TestForeignHeaders(t *testing.T) {
	doc, err := os.ReadFile("../../docs/translation.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(foreignRequestHeaders(), foreignResponseHeaders()) {
		if name != "Content-Encoding" && !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/translation.md does not name %s", name)
		}
	}
	up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
		return gatewaytest.Behave(r).With("Openai-Organization", "o").With("X-Ratelimit-Limit-Requests", "5").With("Retry-After-Ms", "70").With("Set-Cookie", "a=b")
	})
	c := speaking(up.URL, []string{routes.Chat}, "always -> a/m")
	p := c.Ringlet.Providers["a"]
	p.Headers, p.AuthHeader = map[string]string{"x-team": "tools"}, "bearer"
	c.Ringlet.Providers["a"] = p
	g := start(t, c)
	a := g.post(ask("x", true), "Anthropic-Beta", "b", "X-App", "cli", "X-Claude-Code-Session-Id", "s", "User-Agent", "claude-cli/2", "Cookie", "c=1", "X-Api-Key", testToken, "Accept", "application/json", "Traceparent", "00-1")
	var got []string
	for name := range up.Requests()[0].Header {
		got = append(got, name)
	}
	slices.Sort(got)
	want := []string{"Accept", "Accept-Encoding", "Authorization", "Content-Length", "Content-Type", "Traceparent", "User-Agent", "X-Team"}
	if h := up.Requests()[0].Header; !slices.Equal(got, want) || h.Get("Accept") != "text/event-stream" || h.Get("User-Agent") != "claude-cli/2" || h.Get("Authorization") != "Bearer key-of-a" {
		t.Errorf("upstream got %v", h)
	}
	got = nil
	for name := range a.header {
		got = append(got, name)
	}
	slices.Sort(got)
	if want := []string{"Cache-Control", "Content-Type", "Date", "Request-Id", "Retry-After-Ms"}; !slices.Equal(got, want) {
		t.Errorf("client got %v", a.header)
	}
}

// TestMaxOutput: a cap above the model's own is lowered, as the configuration says.
func TestMaxOutput(t *testing.T) {
	up := gatewaytest.New(t, nil)
	c := speaking(up.URL, []string{routes.Messages}, "always -> a/claude-x")
	c.Ringlet.Limits = map[string]routes.Limits{"a/claude-x": {Output: 8000}}
	g := start(t, c)
	a := g.do(g.request("/v1/chat/completions", `{"model":"x","max_completion_tokens":100000,"messages":[{"role":"user","content":"hi"}]}`))
	if body := string(up.Requests()[0].Body); a.status != 200 || !strings.Contains(body, `"max_tokens":8000`) {
		t.Errorf("client got %d, upstream %s", a.status, body)
	}
}

// TestDropsAreRecorded: what the target's format does not have is named, once,
// and cleaned where it is the client's word.
func TestDropsAreRecorded(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, speaking(up.URL, []string{routes.Chat}, "always -> a/m"))
	a := g.post(`{"model":"x","max_tokens":5,"top_k":3,"odd field":1,"context_management":{},"messages":[{"role":"user","content":"BODYTEXT"}]}`)
	g.stop()
	r := g.record()
	dropped := strings.Split(r["RINGLET_DROPPED"], ",")
	if a.status != 200 || !slices.Contains(dropped, "top_k") || !slices.Contains(dropped, "context_management") || !slices.Contains(dropped, "odd?field") || strings.Contains(g.journal.text(), "BODYTEXT") {
		t.Errorf("client got %d, record %v", a.status, r)
	}
	if !strings.Contains(g.logText(), "dropped=") {
		t.Errorf("log %s", g.logText())
	}
}

// TestUnfit: what one target's format cannot say may be said in another's; where
// none is left, the client hears what it is.
func TestUnfit(t *testing.T) {
	up := gatewaytest.New(t, nil)
	c := speaking(up.URL, []string{routes.Messages}, "always -> a/m", "always -> b/m")
	c.Ringlet.Providers["b"] = routes.Upstream{Formats: map[string]string{routes.Chat: up.URL + "/v1"}, AuthHeader: "bearer", KeyEnv: "B"}
	g := start(t, c)
	g.keys.set("b", "key-of-b")
	body := `{"model":"x","messages":[{"role":"user","content":[{"type":"text","text":"BODYTEXT"},{"type":"image_url","image_url":{"url":"data:image/bmp;base64,QUJD"}}]}]}`
	if a := g.do(g.request("/v1/chat/completions", body)); a.status != 200 {
		t.Errorf("client got %+v", a)
	}
	if tried := g.record()["RINGLET_TRIED"]; tried != "a/m=unfit,b/m=200" {
		t.Errorf("tried %s", tried)
	}
	g.config.Router.Rules = g.config.Router.Rules[:1]
	g.reload()
	a := g.do(g.request("/v1/chat/completions", body))
	if a.status != 400 || !strings.HasPrefix(a.body, `{"error":{`) || !strings.Contains(a.body, "bmp") || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("client got %+v", a)
	}
	if len(up.Requests()) != 1 || strings.Contains(g.journal.text(), "BODYTEXT") {
		t.Errorf("%d requests; %s", len(up.Requests()), g.journal.text())
	}
}

// TestAnswersThatAreNone: what cannot be understood before any content is a
// failure of the target; after it, an answer that broke off.
func TestAnswersThatAreNone(t *testing.T) {
	odd := event("", `{"choices":"odd`) // no JSON
	for name, tc := range map[string]struct {
		stream, content bool
		reply           func(s *scene) upstreamFunc
	}{
		"a stream of no JSON":     {true, false, func(s *scene) upstreamFunc { return s.streams(piece{0, s.open + odd, nil}) }},
		"a stream that turns odd": {true, true, func(s *scene) upstreamFunc { return s.streams(piece{0, s.open + s.half + odd + s.end, nil}) }},
		"an event that has no end": {true, true, func(s *scene) upstreamFunc {
			return s.streams(piece{0, s.open + s.half + "data: " + strings.Repeat("x", maxEvent+1), nil})
		}},
		"an answer of no JSON":          {false, false, func(*scene) upstreamFunc { return answerAfter(0, 200, `{"odd`) }},
		"a message instead of a stream": {true, false, func(*scene) upstreamFunc { return answerAfter(0, 200, `{"choices":[]}`) }},
		"a stream instead of a message": {false, false, func(s *scene) upstreamFunc { return s.good() }},
		"an error in a 200":             {false, false, func(*scene) upstreamFunc { return answerAfter(0, 200, `{"error":{"message":"m","code":503}}`) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scene{t: t, client: talks()[0], target: routes.Chat, played: play(routes.Chat), whole: !tc.stream}
				second := s.good()
				if s.whole {
					second = answerAfter(0, 200, `{"id":"c1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"half whole"},"finish_reason":"stop"}]}`)
				}
				s.run(map[string]upstreamFunc{"m1": tc.reply(s), "m2": second})
				if !tc.content {
					s.check("m1", "m2")
				} else if !s.abort || s.said.text != "half " || s.said.failed == "" || s.said.ended || len(s.asked) != 1 || s.record["RINGLET_OUTCOME"] != "failed" {
					t.Errorf("asked %v, aborted %v: %+v", s.asked, s.abort, s.said)
				}
			})
		})
	}
}

// TestOverflowWords: Claude Code compacts a conversation when it reads these
// words, whatever the target said.
func TestOverflowWords(t *testing.T) {
	up := gatewaytest.New(t, func(*gatewaytest.Request) gatewaytest.Reply {
		return gatewaytest.Reply{Status: 400, Body: []byte(`{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`)}
	})
	g := start(t, speaking(up.URL, []string{routes.Chat}, "always -> a/m"))
	if a := g.post(ask("x", true)); a.status != 400 || !strings.Contains(a.body, "prompt is too long: 130000 tokens > 128000 maximum") {
		t.Errorf("client got %+v", a)
	}
}

// TestTranslationIsCharged: a request that is translated takes more of the
// budget, and gives it back when its stream begins.
func TestTranslationIsCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scene{t: t, target: routes.Chat, played: play(routes.Chat)}
		body := `{"model":"x","stream":true,"max_tokens":5,"messages":[{"role":"user","content":"` + strings.Repeat("x", 1<<20) + `"}]}`
		var e *engine
		free := func() int64 { e.bodies.mu.Lock(); defer e.bodies.mu.Unlock(); return e.bodies.free }
		asked := int64(0)
		e = bare(t, speaking("https://up.example", []string{routes.Chat}, "always -> a/m"), upstreamFunc(func(r *http.Request) (*http.Response, error) {
			asked = free()
			_, _ = io.Copy(io.Discard, r.Body)
			_ = r.Body.Close()
			return s.streams(piece{0, s.open + s.half, nil}, piece{time.Minute, s.rest + s.end, nil})(r)
		}))
		var streaming atomic.Int64
		time.AfterFunc(30*time.Second, func() { streaming.Store(free()) })
		if _, aborted := e.testPost(t, "/v1/messages", body, nil); aborted {
			t.Error("aborted")
		}
		if asked != bodyBudget-3*int64(len(body)) || streaming.Load() != bodyBudget || free() != bodyBudget {
			t.Errorf("free: %d while asked, %d while streaming, %d at the end", asked, streaming.Load(), free())
		}
	})
}
