package gateway

import (
	"net/http"
	"strconv"

	"github.com/tidwall/gjson"
)

// failure is why a target did not answer, and what the client gets if no other
// target does.
type failure struct {
	status int         // for the client
	kind   string      // error type, where body is nil
	reason string      // for people, in our own words
	header http.Header // the upstream's, where it answered
	body   []byte      // the upstream's error, byte for byte; nil where there is none
	rank   int
	result string // one word for the list of what was tried, as in "529" or "no-key"
	asked  bool   // a request was sent, or tried to be
	answer int    // the upstream's status; 0 where it gave none
	// unseal says that the target may take the request without what others signed.
	unseal bool
}

// How useful a failure is to the client when all targets failed. What may pass
// comes before what will not: the client can try again.
const (
	rankNoKey    = iota // nothing was sent
	rankSkipped         // the target cannot be used for this request
	rankUnfit           // the request cannot be put into its wire format
	rankNoModel         // the upstream does not have the model
	rankBroken          // it answered something that is no answer
	rankNoAnswer        // it could not be reached, or broke off
	rankLater           // it asked for a wait that agents do not keep
	rankTransient
	rankThread // the client is to send more
)

// patience is the longest retry-after, in seconds, that Claude Code waits for.
// Measured with 2.1.330: it waits 59 s, and fails at once at 61.
const patience = 59

// rankStatus ranks an upstream's error answer.
func rankStatus(status int, h http.Header) int {
	if status == http.StatusNotFound {
		return rankNoModel
	}
	if after, err := strconv.Atoi(h.Get("Retry-After")); err == nil && after > patience {
		return rankLater
	}
	return rankTransient
}

// best is the failure that tells the client most; of equals the first, which is
// the target that was meant.
func best(failures []*failure) *failure {
	out := failures[0]
	for _, f := range failures[1:] {
		if f.rank > out.rank {
			out = f
		}
	}
	return out
}

// retryable reports whether an upstream's status is worth another target. Any
// other 4xx is about the request itself: the client must see it.
func retryable(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500
}

// meansModel reports whether a 404's body says that the model does not exist,
// rather than the path: Anthropic's not_found_error with a message that starts with
// "model:", OpenAI's and others' code model_not_found.
func meansModel(body []byte, model string) bool {
	if !gjson.ValidBytes(body) {
		return false
	}
	e := gjson.GetBytes(body, "error")
	if e.Get("code").Str == "model_not_found" || e.Get("type").Str == "model_not_found" {
		return true
	}
	if e.Get("type").Str != notFound {
		return false
	}
	msg := e.Get("message").Str
	return len(msg) >= 6 && msg[:6] == "model:" || model != "" && containsWord(msg, model)
}

// containsWord reports whether word stands in s, not as part of a longer name.
func containsWord(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i:i+len(word)] == word && (i == 0 || !nameByte(s[i-1])) && (i+len(word) == len(s) || !nameByte(s[i+len(word)])) {
			return true
		}
	}
	return false
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// statusOf is the HTTP status that goes with an error type of the Messages API.
func statusOf(kind string) int {
	switch kind {
	case invalidRequest:
		return http.StatusBadRequest
	case authentication:
		return http.StatusUnauthorized
	case permission:
		return http.StatusForbidden
	case notFound:
		return http.StatusNotFound
	case tooLarge:
		return http.StatusRequestEntityTooLarge
	case "rate_limit_error":
		return http.StatusTooManyRequests
	case timedOut:
		return http.StatusGatewayTimeout
	case overloaded:
		return 529
	}
	return http.StatusInternalServerError
}
