package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/routes"
)

// contract has the test of each sentence in docs/streams.md by its number.
func contract() map[int]func(*testing.T) {
	return map[int]func(*testing.T){
		1: TestWebSocketIsAnsweredAtOnce,
		2: func(t *testing.T) { TestCountTokens(t); TestCountDoesNotWait(t) },
		3: func(t *testing.T) { scenes(t, heldBack) }, 4: anyFailure, 5: func(t *testing.T) { scenes(t, silence) },
		6: func(t *testing.T) { scenes(t, nothingOfTheFailed) }, 7: func(t *testing.T) { scenes(t, otherRefusals) }, 8: func(t *testing.T) { scenes(t, allFailing) },
		9: func(t *testing.T) { scenes(t, noSplice) }, 10: func(t *testing.T) { scenes(t, lateFailure) }, 11: func(t *testing.T) { scenes(t, ownErrorEvent) },
		12: noEndingMadeUp, 13: func(t *testing.T) { scenes(t, atOnce) }, 14: func(t *testing.T) { scenes(t, notHangingUp) },
		15: func(t *testing.T) { scenes(t, pingsEveryTenSeconds) }, 16: func(t *testing.T) { scenes(t, formsOfPings) },
		17: func(t *testing.T) { scenes(t, statusKeptOpen) }, 18: func(t *testing.T) { scenes(t, wholeKeptAlive) },
	}
}

func heldBack(s *scene) {
	s.run(map[string]upstreamFunc{"m1": s.streams(piece{time.Second, s.open, nil}, piece{4 * time.Second, s.half, nil}, piece{time.Second, s.rest + s.end, nil})})
	s.check("m1")
	if first := s.heard.heard[0].at; first != 5*time.Second {
		s.t.Errorf("the client heard the first bytes after %v", first)
	}
}

func anyFailure(t *testing.T) {
	status := func(n int) func(*scene) upstreamFunc {
		return func(*scene) upstreamFunc { return answerAfter(0, n, `{"error":{"message":"no"}}`) }
	}
	for name, first := range map[string]func(*scene) upstreamFunc{
		"no connection": func(*scene) upstreamFunc {
			return func(*http.Request) (*http.Response, error) { return nil, io.EOF }
		},
		"408": status(408), "429": status(429), "500": status(500), "503": status(503), "529": status(529),
		"404": func(*scene) upstreamFunc {
			return answerAfter(0, 404, `{"type":"error","error":{"type":"not_found_error","message":"model: m1","code":"model_not_found"}}`)
		},
		"error event": func(s *scene) upstreamFunc { return s.streams(piece{0, s.open + s.fail, nil}) },
		"cut": func(s *scene) upstreamFunc {
			return s.streams(piece{0, s.open, nil}, piece{0, "", io.ErrUnexpectedEOF})
		},
		"ended": func(s *scene) upstreamFunc { return s.streams(piece{0, s.open, nil}) },
		"empty": func(s *scene) upstreamFunc { return s.streams() },
	} {
		t.Run(name, func(t *testing.T) {
			scenes(t, func(s *scene) {
				s.run(map[string]upstreamFunc{"m1": first(s), "m2": s.good()})
				s.check("m1", "m2")
			})
		})
	}
}

func silence(s *scene) {
	s.run(map[string]upstreamFunc{"m1": s.streams(piece{10 * time.Second, s.open, nil}, piece{time.Hour, "", nil}), "m2": s.streams(piece{400 * time.Second, s.all(), nil})})
	s.check("m1", "m2")
	if took := time.Since(s.heard.start); took != 530*time.Second {
		s.t.Errorf("it took %v", took)
	}
}

func nothingOfTheFailed(s *scene) {
	marked := strings.NewReplacer("msg_1", "FIRST", "c1", "FIRST", "resp_1", "FIRST").Replace(s.open)
	s.run(map[string]upstreamFunc{"m1": s.streams(piece{0, marked, nil}, piece{15 * time.Second, "", io.ErrUnexpectedEOF}), "m2": s.good()})
	s.check("m1", "m2")
	if text := s.heard.Body.String(); !strings.Contains(marked, "FIRST") || strings.Contains(text, "FIRST") {
		s.t.Errorf("of the first target: %s", text)
	}
}

func otherRefusals(s *scene) {
	body := `{"error":{"message":"not like that","type":"invalid_request_error"},"more":1.50}`
	if s.target == routes.Messages {
		body = `{"type":"error","error":{"type":"invalid_request_error","message":"not like that"},"more":1.50}`
	}
	s.run(map[string]upstreamFunc{"m1": answerAfter(0, 400, body), "m2": s.good()})
	text := s.heard.Body.String()
	if s.heard.Code != 400 || s.said.failed != "not like that" || len(s.asked) != 1 || (text == body) != (s.target == s.client.format) || s.record["RINGLET_OUTCOME"] != "failed" {
		s.t.Errorf("client got %d %s; asked %v", s.heard.Code, text, s.asked)
	}
}

func allFailing(s *scene) {
	s.run(map[string]upstreamFunc{
		"m1": func(*http.Request) (*http.Response, error) { return nil, io.EOF },
		"m2": answerAfter(0, 429, `{"type":"error","error":{"type":"rate_limit_error","message":"slowly"}}`)})
	if s.heard.Code != 429 || s.said.failed != "slowly" || s.heard.Header().Get("Retry-After") != "7" || len(s.asked) != 2 || s.record["RINGLET_OUTCOME"] != "failed" {
		s.t.Errorf("client got %d %v %s; asked %v", s.heard.Code, s.heard.Header(), s.heard.Body, s.asked)
	}
}

func noSplice(s *scene) {
	s.run(map[string]upstreamFunc{"m1": s.streams(piece{0, s.open + s.half, nil}, piece{time.Second, "", io.ErrUnexpectedEOF}), "m2": s.good()})
	if len(s.asked) != 1 || strings.Contains(s.heard.Body.String(), "whole") {
		s.t.Errorf("asked %v: %s", s.asked, s.heard.Body)
	}
}

func lateFailure(s *scene) {
	s.run(map[string]upstreamFunc{"m1": s.streams(piece{0, s.open + s.half, nil}, piece{time.Second, "", io.ErrUnexpectedEOF})})
	if s.heard.Code != 200 || !s.abort || !strings.Contains(s.said.failed, "broke off") || s.said.ended || s.said.stop != "" || s.record["RINGLET_OUTCOME"] != "failed" {
		s.t.Errorf("client got %d, aborted %v, %+v\n%s\nrecord %v", s.heard.Code, s.abort, s.said, s.heard.Body, s.record)
	}
}

func ownErrorEvent(s *scene) {
	s.run(map[string]upstreamFunc{"m1": s.streams(piece{0, s.open + s.half, nil}, piece{time.Second, s.fail, nil})})
	name := map[string]string{routes.Messages: "event: error", routes.Chat: `{"error":`, routes.Responses: "event: response.failed"}[s.client.format]
	if !s.abort || s.said.failed != "too busy" || s.said.ended || strings.Count(s.heard.Body.String(), name) != 1 || s.record["RINGLET_OUTCOME"] != "failed" {
		s.t.Errorf("aborted %v, %+v\n%s\nrecord %v", s.abort, s.said, s.heard.Body, s.record)
	}
}

func noEndingMadeUp(t *testing.T) {
	t.Run("ended in the middle", func(t *testing.T) {
		scenes(t, func(s *scene) {
			s.run(map[string]upstreamFunc{"m1": s.streams(piece{0, s.open + s.half + s.rest, nil})})
			if !s.abort || s.said.failed == "" || s.said.ended || s.said.stop != "" || s.record["RINGLET_OUTCOME"] != "failed" {
				s.t.Errorf("aborted %v, %+v\n%s", s.abort, s.said, s.heard.Body)
			}
		})
	})
	t.Run("without [DONE]", func(t *testing.T) {
		scenes(t, func(s *scene) {
			if s.target != routes.Chat {
				return
			}
			all := strings.TrimSuffix(s.all(), "data: [DONE]\n\n")
			s.run(map[string]upstreamFunc{"m1": s.streams(piece{0, all, nil})})
			if s.client.format != routes.Chat {
				s.check("m1")
			} else if s.abort || s.heard.Body.String() != all || s.record["RINGLET_OUTCOME"] != "ok" {
				s.t.Errorf("aborted %v, record %v\n%s", s.abort, s.record, s.heard.Body)
			}
		})
	})
}

func atOnce(s *scene) {
	s.run(map[string]upstreamFunc{"m1": s.streams(piece{time.Second, s.open + s.half, nil}, piece{2 * time.Second, s.rest, nil}, piece{3 * time.Second, s.end, nil})})
	s.check("m1")
	if a, b := s.at("half "), s.at("whole"); a != time.Second || b != 3*time.Second {
		s.t.Errorf("heard after %v and %v", a, b)
	}
}

func notHangingUp(s *scene) {
	s.run(map[string]upstreamFunc{"m1": s.streams(piece{0, s.all(), nil}, piece{time.Hour, "", nil})})
	s.check("m1")
	if took := time.Since(s.heard.start); took != tailWait {
		s.t.Errorf("it took %v", took)
	}
}

// pingAt are the times at which the client heard a ping, of one form.
func (s *scene) pingsAt(form string) (out []int) {
	for _, h := range s.heard.heard {
		if h.data == form {
			out = append(out, int(h.at.Seconds()))
		}
	}
	return out
}

func pingsEveryTenSeconds(s *scene) {
	cut := len(s.rest) / 2
	s.run(map[string]upstreamFunc{"m1": s.streams(piece{25 * time.Second, s.open, nil}, piece{2 * time.Second, s.half, nil},
		piece{11 * time.Second, s.rest[:cut], nil}, piece{12 * time.Second, s.rest[cut:] + s.end, nil})})
	s.check("m1")
	var at []int
	for _, h := range s.heard.heard {
		if h.data == pingComment || h.data == keepalive {
			at = append(at, int(h.at.Seconds()))
		}
	}
	// The content comes at 27, and nothing whole after it before 50.
	if want := []int{10, 20, 37, 47}; !equal(at, want) {
		s.t.Errorf("pings at %v, want %v\n%s", at, want, s.heard.timeline())
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func formsOfPings(s *scene) {
	up := map[string]upstreamFunc{"m1": s.streams(piece{15 * time.Second, s.open + s.half, nil}, piece{15 * time.Second, s.rest + s.end, nil})}
	s.run(up)
	s.check("m1")
	comments, events := []int{10, 25}, []int(nil)
	if s.client.format == routes.Responses {
		comments, events = []int{10}, []int{25}
	}
	if a, b := s.pingsAt(pingComment), s.pingsAt(keepalive); !equal(a, comments) || !equal(b, events) {
		s.t.Errorf("comments at %v, events at %v", a, b)
	}
	if s.client.format == routes.Responses {
		codex := &scene{t: s.t, client: s.client, target: s.target, played: s.played, header: []string{"Originator", "codex_cli_rs"}}
		codex.run(up)
		codex.check("m1")
		if a, b := codex.pingsAt(pingComment), codex.pingsAt(keepalive); len(a) > 0 || !equal(b, []int{10, 25}) {
			s.t.Errorf("Codex: comments at %v, events at %v", a, b)
		}
	}
}

func statusKeptOpen(s *scene) {
	const slowly = `{"type":"error","error":{"type":"rate_limit_error","message":"slowly"}}`
	s.run(map[string]upstreamFunc{"m1": answerAfter(30*time.Second, 429, slowly), "m2": answerAfter(29*time.Second, 429, slowly)})
	if s.heard.Code != 429 || s.abort || len(s.heard.heard) != 1 {
		s.t.Errorf("client got %d %s", s.heard.Code, s.heard.timeline())
	}
	late := &scene{t: s.t, client: s.client, target: s.target, played: s.played}
	late.run(map[string]upstreamFunc{"m1": answerAfter(75*time.Second, 429, slowly), "m2": late.good()})
	late.check("m1", "m2")
	if first := late.heard.heard[0].at; first != promiseAfter {
		s.t.Errorf("the client heard the first bytes after %v", first)
	}
}

func wholeKeptAlive(s *scene) {
	whole := map[string]string{
		routes.Messages:  `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"half whole"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":5}}`,
		routes.Chat:      `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"half whole"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5}}`,
		routes.Responses: `{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"completed","error":null,"output":[{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"half whole","annotations":[]}]}],"usage":{"input_tokens":3,"output_tokens":5,"total_tokens":8}}`,
	}[s.target]
	s.whole = true
	s.run(map[string]upstreamFunc{"m1": answerAfter(85*time.Second, 200, whole)})
	s.check("m1")
	if at := s.pingsAt(padding); !equal(at, []int{60, 70, 80}) {
		s.t.Errorf("line breaks at %v", at)
	}
	failed := &scene{t: s.t, client: s.client, target: s.target, whole: true}
	failed.run(map[string]upstreamFunc{"m1": answerAfter(85*time.Second, 529, `{"type":"error","error":{"type":"overloaded_error","message":"too busy"}}`),
		"m2": func(*http.Request) (*http.Response, error) { return nil, errors.New("no") }})
	if failed.heard.Code != 200 || !failed.abort || failed.said.failed != "too busy" || failed.record["RINGLET_OUTCOME"] != "failed" {
		s.t.Errorf("client got %d, aborted %v: %s", failed.heard.Code, failed.abort, failed.heard.timeline())
	}
}

// A client that leaves takes its request at the target with it.
func TestTranslatedClientLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scene{t: t, client: talks()[0], target: routes.Chat, played: play(routes.Chat)}
		e := bare(t, speaking("https://up.example", []string{routes.Chat}, "always -> a/m"), upstreamFunc(func(r *http.Request) (*http.Response, error) {
			return s.streams(piece{0, s.open + s.half, nil}, piece{time.Hour, "", nil})(r)
		}))
		start := time.Now()
		if _, aborted := e.testPost(t, "/v1/messages", s.client.ask("x", true, []turn{{user: "hi"}}), context.Canceled); !aborted || time.Since(start) > time.Second {
			t.Errorf("aborted %v after %v", aborted, time.Since(start))
		}
	})
}
