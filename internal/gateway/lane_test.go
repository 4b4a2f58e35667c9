package gateway

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

// speaking has the provider a at an upstream that speaks some formats.
func speaking(url string, formats []string, rules ...string) *routes.Config {
	c := testConfig(map[string]string{"a": url}, rules...)
	p := c.Ringlet.Providers["a"]
	p.Formats = map[string]string{}
	for _, format := range formats {
		p.Formats[format] = url
		if format != routes.Messages {
			p.Formats[format] += "/v1"
		}
	}
	c.Ringlet.Providers["a"] = p
	return c
}

// formats are the wire formats with a request's path, and the parts of a request
// around the model's name that an encoder would write otherwise.
var formats = []struct{ name, path, before, after string }{
	{routes.Messages, "/v1/messages", "{ \"stream\" : %,\n\t\"metadata\":{\"model\":\"inner\",\"x\":1.50e+1}, \"mo\\u0064el\"  :  ",
		",\"max_tokens\":5, \"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9 \U0001f600 \\ud83d\\ude00 <&>\"}]  }\n"},
	{routes.Chat, "/v1/chat/completions", "{\"metadata\":{\"model\":\"inner\",\"b\":\"1.50\",\"a\":\"\\/\"},\r\n \"stream\":%,\"model\" : ",
		", \"messages\" : [ {\"content\":\"\\u00e9 \U0001f600 \\ud83d\\ude00 <&>\",\"role\":\"user\"}],\"temperature\":1.0e0}"},
	{routes.Responses, "/v1/responses", "\t{\"input\":[{\"role\":\"developer\",\"content\":[{\"type\":\"input_text\",\"text\":\"\\u00e9 <&>\"}]},{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":%, \"model\":",
		",\"tools\":[{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[]}],\"prompt_cache_key\":\"k\",\"store\":false ,\"include\":[]}"},
}

// In all three formats: what the provider gets differs from what the client
// sent in the model's name only, and what the client gets does not differ at all.
func TestSameFormatBytes(t *testing.T) {
	for _, f := range formats {
		for _, stream := range []string{"true", "false"} {
			t.Run(f.name+"/stream "+stream, func(t *testing.T) {
				var reply gatewaytest.Reply
				up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
					reply = gatewaytest.Behave(r)
					return reply
				})
				c := speaking(up.URL, []string{routes.Messages, routes.Chat, routes.Responses}, "always -> a/short")
				c.ModelList = []routes.Model{{Name: "a/short", Params: routes.LiteLLMParams{Model: "a/long-name-20250514"}}}
				g := start(t, c)
				before := strings.Replace(f.before, "%", stream, 1)
				a := g.do(g.request(f.path+"?beta=true&x=%2F", before+`"claude-\u0078"`+f.after))
				if a.status != 200 || a.err != nil {
					t.Fatalf("%+v", a)
				}
				got := up.Requests()[0]
				if want := before + `"long-name-20250514"` + f.after; string(got.Body) != want {
					t.Errorf("upstream got\n%q\nwant\n%q", got.Body, want)
				}
				if got.Query != "beta=true&x=%2F" || got.Path != f.path {
					t.Errorf("upstream got %s?%s", got.Path, got.Query)
				}
				want := string(reply.Body)
				for _, e := range reply.Events {
					want += e.Raw
				}
				if a.body != want {
					t.Errorf("client got\n%q\nwant\n%q", a.body, want)
				}
				g.stop()
				// Chat reports usage in a stream only to who asks for it, and nobody asks for it here.
				known := f.name != routes.Chat || stream == "false"
				if r := g.record(); r["RINGLET_OUTCOME"] != "ok" || (r["RINGLET_OUTPUT_TOKENS"] != "") != known || known && r["RINGLET_CACHE_READ_TOKENS"] != "7" {
					t.Errorf("record %v", r)
				}
			})
		}
	}
}

func TestUsageInChatStreams(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, speaking(up.URL, []string{routes.Chat}, "always -> a/m"))
	g.do(g.request("/v1/chat/completions", `{"model":"x","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`))
	g.stop()
	if r := g.record(); r["RINGLET_INPUT_TOKENS"] == "" || r["RINGLET_OUTPUT_TOKENS"] == "" || r["RINGLET_CACHE_READ_TOKENS"] != "7" {
		t.Errorf("record %v", r)
	}
}

// Clients whose base URL has the /v1 already, or none at all.
func TestPathsWithoutV1(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, speaking(up.URL, []string{routes.Messages, routes.Chat, routes.Responses}, "always -> a/m"))
	for _, f := range formats {
		a := g.do(g.request(strings.TrimPrefix(f.path, "/v1"), strings.Replace(f.before, "%", "false", 1)+`"x"`+f.after))
		if r := up.Requests(); a.status != 200 || r[len(r)-1].Path != f.path {
			t.Errorf("%s: %+v", f.name, a)
		}
	}
}

func TestWebSocketIsAnsweredAtOnce(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, speaking(up.URL, []string{routes.Responses}, "always -> a/m"))
	req := g.request("/v1/responses", "", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Content-Type", "")
	req.Method, req.Body = http.MethodGet, nil
	a := g.do(req)
	if a.status != http.StatusUpgradeRequired || !strings.HasPrefix(a.body, `{"error":{"message":`) || len(up.Requests()) != 0 {
		t.Errorf("client got %+v", a)
	}
}

// Errors of our own have the shape of the client's format.
func TestOwnErrorsByFormat(t *testing.T) {
	for _, f := range formats {
		g := start(t, testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "tools > 5 -> a/m"))
		want := `{"error":{"message":"`
		if f.name == routes.Messages {
			want = `{"type":"error","error":{"type":"`
		}
		for body, status := range map[string]int{"{": 400, `{"model":7}`: 400, `{"model":"x"}`: 404} {
			if a := g.do(g.request(f.path, body)); a.status != status || !strings.HasPrefix(a.body, want) || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %q: %+v", f.name, body, a)
			}
		}
		if a := g.do(g.request(f.path, `{"model":"x"}`, "Authorization", "")); a.status != 401 || !strings.HasPrefix(a.body, want) {
			t.Errorf("%s: without a token: %+v", f.name, a)
		}
	}
}

// TestMarks is what each event means.
func TestMarks(t *testing.T) {
	for _, tc := range []struct {
		lane    lane
		name    string
		data    string
		passing bool
		want    mark
	}{
		{messagesLane{}, "message_start", `{"type":"message_start"}`, false, nothing},
		{messagesLane{}, "ping", `{"type":"ping"}`, false, nothing},
		{messagesLane{}, "content_block_start", `{}`, false, content},
		{messagesLane{}, "", `{"type":"content_block_start"}`, false, content},
		{messagesLane{}, "message_delta", `{}`, false, content},
		{messagesLane{}, "message_stop", `{}`, true, last},
		{messagesLane{}, "error", `{}`, true, broken},
		{chatLane{}, "", "", false, nothing},
		{chatLane{}, "", `{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}`, false, nothing},
		{chatLane{}, "", `{"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[]}}]}`, false, nothing},
		{chatLane{}, "", `{"choices":[],"prompt_filter_results":[]}`, false, nothing},
		{chatLane{}, "", `{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}`, false, content},
		{chatLane{}, "", `{"choices":[{"delta":{"reasoning_content":"a"}}]}`, false, content},
		{chatLane{}, "", `{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}`, false, content},
		{chatLane{}, "", `{"choices":[{"delta":{},"finish_reason":"stop"}]}`, false, enough},
		{chatLane{}, "", `{"choices":[],"usage":{"prompt_tokens":1}}`, true, nothing},
		{chatLane{}, "", "[DONE]", true, last},
		{chatLane{}, "", `{"error":{"message":"x"}}`, false, broken},
		{responsesLane{}, "response.created", `{"type":"response.created"}`, false, nothing},
		{responsesLane{}, "response.in_progress", `{}`, false, nothing},
		{responsesLane{}, "keepalive", `{}`, false, nothing},
		{responsesLane{}, "response.output_item.added", `{}`, false, content},
		{responsesLane{}, "", `{"type":"response.output_text.delta"}`, false, content},
		{responsesLane{}, "response.completed", `{}`, true, last},
		{responsesLane{}, "response.incomplete", `{}`, true, last},
		{responsesLane{}, "response.failed", `{}`, true, broken},
		{responsesLane{}, "error", `{}`, false, broken},
	} {
		u := noUsage()
		if got := tc.lane.mark(sseEvent{tc.name, []byte(tc.data)}, tc.passing, &u); got != tc.want {
			t.Errorf("%s: %s %s: %d, want %d", tc.lane.format(), tc.name, tc.data, got, tc.want)
		}
	}
}

// TestFailureOfEvents is what an error event becomes where an answer can still
// have a status.
func TestFailureOfEvents(t *testing.T) {
	for _, tc := range []struct {
		lane   lane
		data   string
		status int
		body   string
	}{
		{messagesLane{}, `{"type":"error","error":{"type":"overloaded_error","message":"m"}}`, 529, `{"type":"error","error":{"type":"overloaded_error","message":"m"}}`},
		{messagesLane{}, `oops`, 500, ""},
		{chatLane{}, `{"error":{"message":"m","code":429}}`, 429, `{"error":{"message":"m","code":429}}`},
		{chatLane{}, `{"error":{"message":"m","type":"overloaded_error"}}`, 503, `{"error":{"message":"m","type":"overloaded_error"}}`},
		{chatLane{}, `{"error":{"message":"m"}}`, 500, `{"error":{"message":"m"}}`},
		{responsesLane{}, `{"type":"error","code":"rate_limit_exceeded","message":"m","param":null}`, 429, `{"error":{"message":"m","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}`},
		{responsesLane{}, `{"type":"response.failed","response":{"error":{"code":"server_error","message":"m\n"}}}`, 500, `{"error":{"message":"m\n","type":"server_error","param":null,"code":"server_error"}}`},
		{responsesLane{}, `{"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"m"}}`, 400, `{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"context_length_exceeded"}}`},
		{responsesLane{}, `{"type":"response.failed","response":{"error":null}}`, 500, `{"error":{"message":"the upstream reported an error","type":"server_error","param":null,"code":null}}`},
	} {
		if status, body := tc.lane.failure([]byte(tc.data)); status != tc.status || string(body) != tc.body {
			t.Errorf("%s: %s: %d %s", tc.lane.format(), tc.data, status, body)
		}
	}
}

// TestErrorEvents is how an error's body ends a stream that goes through as it is.
func TestErrorEvents(t *testing.T) {
	for _, tc := range []struct {
		lane lane
		body string
		want []string // in it, in order
	}{
		{messagesLane{}, `{"type":"error","error":{"type":"overloaded_error","message":"m"}}`, []string{"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n"}},
		{chatLane{}, `{"error":{"message":"m","type":"server_error","param":null,"code":null}}`, []string{"data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n"}},
		{responsesLane{}, `{"error":{"message":"m","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}`,
			[]string{"event: response.failed\n", `"status":"failed"`, `"code":"rate_limit_exceeded"`, "event: error\n", `"code":"rate_limit_exceeded"`, "\n\n"}},
	} {
		rest := string(tc.lane.errorEvent([]byte(tc.body)))
		for _, want := range tc.want {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Errorf("%s: no %s in %s", tc.lane.format(), want, rest)
			}
			rest = after
		}
		if rest != "" {
			t.Errorf("%s: and then %q", tc.lane.format(), rest)
		}
	}
}
