package gateway

import (
	"net/http"
	"strconv"
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
	upgrade    string // the Upgrade header of a 426
	outcome    string // for the record; "refused" where empty
}

// write answers with the error. A client that can only get the same answer
// again is told not to retry: Claude Code heeds x-should-retry.
func (e *apiError) write(w http.ResponseWriter, l lane) {
	h := w.Header()
	body := l.errorBody(e)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if e.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	if e.allow != "" {
		h.Set("Allow", e.allow)
	}
	if e.upgrade != "" {
		h.Set("Upgrade", e.upgrade)
		h.Set("Connection", "Upgrade")
	}
	if e.status < 500 && e.status != http.StatusRequestTimeout && e.status != http.StatusTooManyRequests {
		h.Set("X-Should-Retry", "false")
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(body) // a client that left is seen elsewhere
}
