//go:build testbed

package main

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// raw is what a scripted stream puts on the wire.
func raw(events []gatewaytest.Event) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.Raw)
	}
	return b.String()
}

// An upstream that answers 200, begins a message and then sends an error event
// costs the client nothing: it gets the second target's bytes and no other.
func TestAcceptanceFallsBackInsideAStream(t *testing.T) {
	b := newBed(t)
	alias := b.alias("inside")
	b.create(alias)
	b.rule(alias, "primary", "always", "first/one", "--priority", "2")
	b.rule(alias, "fallback", "always", "second/two", "--priority", "1")
	good := gatewaytest.Stream("two", "all ", "of ", "it é ✓")
	bad := []gatewaytest.Event{gatewaytest.MessageStart("one", 7), gatewaytest.Ping(), gatewaytest.ErrorEvent("overloaded_error", "Overloaded")}
	b.upstream.SetScript(func(r *gatewaytest.Request) gatewaytest.Reply {
		if r.Model == "one" {
			return gatewaytest.Reply{Events: bad}
		}
		return good
	})
	c := b.client(alias, true)
	for range 5 {
		a, err := c.post(t.Context(), message("any", true))
		if err != nil || a.status != http.StatusOK || a.text() != raw(good.Events) {
			t.Fatalf("%v, status %d; the client got\n%s\nand should have got\n%s", err, a.status, a.body, raw(good.Events))
		}
	}
	if n := b.upstream.Stats().Models; n["one"] != 5 || n["two"] != 5 {
		t.Errorf("the upstream saw %v; each request should have tried both", n)
	}
	journal(t, alias, func(f map[string]any) bool {
		tried, _ := f["RINGLET_TRIED"].(string)
		return f["RINGLET_TARGET"] == "second/two" && f["RINGLET_RULE"] == "fallback" && strings.HasPrefix(tried, "first/one=")
	})
	// After content there is no way back: the error is the client's.
	late := append(slices.Clone(bad[:2]), gatewaytest.TextBlock(0, "half an ")[:2]...)
	b.upstream.SetScript(func(*gatewaytest.Request) gatewaytest.Reply {
		return gatewaytest.Reply{Events: append(slices.Clone(late), bad[2])}
	})
	if a, _ := c.post(t.Context(), message("any", true)); !strings.HasPrefix(a.text(), raw(late)+"event: error\n") {
		t.Errorf("an error event after content should be passed on, got\n%s", a.body)
	}
}

// Each of ten events arrives before the next one leaves: the provider sends it only
// once the client has the one before, and none waits for more to go along with.
func TestAcceptanceEventsAreNotHeldBack(t *testing.T) {
	b := newBed(t)
	alias := b.alias("prompt")
	b.create(alias)
	const n = 10
	answer := gatewaytest.Stream("m", strings.Split("a b c d e f g h i j k", " ")...)
	var arrived [n]chan struct{}
	begins := slices.IndexFunc(answer.Events, func(e gatewaytest.Event) bool { return strings.Contains(e.Raw, "content_block_delta") })
	for i := range arrived {
		arrived[i] = make(chan struct{})
		answer.Events[begins+i+1].Until = arrived[i]
	}
	b.upstream.SetScript(func(*gatewaytest.Request) gatewaytest.Reply { return answer })

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	resp, err := b.client(alias, true).open(ctx, message("m", true))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var took []time.Duration
	last := time.Now()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if lines.Text() != "event: content_block_delta" {
			continue
		}
		took = append(took, time.Since(last).Round(10*time.Microsecond))
		last = time.Now()
		if len(took) <= n {
			close(arrived[len(took)-1])
		}
	}
	if err := lines.Err(); err != nil || len(took) != n+1 {
		t.Errorf("%d events of %d arrived, and then %v: the next one leaves once the one before is here", len(took), n+1, err)
	}
	t.Logf("from the arrival of an event to that of the next: %v", took)
}

// What the upstream gets differs from what the client sent in the model's name
// only, and what the client gets does not differ at all.
func TestAcceptanceBytesGoThrough(t *testing.T) {
	b := newBed(t)
	alias := b.alias("bytes")
	b.create(alias)
	b.rule(alias, "default", "always", "second/some/other-model")
	c := b.client(alias, true)
	// Odd on purpose: blanks, escapes, an unknown field, a number that no float
	// holds, a nested model, a byte order that a decoder would change.
	body := "{ \"metadata\" : {\"model\":\"not this one\", \"user_id\":\"u\"},\r\n\t\"max_tokens\":1024 ,\"model\" : \"claude-sonnet-4\", \"n\":12345678901234567890.10," +
		"\"stream\":STREAM,\"unknown_field\":[1,{\"a\":null}], \"messages\":[{\"role\":\"user\",\"content\":\"caf\\u00e9 é \\ud83d\\ude00 <b>&amp; \\/ \\\"model\\\":\\\"x\\\" 😀\"}] }\n"
	want := strings.Replace(body, `"claude-sonnet-4"`, `"some/other-model"`, 1)
	headers := map[string]string{"Anthropic-Version": "2023-06-01", "Anthropic-Beta": "one-2025-01-01,two-2025-02-02", "Anthropic-Something-New": "kept",
		"User-Agent": "claude-cli/2.1 (external)", "X-App": "cli", "X-Claude-Code-Session-Id": "8f6d", "X-Stainless-Os": "Linux"}
	for _, stream := range []string{"false", "true"} {
		req := c.request(t.Context(), "/v1/messages?beta=true&x=%20y", strings.Replace(body, "STREAM", stream, 1), "Cookie", "session=1", "X-Api-Key", c.token, "X-Ringlet-Token", c.token)
		for name, value := range headers {
			req.Header.Set(name, value)
		}
		reply := gatewaytest.Reply{Body: []byte("{\"type\":\"message\" , \"content\":[{\"type\":\"text\",\"text\":\"caf\\u00e9 é\"}],\"model\":\"some/other-model\",\"usage\":{\"input_tokens\":3,\"output_tokens\":4},\"new\":1e3}\n\n")}.With("X-New-Header", "kept").With("Request-Id", "req_1")
		sent := string(reply.Body)
		if stream == "true" {
			events := []gatewaytest.Event{{Raw: ": a comment\n\n"}, gatewaytest.MessageStart("some/other-model", 3), {Raw: "event: new_kind\r\ndata: {\"type\":\"new_kind\"}\r\n\r\n"}}
			events = append(events, gatewaytest.TextBlock(0, "é", "✓ 😀")...)
			reply.Events = append(events, gatewaytest.MessageEnd("end_turn", 4)...)
			sent = raw(reply.Events)
		}
		b.upstream.SetScript(func(*gatewaytest.Request) gatewaytest.Reply { return reply })
		a, err := c.do(req)
		if err != nil || a.status != http.StatusOK || a.text() != sent || a.header.Get("X-New-Header") != "kept" || a.header.Get("Request-Id") != "req_1" {
			t.Errorf("stream %s: %v, status %d, header %v; the client got\n%q\nand the upstream sent\n%q", stream, err, a.status, a.header, a.body, sent)
		}
		got := b.upstream.Requests()[len(b.upstream.Requests())-1]
		if want := strings.Replace(want, "STREAM", stream, 1); string(got.Body) != want {
			t.Errorf("stream %s: the upstream got\n%q\nand should have got\n%q", stream, got.Body, want)
		}
		if got.Path != "/second/v1/messages" || got.Query != "beta=true&x=%20y" || got.Key != bedKey("second") {
			t.Errorf("the upstream got %s?%s with the key %q", got.Path, got.Query, got.Key)
		}
		for name, value := range headers {
			if v := got.Header.Get(name); v != value {
				t.Errorf("the upstream got %s: %q; the client sent %q", name, v, value)
			}
		}
		for _, name := range []string{"Authorization", "Cookie", "X-Ringlet-Token"} {
			if v, there := got.Header[name]; there {
				t.Errorf("the client's %s reached the upstream: %q", name, v)
			}
		}
	}
}
