package gateway

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

func TestChecks(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	_, port, _ := strings.Cut(strings.TrimPrefix(g.url, "http://"), ":")
	good := ask("x", false)
	for _, tc := range []struct {
		name, method, path, host string
		header                   []string
		status                   int
		kind                     string
	}{
		{"good", "POST", "/v1/messages", "", nil, 200, ""},
		{"localhost", "POST", "/v1/messages", "LocalHost:" + port, nil, 200, ""},
		{"IPv6", "POST", "/v1/messages", "[::1]:" + port, nil, 200, ""},
		{"x-api-key", "POST", "/v1/messages", "", []string{"Authorization", "", "X-Api-Key", testToken}, 200, ""},
		{"ringlet's own header", "POST", "/v1/messages", "", []string{"Authorization", "", "X-Ringlet-Token", testToken}, 200, ""},
		{"one of two tokens", "POST", "/v1/messages", "", []string{"X-Api-Key", "sk-mine"}, 200, ""},
		{"lower-case scheme", "POST", "/v1/messages", "", []string{"Authorization", "bearer " + testToken}, 200, ""},
		{"charset", "POST", "/v1/messages", "", []string{"Content-Type", "application/json; charset=utf-8"}, 200, ""},
		{"rebound name", "POST", "/v1/messages", "evil.example:" + port, nil, 403, permission},
		{"other port", "POST", "/v1/messages", "127.0.0.1:1", nil, 403, permission},
		{"no port", "POST", "/v1/messages", "127.0.0.1", nil, 403, permission},
		{"name with a trick", "POST", "/v1/messages", "127.0.0.1:" + port + ":80", nil, 403, permission},
		{"suffix", "POST", "/v1/messages", "localhost.evil.example:" + port, nil, 403, permission},
		{"origin", "POST", "/v1/messages", "", []string{"Origin", "http://127.0.0.1:" + port}, 403, permission},
		{"null origin", "POST", "/v1/messages", "", []string{"Origin", "null"}, 403, permission},
		{"preflight", "OPTIONS", "/v1/messages", "", []string{"Origin", "https://evil.example"}, 403, permission},
		{"origin on health", "GET", "/health", "", []string{"Origin", "https://evil.example"}, 403, permission},
		{"host on health", "GET", "/health", "evil.example", nil, 403, permission},
		{"host on nothing", "GET", "/", "evil.example", nil, 403, permission},
		{"method", "GET", "/v1/messages", "", []string{"Authorization", ""}, 405, invalidRequest},
		{"no token", "POST", "/v1/messages", "", []string{"Authorization", ""}, 401, authentication},
		{"wrong token", "POST", "/v1/messages", "", []string{"Authorization", "Bearer " + testToken + "x"}, 401, authentication},
		{"other scheme", "POST", "/v1/messages", "", []string{"Authorization", "Basic " + testToken}, 401, authentication},
		{"the sum is no token", "POST", "/v1/messages", "", []string{"Authorization", "Bearer " + hexSum(testToken)}, 401, authentication},
		{"token before content type", "POST", "/v1/messages", "", []string{"Authorization", "", "Content-Type", "text/plain"}, 401, authentication},
		{"self-check header forged", "POST", "/v1/messages", "", []string{"Authorization", "", selfCheckHeader, "x"}, 401, authentication},
		{"form", "POST", "/v1/messages", "", []string{"Content-Type", "text/plain"}, 415, invalidRequest},
		{"no type", "POST", "/v1/messages", "", []string{"Content-Type", ""}, 415, invalidRequest},
		{"compressed", "POST", "/v1/messages", "", []string{"Content-Encoding", "gzip"}, 415, invalidRequest},
		{"count without a token", "POST", "/v1/messages/count_tokens", "", []string{"Authorization", ""}, 401, authentication},
		{"everything", "OPTIONS", "*", "evil.example", nil, 403, permission},
		{"unknown path", "GET", "/api/hello", "", nil, 404, notFound},
		{"trailing slash", "POST", "/v1/messages/", "", nil, 404, notFound},
		{"double slash", "POST", "//v1/messages", "", nil, 404, notFound},
		{"chat", "POST", "/v1/chat/completions", "", nil, 200, ""},
		{"chat by GET", "GET", "/v1/chat/completions", "", nil, 405, invalidRequest},
		{"responses without input", "POST", "/v1/responses", "", nil, 400, invalidRequest},
		{"one response", "GET", "/v1/responses/resp_1", "", nil, 404, notFound},
		{"chat without a token", "POST", "/v1/chat/completions", "", []string{"Authorization", ""}, 401, invalidRequest},
		{"fault of a test build", "POST", "/__fault/deadlock", "", nil, 404, notFound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.name == "fault of a test build" && faultsBuilt {
				return
			}
			req := g.request(strings.TrimPrefix(tc.path, "*"), good, tc.header...)
			req.Method, req.Host = tc.method, tc.host
			if tc.path == "*" {
				req.URL.Opaque, req.URL.Path = "*", ""
			}
			before := len(up.Requests())
			a := g.do(req)
			if a.status != tc.status || tc.kind != "" && !strings.Contains(a.body, `"type":"`+tc.kind+`"`) {
				t.Errorf("got %d %s, want %d %s", a.status, a.body, tc.status, tc.kind)
			}
			if asked := len(up.Requests()) - before; (asked == 1) != (tc.status == 200) {
				t.Errorf("%d requests went upstream", asked)
			}
			if openai := strings.HasPrefix(a.body, `{"error":`); tc.status != 200 && tc.status != 404 && openai != (strings.Contains(tc.path, "chat") || strings.Contains(tc.path, "responses")) {
				t.Errorf("wrong shape: %s", a.body)
			}
		})
	}
}

func TestHeadIsRefusedInPeace(t *testing.T) {
	g := start(t, testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "always -> a/m"))
	for _, path := range []string{"/", "/api/hello"} {
		resp, err := http.Head(g.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 404 || resp.Header.Get("X-Should-Retry") != "false" {
			t.Errorf("%s: %d %v", path, resp.StatusCode, resp.Header)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestOldTokenIsGoodWhileItIsListed(t *testing.T) {
	up := gatewaytest.New(t, nil)
	c := testConfig(map[string]string{"a": up.URL}, "always -> a/m")
	c.Ringlet.TokenSHA256 = []string{hexSum("new"), hexSum(testToken)}
	g := start(t, c)
	for _, token := range []string{"new", testToken} {
		if a := g.post(ask("x", false), "Authorization", "Bearer "+token); a.status != 200 {
			t.Errorf("%s: %+v", token, a)
		}
	}
}

func TestBadBodies(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	for body, words := range map[string]string{
		"":                               "the body is empty",
		"[]":                             "it must be an object at line 1, column 1 (byte 0)",
		`{"model":"x",` + "\n" + `oops`:  "expected a field's name at line 2, column 1 (byte 14)",
		`{"model":"x"}{`:                 "text follows the end of the value at line 1, column 14 (byte 13)",
		`{"model":"x","model":"y"}`:      `the field \"model\" is given twice at line 1, column 14`,
		`{"model":"x","mo\u0064el":"y"}`: `the field \"model\" is given twice`,
		`{"model":"x","Model":"y"}`:      `must be written \"model\"`,
		`{"model":5}`:                    "the model must be a string",
		`{"messages":[]}`:                "model: Field required",
		`{"model":"x","messages":[],"messages":[]}`:          `\"messages\" is given twice`,
		`{"model":"x","thinking":{"type":"a","type":"b"}}`:   `\"thinking.type\" is given twice`,
		`{"model":"x","a":` + strings.Repeat("[", 600) + `}`: "nested too deeply",
	} {
		a := g.post(body)
		if a.status != 400 || !strings.Contains(a.body, invalidRequest) || !strings.Contains(a.body, words) {
			t.Errorf("%.60q: got %d %s, want %s", body, a.status, a.body, words)
		}
	}
	if n := len(up.Requests()); n != 0 {
		t.Errorf("%d bad bodies went upstream", n)
	}
}
