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
		{"role":"user","content":"run-tool: echo hello"},{"role":"assistant","content":[{"type":"tool_use"}]},
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
	case <-time.After(5 * time.Second):
		t.Fatal("the request never ended")
	}
	if !r.Left() {
		t.Error("Left is false")
	}
}
