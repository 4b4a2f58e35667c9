//go:build testbed

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A web page cannot use the proxy, nor anyone without the token; each refusal
// is in the wire format's own shape, and reaches no provider.
func TestAcceptanceOnlyTheAgentMayUseIt(t *testing.T) {
	b := newBed(t)
	alias := b.alias("access")
	b.create(alias)
	c := b.client(alias, true)
	body := message("any", false)
	for _, tc := range []struct {
		name   string
		header []string
		status int
		kind   string
	}{
		{"a web page's origin", []string{"Origin", "https://evil.example"}, 403, "permission_error"},
		{"an empty origin", []string{"Origin", "null"}, 403, "permission_error"},
		{"its own origin", []string{"Origin", fmt.Sprintf("http://127.0.0.1:%d", c.port)}, 403, "permission_error"},
		{"a name that was made to resolve here", []string{"Host", fmt.Sprintf("evil.example:%d", c.port)}, 403, "permission_error"},
		{"another port in the host", []string{"Host", "127.0.0.1:80"}, 403, "permission_error"},
		{"a form's content type", []string{"Content-Type", "text/plain"}, 415, "invalid_request_error"},
		{"another form's", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "invalid_request_error"},
		{"no content type", []string{"Content-Type", ""}, 415, "invalid_request_error"},
		{"no token", []string{"Authorization", ""}, 401, "authentication_error"},
		{"a wrong token", []string{"Authorization", "Bearer " + strings.Repeat("x", len(c.token))}, 401, "authentication_error"},
		{"the provider's key for a token", []string{"Authorization", "", "X-Api-Key", bedKey("first")}, 401, "authentication_error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := c.post(t.Context(), body, tc.header...)
			if err != nil {
				t.Fatal(err)
			}
			var e struct {
				Type  string
				Error struct{ Type, Message string }
			}
			if err := json.Unmarshal(a.body, &e); err != nil || a.status != tc.status || e.Type != "error" || e.Error.Type != tc.kind || e.Error.Message == "" {
				t.Errorf("status %d: %s; want %d with the type %s", a.status, a.body, tc.status, tc.kind)
			}
			for name := range a.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("the answer has a %s header", name)
				}
			}
			if strings.Contains(a.text(), c.token) {
				t.Error("the answer contains the token")
			}
		})
	}
	// What a browser asks before it sends such a request.
	req := c.request(t.Context(), "/v1/messages", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	req.Method = http.MethodOptions
	if a, err := c.do(req); err != nil || a.status < 400 || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a preflight: %v, status %d, %v", err, a.status, a.header)
	}
	// Without a token /health says who it is and no more, and not to web pages.
	req = c.request(t.Context(), "/health", "", "Authorization", "")
	req.Method = http.MethodGet
	if a, err := c.do(req); err != nil || a.status != 200 || a.text() != fmt.Sprintf(`{"status":"ok","profile":%q}`, alias) {
		t.Errorf("/health without a token: %v, status %d: %s", err, a.status, a.body)
	}
	req = c.request(t.Context(), "/health", "", "Origin", "https://evil.example")
	req.Method = http.MethodGet
	if a, err := c.do(req); err != nil || a.status != 403 {
		t.Errorf("/health for a web page: %v, status %d: %s", err, a.status, a.body)
	}
	if n := b.upstream.Stats().Total; n != 0 {
		t.Errorf("%d of these requests reached the provider", n)
	}
	for _, header := range [][]string{{"Host", fmt.Sprintf("localhost:%d", c.port)}, {"Content-Type", "application/json; charset=utf-8"}, {"Authorization", "", "X-Api-Key", c.token}} {
		if a, err := c.post(t.Context(), body, header...); err != nil || a.status != 200 {
			t.Errorf("an agent's request with %q: %v, status %d: %s", header, err, a.status, a.body)
		}
	}
}
