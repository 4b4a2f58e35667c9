//go:build sdk

package sdk

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

func sum(s string) [32]byte { return sha256.Sum256([]byte(s)) }

// built is a path below build. It fails where it is missing: a test that did not
// run must not look like one that passed.
func built(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "build", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; run: make test-sdk", err)
	}
	return path
}

// await waits until the proxy answers.
func await(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
			err = errors.New(resp.Status)
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the proxy does not answer: %v", err)
		case <-again.C:
		}
	}
}

// script adds to the scripted upstream's words "overflow", a prompt that is too
// long in each vendor's own words, "truncated", an answer that met its cap, and
// "filtered", one that its provider would not go on with.
func script(r *gatewaytest.Request) gatewaytest.Reply {
	switch {
	case strings.Contains(r.Model, "overflow"):
		return overflow(r.Path)
	case strings.Contains(r.Model, "truncated"):
		return ended(gatewaytest.Behave(r), "max_tokens", "length", "max_output_tokens")
	case strings.Contains(r.Model, "filtered"):
		return ended(gatewaytest.Behave(r), "refusal", "content_filter", "content_filter")
	}
	return gatewaytest.Behave(r)
}

// overflow: https://docs.claude.com/en/api/errors,
// https://platform.openai.com/docs/guides/error-codes
func overflow(path string) gatewaytest.Reply {
	if strings.HasSuffix(path, "/messages") {
		return gatewaytest.Error(http.StatusBadRequest, "prompt is too long: 130000 tokens > 128000 maximum")
	}
	return gatewaytest.Reply{Status: http.StatusBadRequest, Body: []byte(`{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens. ` +
		`Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`)}
}

// ended makes a proper end another one, in the words of the three formats.
func ended(p gatewaytest.Reply, messages, chat, responses string) gatewaytest.Reply {
	words := strings.NewReplacer(`"stop_reason":"end_turn"`, `"stop_reason":"`+messages+`"`, `"finish_reason":"stop"`, `"finish_reason":"`+chat+`"`,
		"response.completed", "response.incomplete", `"status":"completed"`, `"status":"incomplete"`)
	why := strings.NewReplacer(`"incomplete_details":null`, `"incomplete_details":{"reason":"`+responses+`"}`)
	p.Body = []byte(why.Replace(words.Replace(string(p.Body))))
	for i, e := range p.Events {
		if e.Raw = words.Replace(e.Raw); strings.Contains(e.Raw, "response.incomplete") {
			e.Raw = why.Replace(e.Raw)
		}
		p.Events[i] = e
	}
	return p
}
