package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringlet/ringlet/routes"
)

// answerAfter answers with a whole message after a wait.
func answerAfter(d time.Duration, status int, body string) upstreamFunc {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		if status == 0 {
			return nil, errors.New("cut")
		}
		return &http.Response{StatusCode: status, ContentLength: int64(len(body)), Header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"7"}},
			Body: &fakeBody{pieces: []piece{{0, body, nil}}, closed: make(chan struct{})}}, nil
	}
}

// timeline is what a client heard, as "seconds:text".
func (c *clientSide) timeline() string {
	var out []string
	for _, h := range c.heard {
		out = append(out, fmt.Sprintf("%d:%s", int(h.at.Seconds()), strings.TrimSuffix(h.data, "\n\n")))
	}
	return strings.Join(out, " ")
}

func TestStatusIsKeptOpen(t *testing.T) {
	const (
		messagesError = `{"type":"error","error":{"type":"rate_limit_error","message":"m"}}`
		openAIBody    = `{"error":{"message":"m","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}`
		whole         = `{"type":"message"}`
	)
	failedEvent := strings.TrimSuffix(string(responsesLane{}.errorEvent([]byte(strings.Replace(openAIBody, `"m"`, `"m Please try again in 7s."`, 1)))), "\n\n")
	for _, tc := range []struct {
		name    string
		format  string
		stream  bool
		up      upstreamFunc
		status  int
		heard   string
		aborted bool
		header  []string
	}{
		{"a 429 stays one", routes.Messages, true, answerAfter(59*time.Second, 429, messagesError), 429, "59:" + messagesError, false, nil},
		{"a late 429 is an event", routes.Messages, true, answerAfter(75*time.Second, 429, messagesError), 200, "60:: ping 70:: ping 75:event: error\ndata: " + messagesError, true, nil},
		{"for Chat", routes.Chat, true, answerAfter(65*time.Second, 429, openAIBody), 200, "60:: ping 65:data: " + openAIBody, true, nil},
		{"for Responses", routes.Responses, true, answerAfter(65*time.Second, 429, openAIBody), 200, "60:: ping 65:" + failedEvent, true, nil},
		{"for Codex", routes.Responses, true, answerAfter(65*time.Second, 429, openAIBody), 200,
			"60:event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":0} 65:" + failedEvent, true, []string{"Originator", "codex_exec"}},
		{"a whole answer in time", routes.Messages, false, answerAfter(59*time.Second, 200, whole), 200, "59:" + whole, false, nil},
		{"a whole answer that is late", routes.Messages, false, answerAfter(85*time.Second, 200, whole), 200, "60:\n 70:\n 80:\n 85:" + whole, false, nil},
		{"a whole error that is late", routes.Messages, false, answerAfter(65*time.Second, 429, messagesError), 200, "60:\n 65:" + messagesError, true, nil},
		{"no answer, late", routes.Chat, false, answerAfter(65*time.Second, 0, ""), 200, `60:` + "\n" + ` 65:{"error":{"message":"a/m: the request failed","type":"server_error","param":null,"code":null}}`, true, nil},
		{"no answer, early", routes.Chat, false, answerAfter(5*time.Second, 0, ""), 502, `5:{"error":{"message":"a/m: the request failed","type":"server_error","param":null,"code":null}}`, false, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journalLog{}
				e := bare(t, speaking("https://up.example", []string{tc.format}, "always -> a/m"), tc.up, j)
				c, aborted := e.testPost(t, pathOf(tc.format), ask("x", tc.stream), nil, tc.header...)
				if c.Code != tc.status || c.timeline() != tc.heard || aborted != tc.aborted {
					t.Errorf("client got %d, aborted %v\n%s\nwant %d, %v\n%s", c.Code, aborted, c.timeline(), tc.status, tc.aborted, tc.heard)
				}
				synctest.Wait()
				if r := j.requests()[0]; (r["RINGLET_OUTCOME"] == "failed") != (tc.status != 200 || tc.aborted) {
					t.Errorf("record %v", r)
				}
			})
		})
	}
}

func pathOf(format string) string {
	for _, f := range formats {
		if f.name == format {
			return f.path
		}
	}
	panic(format)
}

// TestUnaskedStream: a target that streams although nobody asked for it, and one
// that does not although it was asked to.
func TestUnaskedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m1"), upstreamFunc(func(*http.Request) (*http.Response, error) {
			return sseResponse(piece{15 * time.Second, evContent + evStop, nil}), nil
		}))
		c, aborted := e.testPost(t, "/v1/messages", ask("x", false), nil)
		if c.timeline() != "10:: ping 15:"+strings.TrimSuffix(evContent+evStop, "\n\n") || aborted {
			t.Errorf("client heard %s, aborted %v", c.timeline(), aborted)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m1"), upstreamFunc(func(*http.Request) (*http.Response, error) {
			resp := sseResponse(piece{65 * time.Second, `{"type":"message"}`, nil})
			resp.Header.Set("Content-Type", "application/json")
			return resp, nil
		}))
		c, aborted := e.testRequest(t, nil)
		if !strings.HasPrefix(c.timeline(), "60:: ping 65:event: error\n") || !aborted {
			t.Errorf("client heard %s, aborted %v", c.timeline(), aborted)
		}
	})
}

// TestSeveralChoices: a stream whose first choice is complete goes on for the others.
func TestSeveralChoices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chunk := func(index, delta, finish string) string {
			return event("", `{"choices":[{"index":`+index+`,"delta":`+delta+`,"finish_reason":`+finish+`}]}`)
		}
		one, two := chunk("0", `{"content":"a"}`, "null")+chunk("0", "{}", `"stop"`)+chunk("1", `{"content":"b"}`, "null"), chunk("1", "{}", `"stop"`)+event("", "[DONE]")
		e := bare(t, speaking("https://up.example", []string{routes.Chat}, "always -> a/m"), upstreamFunc(func(*http.Request) (*http.Response, error) {
			return sseResponse(piece{0, one, nil}, piece{15 * time.Second, two, nil}), nil
		}))
		c, aborted := e.testPost(t, "/v1/chat/completions", ask("x", true), nil)
		if c.Body.String() != one+pingComment+two || aborted {
			t.Errorf("client heard %s, aborted %v", c.timeline(), aborted)
		}
	})
}

// A fallback is still possible after pings: no content went out.
func TestFallbackAfterPromise(t *testing.T) {
	for _, stream := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m1", "always -> a/m2"), upstreamFunc(func(r *http.Request) (*http.Response, error) {
				if n++; n == 1 {
					return answerAfter(65*time.Second, 529, "{}")(r)
				}
				if stream {
					return sseResponse(piece{7 * time.Second, evContent + evStop, nil}), nil
				}
				return answerAfter(7*time.Second, 200, `{"type":"message"}`)(r)
			}))
			c, aborted := e.testPost(t, "/v1/messages", ask("x", stream), nil)
			want := "60:\n 70:\n 72:{\"type\":\"message\"}"
			if stream {
				want = "60:: ping 70:: ping 72:" + strings.TrimSuffix(evContent+evStop, "\n\n")
			}
			if c.timeline() != want || aborted || c.Code != 200 {
				t.Errorf("client heard %s, aborted %v", c.timeline(), aborted)
			}
		})
	}
}

// Where another target is left, silence is a failure; the last one may be
// waited for.
func TestSilenceBeforeContent(t *testing.T) {
	silent := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	hangs := func(pieces ...piece) upstreamFunc {
		return func(*http.Request) (*http.Response, error) {
			return sseResponse(append(pieces, piece{time.Hour, "", nil})...), nil
		}
	}
	for _, tc := range []struct {
		name  string
		first upstreamFunc
		at    time.Duration // of the second target's answer
		tried string
	}{
		{"no headers", silent, 120 * time.Second, "a/m1=silent,a/m2=200"},
		{"headers and nothing more", hangs(), 120 * time.Second, "a/m1=silent,a/m2=200"},
		{"an opening and nothing more", hangs(piece{50 * time.Second, evStart, nil}), 170 * time.Second, "a/m1=silent,a/m2=200"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				j := &journalLog{}
				e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m1", "always -> a/m2"), upstreamFunc(func(r *http.Request) (*http.Response, error) {
					if n++; n == 1 {
						return tc.first(r)
					}
					return sseResponse(piece{0, evContent, nil}, piece{200 * time.Second, evStop, nil}), nil // after content there is no limit
				}), j)
				c, aborted := e.testRequest(t, nil)
				at := time.Duration(0)
				for _, h := range c.heard {
					if strings.HasPrefix(h.data, evContent) {
						at = h.at
					}
				}
				synctest.Wait()
				if r := j.requests()[0]; aborted || at != tc.at || r["RINGLET_TRIED"] != tc.tried || !strings.HasSuffix(c.Body.String(), evStop) {
					t.Errorf("content at %v, aborted %v, %v", at, aborted, r)
				}
			})
		})
	}
}

func TestTheLastTargetMayBeSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m1"), upstreamFunc(func(*http.Request) (*http.Response, error) {
			return sseResponse(piece{500 * time.Second, evContent + evStop, nil}), nil
		}))
		if c, aborted := e.testRequest(t, nil); aborted || !strings.HasSuffix(c.Body.String(), evStop) {
			t.Errorf("aborted %v, %s", aborted, c.timeline())
		}
	})
}
