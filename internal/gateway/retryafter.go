package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/wire"
	"github.com/ringlet/ringlet/routes"
)

// maxCooling bounds how long a target may ask to be left alone.
const maxCooling = time.Hour

// retryAfter is how long a target asks to be left alone; 0 where it does not say.
// The headers, in the order in which they count:
//
//   - retry-after-ms: milliseconds; Azure OpenAI and OpenAI send it, and their
//     libraries prefer it (https://github.com/openai/openai-python, _base_client.py);
//   - retry-after: seconds or a date (RFC 9110, section 10.2.3);
//   - x-ratelimit-reset-requests and -tokens: a duration as "6m0s", for the limits of
//     which x-ratelimit-remaining-… says that nothing is left
//     (https://platform.openai.com/docs/guides/rate-limits);
//   - anthropic-ratelimit-…-reset: an RFC 3339 time, likewise
//     (https://docs.claude.com/en/api/rate-limits).
func retryAfter(h http.Header, now time.Time) time.Duration {
	wait := time.Duration(0)
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 && ms < 1e10 {
		wait = time.Duration(ms * float64(time.Millisecond))
	} else if text := strings.TrimSpace(h.Get("Retry-After")); text != "" {
		wait = secondsOrDate(text, now)
	} else {
		for _, what := range [...]string{"Requests", "Tokens"} {
			if h.Get("X-Ratelimit-Remaining-"+what) == "0" {
				if d, err := time.ParseDuration(h.Get("X-Ratelimit-Reset-" + what)); err == nil {
					wait = max(wait, d)
				}
			}
		}
		for _, what := range [...]string{"Requests", "Tokens", "Input-Tokens", "Output-Tokens"} {
			if h.Get("Anthropic-Ratelimit-"+what+"-Remaining") == "0" {
				if at, err := time.Parse(time.RFC3339, h.Get("Anthropic-Ratelimit-"+what+"-Reset")); err == nil {
					wait = max(wait, at.Sub(now))
				}
			}
		}
	}
	return min(max(wait, 0), maxCooling)
}

func secondsOrDate(text string, now time.Time) time.Duration {
	if s, err := strconv.ParseFloat(text, 64); err == nil { // some send fractions
		if s > 0 && s < 1e7 {
			return time.Duration(s * float64(time.Second))
		}
		return 0
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(now)
	}
	return 0
}

// defaultRetry is the retry-after, in seconds, of a 429 whose upstream gave none:
// without one Codex gives up at once.
const defaultRetry = 5

// patiently is h with a retry-after that agents wait for. Claude Code fails at once
// where it is longer than patience, and Codex where a 429 has none. A target that
// asked for longer is left alone for that time nevertheless.
func patiently(status int, h http.Header, now time.Time) http.Header {
	if !retryable(status) {
		return h
	}
	wait := retryAfter(h, now)
	seconds := int((wait + time.Second - 1) / time.Second)
	switch {
	case seconds > patience:
		seconds = patience
	case seconds == 0 && status == http.StatusTooManyRequests:
		seconds = defaultRetry
	default:
		return h
	}
	h = h.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Del("Retry-After-Ms")
	h.Set("Retry-After", strconv.Itoa(seconds))
	return h
}

// waitInWords is an error's body for a stream that has begun, where no header can
// tell any more how long to wait: Codex reads it from the message of a rate limit
// (https://github.com/openai/codex, codex-rs/codex-api/src/sse/responses.rs).
func waitInWords(format string, f *failure, now time.Time) []byte {
	wait := retryAfter(f.header, now)
	if format != routes.Responses || f.status != http.StatusTooManyRequests || wait <= 0 {
		return f.body
	}
	codec, err := wire.For(wire.Responses)
	if err != nil { // there is one
		return f.body
	}
	e := codec.DecodeError(f.status, f.body)
	if e.Kind != wire.KindRateLimit || strings.Contains(e.Message, "try again in ") {
		return f.body
	}
	e.Message += " Please try again in " + strconv.FormatFloat(wait.Seconds(), 'f', -1, 64) + "s."
	_, body := codec.EncodeError(e)
	return body
}
