package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// shape is the form that a client expects errors in.
type shape int

const (
	anthropicShape shape = iota // {"type":"error","error":{"type":…,"message":…}}
	openaiShape                 // {"error":{"message":…,"type":…,"param":null,"code":null}}
)

// The error types of the Messages API: https://docs.claude.com/en/api/errors
const (
	invalidRequest = "invalid_request_error"
	authentication = "authentication_error"
	permission     = "permission_error"
	notFound       = "not_found_error"
	tooLarge       = "request_too_large"
	overloaded     = "overloaded_error"
	timedOut       = "timeout_error"
	apiFailure     = "api_error"
)

// apiError is an error of our own making, as a client gets it.
type apiError struct {
	status     int
	kind       string
	message    string // for the user: what is wrong and what to do
	retryAfter int    // seconds; 0 for none
	allow      string // the Allow header of a 405
	outcome    string // for the record; "refused" where empty
}

// body is the error in the shape s.
func (e *apiError) body(s shape) []byte {
	var v any
	if s == openaiShape {
		v = map[string]any{"error": map[string]any{"message": e.message, "type": e.kind, "param": nil, "code": nil}}
	} else {
		type inner struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		}
		v = struct {
			Type  string `json:"type"`
			Error inner  `json:"error"`
		}{"error", inner{e.kind, e.message}}
	}
	b, err := json.Marshal(v)
	if err != nil { // strings always encode
		return []byte(`{"type":"error","error":{"type":"api_error","message":"internal error"}}`)
	}
	return b
}

// write answers with the error. A client that can only get the same answer
// again is told not to retry: Claude Code heeds x-should-retry.
func (e *apiError) write(w http.ResponseWriter, s shape) {
	h := w.Header()
	body := e.body(s)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if e.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	if e.allow != "" {
		h.Set("Allow", e.allow)
	}
	if e.status < 500 && e.status != http.StatusRequestTimeout && e.status != http.StatusTooManyRequests {
		h.Set("X-Should-Retry", "false")
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(body) // a client that left is seen elsewhere
}
