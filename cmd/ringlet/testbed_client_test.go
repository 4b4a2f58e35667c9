//go:build testbed

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/health"
)

// client is an agent's HTTP client that never tries anything twice: requests
// are POST and have no GetBody, so that http.Transport cannot repeat them.
type client struct {
	port      int
	token     string
	transport *http.Transport
}

// client is one of the proxy's, on one kept connection or on fresh ones.
func (b *bed) client(alias string, kept bool) *client {
	b.t.Helper()
	c := &client{port: b.statusOnce(alias).Port, token: b.token(alias), transport: &http.Transport{DialContext: watchedDial, DisableKeepAlives: !kept, DisableCompression: true}}
	b.t.Cleanup(c.transport.CloseIdleConnections)
	return c
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// text is the body as a string.
func (a answer) text() string { return string(a.body) }

// message is the body of a Messages request.
func message(model string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"max_tokens":1024,"stream":%t,"messages":[{"role":"user","content":"say hi"}]}`, model, stream)
}

// request prepares a POST of a message, with the headers of an agent; header
// are names and values to set besides, or with "" to take away.
func (c *client) request(ctx context.Context, path, body string, header ...string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d%s", c.port, path), io.NopCloser(strings.NewReader(body)))
	if err != nil {
		panic(err) // a path in a test that is none
	}
	req.ContentLength = int64(len(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Anthropic-Version", "2023-06-01")
	req.Header.Set("Authorization", "Bearer "+c.token)
	for i := 0; i+1 < len(header); i += 2 {
		switch name, value := header[i], header[i+1]; {
		case name == "Host":
			req.Host = value
		case value == "":
			req.Header.Del(name)
		default:
			req.Header.Set(name, value)
		}
	}
	return req
}

// open sends a request and returns its answer's beginning.
func (c *client) open(ctx context.Context, body string) (*http.Response, error) {
	return c.transport.RoundTrip(c.request(ctx, "/v1/messages", body))
}

// post sends a message and reads the answer.
func (c *client) post(ctx context.Context, body string, header ...string) (answer, error) {
	return c.do(c.request(ctx, "/v1/messages", body, header...))
}

func (c *client) do(req *http.Request) (answer, error) {
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	a.body, err = io.ReadAll(resp.Body)
	return a, err
}

// answered posts a message for a model and fails unless the provider answers it.
func (c *client) answered(t testing.TB, model, provider string) {
	t.Helper()
	a, err := c.post(t.Context(), message(model, false))
	if err != nil || a.status != http.StatusOK || !bytes.Contains(a.body, []byte("/"+provider+"/v1/messages")) {
		t.Fatalf("a request for %s should have been answered by %s: %v, status %d: %s", model, provider, err, a.status, a.body)
	}
}

// health asks the engine how it is, with the token.
func (c *client) health(t testing.TB) (r health.Report) {
	t.Helper()
	req := c.request(t.Context(), "/health", "")
	req.Method, req.Body = http.MethodGet, http.NoBody
	a, err := c.do(req)
	if err == nil {
		err = json.Unmarshal(a.body, &r)
	}
	if err != nil || a.status != http.StatusOK || r.PID == 0 {
		t.Fatalf("/health: %v, status %d: %s", err, a.status, a.body)
	}
	return r
}

// listening reports whether anyone accepts connections on the port.
func listening(t testing.TB, port int) bool {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
