package gateway

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

// pairs runs a test for each of the nine pairs of formats, streaming and not.
// The scripted upstream, which is as strict as the real ones, speaks target only.
func pairs(t *testing.T, test func(t *testing.T, k talk, target string, stream bool)) {
	for _, k := range talks() {
		for _, target := range []string{routes.Messages, routes.Chat, routes.Responses} {
			for _, stream := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s to %s/stream %v", k.format, target, stream), func(t *testing.T) {
					t.Parallel()
					test(t, k, target, stream)
				})
			}
		}
	}
}

// stops are the words for a proper end, and for calls that wait.
func stops(format string, calls bool) string {
	switch {
	case format == routes.Responses:
		return "completed"
	case format == routes.Messages && calls:
		return "tool_use"
	case format == routes.Messages:
		return "end_turn"
	case calls:
		return "tool_calls"
	}
	return "stop"
}

func TestPairsText(t *testing.T) {
	pairs(t, func(t *testing.T, k talk, target string, stream bool) {
		up := gatewaytest.New(t, nil)
		g := start(t, speaking(up.URL, []string{target}, "always -> a/m"))
		a := g.do(g.request(pathOf(k.format)+"?beta=true", k.ask("client-model", stream, []turn{{user: "hi"}}), "Anthropic-Beta", "b", "X-Stainless-Lang", "js", "Originator", "codex", "X-Api-Key", "client"))
		s := k.hear(t, a)
		path := pathOf(target)
		if a.status != 200 || a.err != nil || s.text != "This is the scripted upstream: model m at "+path+"." || !s.ended || s.failed != "" || s.stop != stops(k.format, false) || !s.usage {
			t.Errorf("client got %d %v: %+v\n%s", a.status, a.err, s, a.body)
		}
		r := up.Requests()[0]
		foreign := k.format != target
		if (r.Query == "") != foreign || (r.Header.Get("Anthropic-Beta") == "") != foreign || (r.Header.Get("X-Stainless-Lang") == "") != foreign || (r.Header.Get("Originator") == "") != foreign || r.Key != "key-of-a" {
			t.Errorf("upstream got ?%s %v", r.Query, r.Header)
		}
		if foreign && target != routes.Messages && r.Header.Get("Anthropic-Version") != "" {
			t.Errorf("upstream got %v", r.Header)
		}
		if foreign && !strings.Contains(a.body, "client-model") {
			t.Errorf("the client's name of the model is not in its answer: %s", a.body)
		}
		g.stop()
		if r := g.record(); r["RINGLET_OUTCOME"] != "ok" || r["RINGLET_INPUT_TOKENS"] == "" || r["RINGLET_OUTPUT_TOKENS"] == "" || r["RINGLET_CACHE_READ_TOKENS"] != "7" || r["RINGLET_TRIED"] != "a/m=200" {
			t.Errorf("record %v", r)
		}
	})
}

// A tool is called, twice in parallel, and its results come back.
func TestPairsTools(t *testing.T) {
	pairs(t, func(t *testing.T, k talk, target string, stream bool) {
		up := gatewaytest.New(t, nil)
		g := start(t, speaking(up.URL, []string{target}, "always -> a/calls-2"))
		first := turn{user: "run-tool: echo \"hi\" é"}
		a := g.do(g.request(pathOf(k.format), k.ask("x", stream, []turn{first})))
		s := k.hear(t, a)
		if len(s.calls) != 2 || s.calls[0].Name != "Bash" || s.calls[0].ID == s.calls[1].ID || s.stop != stops(k.format, true) || !s.ended {
			t.Fatalf("client got %d: %+v\n%s", a.status, s, a.body)
		}
		for _, c := range s.calls {
			var input struct{ Command string }
			decode(t, c.Input, &input)
			if input.Command != `echo "hi" é` {
				t.Errorf("the call's input is %s", c.Input)
			}
		}
		s = k.hear(t, g.do(g.request(pathOf(k.format), k.ask("x", stream, []turn{first, {calls: s.calls, results: "it says hi"}}))))
		if !strings.HasPrefix(s.text, "The tool said: it says hi") || !s.ended {
			t.Errorf("client got %+v", s)
		}
	})
}

func TestPairsThinking(t *testing.T) {
	pairs(t, func(t *testing.T, k talk, target string, stream bool) {
		up := gatewaytest.New(t, nil)
		g := start(t, speaking(up.URL, []string{target}, "always -> a/thinks"))
		a := g.do(g.request(pathOf(k.format), k.ask("x", stream, []turn{{user: "hi"}})))
		s := k.hear(t, a)
		if s.thought != "Thought number 1." || !strings.HasPrefix(s.text, "This is") || !s.ended {
			t.Errorf("client got %+v\n%s", s, a.body)
		}
	})
}

// What an upstream refuses is refused in the client's words, with the wait that it asked for.
func TestPairsErrors(t *testing.T) {
	for _, status := range []int{429, 400, 529, 500} {
		pairs(t, func(t *testing.T, k talk, target string, stream bool) {
			up := gatewaytest.New(t, nil)
			g := start(t, speaking(up.URL, []string{target}, fmt.Sprintf("always -> a/fail-%d-retry-after-7", status)))
			a := g.do(g.request(pathOf(k.format), k.ask("x", stream, []turn{{user: "hi"}})))
			s := k.hear(t, a)
			want := status
			if status == 529 && k.format != routes.Messages && a.status == 503 {
				want = 503 // OpenAI's own has no 529
			}
			shape := `{"error":{`
			if k.format == routes.Messages {
				shape = `{"type":"error"`
			}
			if k.format == target {
				shape = `{`
			}
			if a.status != want || a.header.Get("Retry-After") != "7" || !strings.Contains(s.failed, "scripted failure") || s.ended || !strings.HasPrefix(a.body, shape) {
				t.Errorf("client got %d %v: %+v\n%s", a.status, a.header, s, a.body)
			}
			g.stop()
			if r := g.record(); r["RINGLET_OUTCOME"] != "failed" || !strings.HasSuffix(r["RINGLET_TRIED"], fmt.Sprint("=", status)) || strings.Contains(g.journal.text(), "scripted failure") {
				t.Errorf("record %v", r)
			}
		})
	}
}

// What fails before its first content is answered by the next target.
func TestPairsFallback(t *testing.T) {
	for model, result := range map[string]string{"fail-529": "529", "cut-early": "cut", "error-event": "error-event", "empty": "cut"} {
		pairs(t, func(t *testing.T, k talk, target string, stream bool) {
			if !stream {
				return // these are faults of streams
			}
			up := gatewaytest.New(t, nil)
			g := start(t, speaking(up.URL, []string{target}, "always -> a/"+model, "always -> a/m"))
			a := g.do(g.request(pathOf(k.format), k.ask("x", stream, []turn{{user: "hi"}})))
			if s := k.hear(t, a); a.status != 200 || a.err != nil || !strings.Contains(s.text, "model m at") || !s.ended || strings.Contains(a.body, model) {
				t.Errorf("client got %d: %+v\n%s", a.status, s, a.body)
			}
			g.stop()
			if r := g.record(); r["RINGLET_TRIED"] != "a/"+model+"="+result+",a/m=200" {
				t.Errorf("record %v", r)
			}
		})
	}
}

// What fails after it is an error event and an aborted connection, and never an
// ending that nobody sent.
func TestPairsBreakOff(t *testing.T) {
	for _, model := range []string{"cut-mid", "late-error-event"} {
		pairs(t, func(t *testing.T, k talk, target string, stream bool) {
			if !stream {
				return
			}
			up := gatewaytest.New(t, nil)
			g := start(t, speaking(up.URL, []string{target}, "always -> a/"+model, "always -> a/m"))
			a := g.do(g.request(pathOf(k.format), k.ask("x", stream, []turn{{user: "hi"}})))
			s := k.hear(t, a)
			if a.status != 200 || !errors.Is(a.err, io.ErrUnexpectedEOF) || s.ended || s.stop != "" || s.failed == "" || len(up.Requests()) != 1 || !strings.Contains(a.body, "half an ") {
				t.Errorf("client got %d %v: %+v\n%s", a.status, a.err, s, a.body)
			}
			g.stop()
			if r := g.record(); r["RINGLET_OUTCOME"] != "failed" {
				t.Errorf("record %v", r)
			}
		})
	}
}
