package gatewaytest

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func post(t *testing.T, u *Upstream, path, body string, header ...string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequest("POST", u.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("anthropic-version", "2023-06-01")
	req.Header.Set("x-api-key", "k")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Del(header[i])
		if header[i+1] != "" {
			req.Header.Set(header[i], header[i+1])
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

func TestBehaviours(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		model  string
		status int
		want   string
		cut    bool
	}{
		{"claude-x", 200, "model claude-x at /anthropic/v1/messages", false},
		{"x-fail-529", 529, "overloaded_error", false},
		{"x-fail-404", 404, "not_found_error", false},
		{"x-error-event", 200, "event: error", false},
		{"x-late-error-event", 200, "half an ", false},
		{"x-cut-early", 200, "message_start", true},
		{"x-cut-mid", 200, "half an ", true},
		{"x-empty", 200, "", false},
		{"x-slow-3x1", 200, "piece 3 of 3", false},
		{"x-redirect", 302, "{}", false},
	} {
		t.Run(tc.model, func(t *testing.T) {
			t.Parallel()
			u := New(t, nil)
			// One text delta per word: read the whole, take the text together.
			resp, body, err := post(t, u, "/anthropic/v1/messages", `{"model":"`+tc.model+`","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}`)
			if resp.StatusCode != tc.status || !strings.Contains(body+joinText(body), tc.want) || errors.Is(err, io.ErrUnexpectedEOF) != tc.cut {
				t.Errorf("got %d, %v\n%s", resp.StatusCode, err, body)
			}
		})
	}
}

func joinText(sse string) string {
	var out strings.Builder
	sc := bufio.NewScanner(strings.NewReader(sse))
	for sc.Scan() {
		data, ok := strings.CutPrefix(sc.Text(), "data: ")
		var e struct{ Delta struct{ Text string } }
		if ok && json.Unmarshal([]byte(data), &e) == nil {
			out.WriteString(e.Delta.Text)
		}
	}
	return out.String()
}

func TestRetryAfter(t *testing.T) {
	resp, _, _ := post(t, New(t, nil), "/v1/messages", `{"model":"fail-429-retry-after-120","max_tokens":9,"messages":[]}`)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "120" {
		t.Errorf("got %d, retry-after %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
}

func TestRefusesWhatTheAPIWould(t *testing.T) {
	good := `{"model":"m","max_tokens":1,"messages":[]}`
	for _, tc := range []struct {
		name, path, body string
		header           []string
		status           int
	}{
		{"no version", "/v1/messages", good, []string{"anthropic-version", ""}, 400},
		{"no key", "/v1/messages", good, []string{"x-api-key", ""}, 401},
		{"content type", "/v1/messages", good, []string{"Content-Type", "text/plain"}, 400},
		{"path", "/v1/complete", good, nil, 404},
		{"no JSON", "/v1/messages", "{", nil, 400},
		{"trailing text", "/v1/messages", good + "}", nil, 400},
		{"no max_tokens", "/v1/messages", `{"model":"m","messages":[]}`, nil, 400},
		{"a role", "/v1/messages", `{"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"x"}]}`, nil, 400},
		{"a call without a result", "/v1/messages", `{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a"}]},{"role":"user","content":"x"}]}`, nil, 400},
		{"another's signature", "/v1/messages", `{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"y"}]}]}`, nil, 400},
		{"chat: a field of another format", "/v1/chat/completions", `{"model":"m","system":"x","messages":[{"role":"user","content":"x"}]}`, nil, 400},
		{"chat: a result without a call", "/v1/chat/completions", `{"model":"m","messages":[{"role":"tool","tool_call_id":"x","content":"x"}]}`, nil, 400},
		{"chat: good", "/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"x"}]}`, nil, 200},
		{"responses: a field of another format", "/v1/responses", `{"model":"m","messages":[],"input":"x"}`, nil, 400},
		{"responses: a call without a result", "/v1/responses", `{"model":"m","input":[{"type":"function_call","call_id":"a","name":"f","arguments":"{}"}]}`, nil, 400},
		{"responses: good", "/v1/responses", `{"model":"m","input":"x"}`, nil, 200},
		{"count needs no max_tokens", "/v1/messages/count_tokens", `{"model":"m","messages":[]}`, nil, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if resp, body, _ := post(t, New(t, nil), tc.path, tc.body, tc.header...); resp.StatusCode != tc.status {
				t.Errorf("got %d, want %d: %s", resp.StatusCode, tc.status, body)
			}
		})
	}
}

func TestToolConversation(t *testing.T) {
	u := New(t, nil)
	_, body, _ := post(t, u, "/v1/messages", `{"model":"m","max_tokens":9,"stream":true,"tools":[{"name":"Bash"}],"messages":[
		{"role":"user","content":[{"type":"text","text":"please run-tool: echo hello | tr a-z A-Z\nthanks"}]},{"role":"system","content":"note"}]}`)
	if !strings.Contains(body, `"name":"Bash"`) || !strings.Contains(body, `echo hello | tr a-z A-Z\",`) || !strings.Contains(body, `"stop_reason":"tool_use"`) {
		t.Errorf("no tool call in\n%s", body)
	}
	_, body, _ = post(t, u, "/v1/messages", `{"model":"m","max_tokens":9,"tools":[{"name":"Bash"}],"messages":[
		{"role":"user","content":"run-tool: echo hello"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"HELLO"}]}]}`)
	if !strings.Contains(body, "The tool said: HELLO") {
		t.Errorf("the result is not in\n%s", body)
	}
	_, body, _ = post(t, u, "/v1/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"run-tool: x"}]}`)
	if strings.Contains(body, "tool_use") {
		t.Errorf("a tool that was not offered is called:\n%s", body)
	}
}

func TestSchemaAnswer(t *testing.T) {
	_, body, _ := post(t, New(t, nil), "/v1/messages", `{"model":"haiku","max_tokens":9,"messages":[],
		"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"title":{"type":"string"},"new":{"type":"boolean"}}}}}}`)
	var m struct{ Content []struct{ Text string } }
	if err := json.Unmarshal([]byte(body), &m); err != nil || len(m.Content) != 1 {
		t.Fatal(err, body)
	}
	if want := `{"new":false,"title":"Scripted title"}`; m.Content[0].Text != want {
		t.Errorf("got %s, want %s", m.Content[0].Text, want)
	}
}

func TestRemembersAndCounts(t *testing.T) {
	var log strings.Builder
	u, err := Start(Options{Log: &log, Keep: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	body := `{"model":"m","max_tokens":1, "messages":[]}`
	for range 3 {
		if resp, _, err := post(t, u, "/v1/messages?beta=true", body, "x-api-key", "secret"); err != nil || resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode, err)
		}
	}
	rs := u.Requests()
	if len(rs) != 2 || string(rs[1].Body) != body || rs[1].Query != "beta=true" || rs[1].ModelNumber != 3 || rs[1].Key != "secret" {
		t.Errorf("remembered %+v", rs)
	}
	resp, err := http.Get(u.URL + "/__stats")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	var s Stats
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil || s.Total != 3 || s.Models["m"] != 3 {
		t.Errorf("stats %+v, %v", s, err)
	}
	if !strings.Contains(log.String(), `"key_sha256_prefix":"`+KeyPrefix("secret")) || strings.Contains(log.String(), "secret") {
		t.Errorf("log: %s", log.String())
	}
}

func TestSeesTheClientLeave(t *testing.T) {
	u := New(t, func(*Request) Reply { return Reply{Events: []Event{Ping()}, End: Hang} })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, _ := http.NewRequest("POST", u.URL+"/v1/messages", strings.NewReader(`{"model":"m","max_tokens":1,"messages":[]}`))
	req.Header = http.Header{"Content-Type": {"application/json"}, "Anthropic-Version": {"1"}, "X-Api-Key": {"k"}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	r := u.Requests()[0]
	select {
	case <-r.Done():
	case <-time.After(time.Minute):
		t.Fatal("the request never ended")
	}
	if !r.Left() {
		t.Error("Left is false")
	}
}

// The three formats hold the same conversation.
func TestToolConversationOfOpenAI(t *testing.T) {
	u := New(t, nil)
	for _, tc := range []struct{ path, ask, called, result string }{
		{"/v1/chat/completions", `{"model":"calls-2","STREAM":1,"tools":[{"type":"function","function":{"name":"bash","parameters":{"type":"object","properties":{"command":{"type":"string"}}}}}],
			"messages":[{"role":"user","content":"run-tool: echo hi"}]}`, `"finish_reason":"tool_calls"`,
			`{"model":"m","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"bash","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"HELLO"}]}`},
		{"/v1/responses", `{"model":"calls-2","STREAM":1,"tools":[{"type":"namespace","name":"ns","tools":[{"type":"function","name":"exec_command","parameters":{"type":"object","properties":{"cmd":{"type":"string"}}}}]}],
			"input":[{"role":"user","content":[{"type":"input_text","text":"run-tool: echo hi"}]}]}`, `"namespace":"ns"`,
			`{"model":"m","input":[{"role":"user","content":"x"},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"HELLO"}]}`},
	} {
		for _, stream := range []string{`"stream":true`, `"stream":false`} {
			_, body, _ := post(t, u, tc.path, strings.Replace(tc.ask, `"STREAM":1`, stream, 1))
			if !strings.Contains(body, tc.called) || strings.Count(body, "toolu_scripted") < 2 || !strings.Contains(body, "echo hi") && !strings.Contains(body, "echo") {
				t.Errorf("%s, %s: no two tool calls in\n%s", tc.path, stream, body)
			}
		}
		if _, body, _ := post(t, u, tc.path, tc.result); !strings.Contains(body, "The tool said: HELLO") {
			t.Errorf("%s: the result is not in\n%s", tc.path, body)
		}
	}
}
