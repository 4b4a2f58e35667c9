package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/routes"
)

// played is what a format's target says, event by event.
type played struct{ open, half, rest, end, fail string }

func (p played) all() string { return p.open + p.half + p.rest + p.end }

func event(name, data string) string { return string(formatEvent(name, []byte(data))) }

func play(format string) played {
	switch format {
	case routes.Messages:
		return played{
			open: event("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}`) + event("ping", `{"type":"ping"}`),
			half: event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`) + event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"half "}}`),
			rest: event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"whole"}}`),
			end: event("content_block_stop", `{"type":"content_block_stop","index":0}`) + event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":5}}`) +
				event("message_stop", `{"type":"message_stop"}`),
			fail: event("error", `{"type":"error","error":{"type":"overloaded_error","message":"too busy"}}`),
		}
	case routes.Chat:
		chunk := func(delta, finish string) string {
			return event("", `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":`+delta+`,"finish_reason":`+finish+`}]}`)
		}
		return played{open: chunk(`{"role":"assistant","content":""}`, "null"), half: chunk(`{"content":"half "}`, "null"), rest: chunk(`{"content":"whole"}`, "null"),
			end: chunk(`{}`, `"stop"`) + event("", "[DONE]"), fail: event("", `{"error":{"message":"too busy","type":"server_error","param":null,"code":null}}`)}
	}
	item := func(kind, status, content string) string {
		return event("response.output_item."+kind, `{"type":"response.output_item.`+kind+`","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","status":"`+status+`","content":[`+content+`]}}`)
	}
	delta := func(text string) string {
		return event("response.output_text.delta", `{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"`+text+`"}`)
	}
	const text = `{"type":"output_text","text":"half whole","annotations":[]}`
	response := func(status, rest string) string {
		return `{"type":"response.` + status + `","response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"` + status + `",` + rest + `}}`
	}
	return played{
		open: event("response.created", strings.Replace(response("created", `"output":[]`), `"status":"created"`, `"status":"in_progress"`, 1)),
		half: item("added", "in_progress", "") + event("response.content_part.added", `{"type":"response.content_part.added","item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}`) + delta("half "),
		rest: delta("whole"),
		end: event("response.output_text.done", `{"type":"response.output_text.done","item_id":"msg_1","output_index":0,"content_index":0,"text":"half whole"}`) +
			event("response.content_part.done", `{"type":"response.content_part.done","item_id":"msg_1","output_index":0,"content_index":0,"part":`+text+`}`) + item("done", "completed", text) +
			event("response.completed", response("completed", `"output":[{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[`+text+`]}],"usage":{"input_tokens":3,"output_tokens":5,"total_tokens":8}`)),
		fail: event("response.failed", response("failed", `"error":{"code":"server_error","message":"too busy"},"output":[]`)),
	}
}

// scene is one request of a client of one format, to targets m1 and m2 of another.
type scene struct {
	t      *testing.T
	client talk
	target string
	played
	whole  bool     // no stream is asked for
	header []string // of the client
	rules  []string // m1 and m2 always, where none are given
	asked  []string // the models that were asked, in order
	heard  *clientSide
	abort  bool
	said   said
	record map[string]string
}

// run plays the scene; answer is what a target does, by its model.
func (s *scene) run(answer map[string]upstreamFunc) {
	s.t.Helper()
	if s.rules == nil {
		s.rules = []string{"always -> a/m1", "always -> a/m2"}
	}
	var log journalLog
	e := bare(s.t, speaking("https://up.example", []string{s.target}, s.rules...), upstreamFunc(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		for model, f := range answer {
			if strings.Contains(string(body), `"`+model+`"`) {
				s.asked = append(s.asked, model)
				return f(r)
			}
		}
		return nil, errors.New("no such model")
	}), &log)
	s.heard, s.abort = e.testPost(s.t, pathOf(s.client.format), s.client.ask("x", !s.whole, []turn{{user: "hi"}}), nil, s.header...)
	synctest.Wait()
	s.said = s.client.hear(s.t, answerOf(s.heard))
	s.record = log.requests()[0]
}

func answerOf(c *clientSide) answer { return answer{c.Code, c.Header(), c.Body.String(), nil} }

// good is a proper answer: all of the stream, or the whole.
func (s *scene) good() upstreamFunc { return s.streams(piece{0, s.all(), nil}) }

func (s *scene) streams(pieces ...piece) upstreamFunc {
	return func(r *http.Request) (*http.Response, error) {
		resp := sseResponse(pieces...)
		body := resp.Body.(*fakeBody)
		go func() {
			select {
			case <-r.Context().Done():
				_ = body.Close() // as a transport does
			case <-body.closed:
			}
		}()
		return resp, nil
	}
}

// check wants the answer "half whole", properly ended, from the targets asked.
func (s *scene) check(asked ...string) {
	s.t.Helper()
	if s.heard.Code != 200 || s.abort || s.said.text != "half whole" || !s.said.ended || s.said.failed != "" || !slices.Equal(s.asked, asked) || s.record["RINGLET_OUTCOME"] != "ok" {
		s.t.Errorf("asked %v; client got %d, aborted %v: %+v\n%s\nrecord %v", s.asked, s.heard.Code, s.abort, s.said, s.heard.timeline(), s.record)
	}
}

// at is when the client heard words for the first time.
func (s *scene) at(words string) time.Duration {
	for _, h := range s.heard.heard {
		if strings.Contains(h.data, words) {
			return h.at
		}
	}
	return -1
}

// scenes runs a test for each pair of formats, in a bubble of time.
func scenes(t *testing.T, test func(s *scene)) {
	for _, k := range talks() {
		for _, target := range []string{routes.Messages, routes.Chat, routes.Responses} {
			t.Run(k.format+" from "+target, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					test(&scene{t: t, client: k, target: target, played: play(target)})
				})
			})
		}
	}
}

// TestContract runs the test of each sentence of docs/streams.md; the
// sentences there and the tests here are the same in number.
func TestContract(t *testing.T) {
	text, err := os.ReadFile("../../docs/streams.md")
	if err != nil {
		t.Fatal(err)
	}
	sentences := regexp.MustCompile(`(?m)^(\d+)\. `).FindAllSubmatch(text, -1)
	tests := contract()
	if len(sentences) != len(tests) {
		t.Errorf("%d sentences, %d tests", len(sentences), len(tests))
	}
	for i, s := range sentences {
		if string(s[1]) != fmt.Sprint(i+1) || tests[i+1] == nil {
			t.Errorf("sentence %s stands in place %d, with a test: %v", s[1], i+1, tests[i+1] != nil)
		}
	}
	for i := 1; i <= len(tests); i++ {
		t.Run(fmt.Sprint(i), tests[i])
	}
}
