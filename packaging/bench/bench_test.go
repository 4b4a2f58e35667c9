package main

import (
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"
)

// TestClientAndUpstream: the client takes each answer of the upstream to its end,
// on one connection.
func TestClientAndUpstream(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = answer(conn)
	}()
	c := &client{addr: ln.Addr().String()}
	defer c.close()
	here := &target{port: ln.Addr().(*net.TCPAddr).Port}
	chat := func(body []byte) []byte {
		return []byte(strings.Replace(string(here.request(body)), "/v1/messages", "/v1/chat/completions", 1))
	}
	for name, c2 := range map[string]struct {
		request []byte
		end     string
	}{
		"whole":       {here.request(conversation(1_000, false, false)), endWhole},
		"large":       {here.request(conversation(1_000_000, false, false)), endWhole},
		"stream":      {here.request(conversation(150_000, true, false)), endStream},
		"chat":        {chat(conversation(1_000, false, false)), `"total_tokens":300`},
		"chat stream": {chat(conversation(1_000, true, false)), "[DONE]"},
	} {
		took, err := c.do(t.Context(), c2.request, c2.end)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took.first <= 0 || took.total < took.first {
			t.Errorf("%s: first byte after %v, last after %v", name, took.first, took.total)
		}
	}
	if _, err := c.do(t.Context(), here.request(conversation(1_000, false, false)), "another end"); err == nil {
		t.Error("an answer that ends otherwise was taken")
	}
}

func TestConversation(t *testing.T) {
	for _, size := range []int{1_000, 10_000, 150_000, 1_000_000} {
		body := conversation(size, true, true)
		var r struct {
			Stream   bool
			Messages []struct{ Role string }
		}
		if err := json.Unmarshal(body, &r); err != nil || !r.Stream || len(r.Messages) < 3 {
			t.Errorf("%d bytes: %v, stream %v, %d messages", size, err, r.Stream, len(r.Messages))
		}
		if len(body) < size*9/10 || len(body) > size*11/10 {
			t.Errorf("%d bytes were asked for, %d came", size, len(body))
		}
		head := string(body[:min(len(body), 4096)])
		if !strings.Contains(head, markStream) || !strings.Contains(head, markHold) {
			t.Errorf("%d bytes: the upstream would not find its marks", size)
		}
	}
}

func TestFigures(t *testing.T) {
	sorted := []time.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	if m, p := median(sorted), quantile(sorted, 0.99); m != 6 || p != 10 {
		t.Error("median", m, "p99", p)
	}
	for d, want := range map[time.Duration]string{63 * time.Microsecond: "0.063", 1234 * time.Microsecond: "1.23", 52890 * time.Microsecond: "52.9", 436 * time.Millisecond: "436"} {
		if got := ms(d); got != want {
			t.Errorf("ms(%v) = %s, want %s", d, got, want)
		}
	}
	if got := ratio(3, 2) + " " + ratio(1, 100) + " " + ratio(1, 0); got != "1.50 1/100 " {
		t.Errorf("ratios are %q", got)
	}
}
