package ultrallmtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/internal/porttest"
	"github.com/ringlet/ringlet/internal/usage"
)

const config = `server: { host: "127.0.0.1", port: %d }
model_list:
  - model_name: "a/short"
    litellm_params: { model: "a/plain", api_base: %q, api_key: "${A_KEY}", timeout: 30 }
router_settings:
  routing_strategy: conditional
  model_group_alias: { fast: a/short }
  rules:
    - { name: default, condition: always, model: a/short, priority: 0 }
ringlet: { anything: [it, likes] }
`

func load(t *testing.T, text string, env map[string]string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
}

// The stand-in must fail where ringlet does not keep its side.
func TestStrict(t *testing.T) {
	good := fmt.Sprintf(config, 8081, "http://127.0.0.1:1")
	env := map[string]string{"A_KEY": "sk-1"}
	if _, err := load(t, good, env); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		old, new string
		env      map[string]string
	}{
		"key not set":      {"x", "x", nil},
		"unknown section":  {"ringlet:", "circlet:", env},
		"unknown field":    {"routing_strategy", "routing_strategie", env},
		"key in the clear": {"${A_KEY}", "sk-1", env},
		"no address":       {"127.0.0.1\", port", "0.0.0.0\", port", env},
		"no base URL":      {"api_base", "api_host", env},
	} {
		if _, err := load(t, strings.Replace(good, tt.old, tt.new, 1), tt.env); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestServe(t *testing.T) {
	up := gatewaytest.New(t, nil)
	port := porttest.Own(t)
	c, err := load(t, fmt.Sprintf(config, port, up.URL), map[string]string{"A_KEY": "sk-1"})
	if err != nil {
		t.Fatal(err)
	}
	said, saying := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, c, saying) }()
	if _, err := said.Read(make([]byte, 200)); err != nil { // it listens
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	post := func(path, body string) (int, string) {
		req, err := http.NewRequest(http.MethodPost, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Anthropic-Version", "2023-06-01")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	const message = `{"model":"fast","max_tokens":10,"stream":%t,"messages":[{"role":"user","content":"hi"}]}`
	for _, stream := range []bool{false, true} {
		if status, text := post("/v1/messages", fmt.Sprintf(message, stream)); status != 200 || !strings.Contains(text, "scripted upstream") && !strings.Contains(text, "message_stop") {
			t.Errorf("%d %s", status, text)
		}
	}
	if status, _ := post("/v1/messages", "nonsense"); status != 400 {
		t.Errorf("nonsense: %d", status)
	}
	for _, r := range up.Requests() {
		if r.Key != "sk-1" || r.Model != "plain" {
			t.Errorf("the provider got %q with the key %q", r.Model, r.Key)
		}
	}
	resp, err := http.Get(base + "/spend/analytics?start_date=2026-01-01")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var sums usage.Analytics
	if err := json.NewDecoder(resp.Body).Decode(&sums); err != nil || sums.Metadata.APIRequests != 3 || sums.Metadata.FailedRequests != 1 || sums.Metadata.PromptTokens == 0 {
		t.Errorf("%v: %+v", err, sums.Metadata)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTokens(t *testing.T) {
	text := []byte(`{"usage":{"input_tokens": 12,"output_tokens":1}} … {"output_tokens":34}`)
	if n := tokens(text, "output_tokens"); n == nil || *n != 34 {
		t.Errorf("%v", n)
	}
	if n := tokens(text, "nothing", "input_tokens"); n == nil || *n != 12 {
		t.Errorf("%v", n)
	}
	if n := tokens(bytes.Repeat([]byte("x"), 10), "input_tokens"); n != nil {
		t.Errorf("%v", *n)
	}
}
