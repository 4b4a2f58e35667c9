package gateway

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name   string
		header []string
		want   time.Duration
	}{
		{"nothing", nil, 0},
		{"seconds", []string{"Retry-After", "20"}, 20 * time.Second},
		{"a fraction", []string{"Retry-After", "1.5"}, 1500 * time.Millisecond},
		{"a date", []string{"Retry-After", "Mon, 23 Nov 2026 10:01:00 GMT"}, time.Minute},
		{"a date that is over", []string{"Retry-After", "Mon, 23 Nov 2026 09:00:00 GMT"}, 0},
		{"zero", []string{"Retry-After", "0"}, 0},
		{"negative", []string{"Retry-After", "-5"}, 0},
		{"words", []string{"Retry-After", "soon"}, 0},
		{"a day", []string{"Retry-After", "86400"}, time.Hour},
		{"a number that is none", []string{"Retry-After", "NaN"}, 0},
		{"infinite", []string{"Retry-After", "Inf"}, 0},
		{"milliseconds count first", []string{"Retry-After-Ms", "250", "Retry-After", "1"}, 250 * time.Millisecond},
		{"milliseconds that are none", []string{"Retry-After-Ms", "x", "Retry-After", "1"}, time.Second},
		{"a bucket that is empty", []string{"X-Ratelimit-Remaining-Tokens", "0", "X-Ratelimit-Reset-Tokens", "6m0s"}, 6 * time.Minute},
		{"the longer of two", []string{"X-Ratelimit-Remaining-Tokens", "0", "X-Ratelimit-Reset-Tokens", "12ms", "X-Ratelimit-Remaining-Requests", "0", "X-Ratelimit-Reset-Requests", "2s"}, 2 * time.Second},
		{"a bucket that is not empty", []string{"X-Ratelimit-Remaining-Tokens", "5", "X-Ratelimit-Reset-Tokens", "6m0s"}, 0},
		{"Anthropic's", []string{"Anthropic-Ratelimit-Input-Tokens-Remaining", "0", "Anthropic-Ratelimit-Input-Tokens-Reset", "2026-11-23T10:00:30Z"}, 30 * time.Second},
	} {
		h := http.Header{}
		for i := 0; i+1 < len(tc.header); i += 2 {
			h.Set(tc.header[i], tc.header[i+1])
		}
		if got := retryAfter(h, now); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	if got := retryAfter(nil, now); got != 0 {
		t.Errorf("no headers: %s", got)
	}
}

func TestRetryAfterForAgents(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name   string
		status int
		sent   string
		want   string
	}{
		{"what agents wait for goes through", 429, "59", "59"},
		{"Claude Code gives up at 61", 429, "61", "59"},
		{"an hour", 529, "3600", "59"},
		{"a date far away", 503, "Mon, 23 Nov 2026 12:00:00 GMT", "59"},
		{"a date that is near", 503, "Mon, 23 Nov 2026 10:00:09 GMT", "Mon, 23 Nov 2026 10:00:09 GMT"},
		{"Codex gives up without one", 429, "", "5"},
		{"but only at a 429", 503, "", ""},
		{"another error", 400, "600", "600"},
	} {
		h := http.Header{}
		if tc.sent != "" {
			h.Set("Retry-After", tc.sent)
		}
		if got := patiently(tc.status, h, now).Get("Retry-After"); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	sent := http.Header{"Retry-After": {"600"}, "Retry-After-Ms": {"600000"}}
	if got := patiently(429, sent, now); got.Get("Retry-After-Ms") != "" || sent.Get("Retry-After") != "600" {
		t.Errorf("%v, and the upstream's own is %v", got, sent)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "5", "1e3", "-1", "Mon, 23 Nov 2026 10:01:00 GMT", "6m0s", "NaN"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		for _, h := range []http.Header{{"Retry-After": {s}}, {"Retry-After-Ms": {s}}, {"X-Ratelimit-Remaining-Tokens": {"0"}, "X-Ratelimit-Reset-Tokens": {s}}} {
			if got := retryAfter(h, now); got < 0 || got > maxCooling {
				t.Errorf("%q: %s", s, got)
			}
		}
	})
}
