package wire

import "net/http"

// ErrorKind is what went wrong, in the words of the Messages API, whose list is
// the longest: https://docs.claude.com/en/api/errors
type ErrorKind string

// The kinds.
const (
	KindInvalid    ErrorKind = "invalid_request_error"
	KindAuth       ErrorKind = "authentication_error"
	KindBilling    ErrorKind = "billing_error"
	KindPermission ErrorKind = "permission_error"
	KindNotFound   ErrorKind = "not_found_error"
	KindTooLarge   ErrorKind = "request_too_large"
	KindRateLimit  ErrorKind = "rate_limit_error"
	KindTimeout    ErrorKind = "timeout_error"
	KindOverloaded ErrorKind = "overloaded_error"
	KindAPI        ErrorKind = "api_error"
)

// Error is an error in no format's words.
type Error struct {
	Status  int // HTTP's; 0 where it came in a stream
	Kind    ErrorKind
	Message string
	Code    string // OpenAI's code ("context_length_exceeded", "model_not_found"); "" elsewhere
	Param   string // the field that is wrong; "" where not said
	// Overflow is set where the prompt does not fit the model's context window.
	// Claude Code acts on the words "prompt is too long: A tokens > B maximum", so
	// the Messages codec writes those; Tokens and Limit are 0 where not told.
	Overflow      bool
	Tokens, Limit int
}

func (e *Error) Error() string { return e.Message }

// HTTPStatus is the status to answer with: the upstream's own, or what goes with the kind.
func (e *Error) HTTPStatus() int {
	if e.Status >= 400 {
		return e.Status
	}
	switch e.Kind {
	case KindInvalid:
		return http.StatusBadRequest
	case KindAuth:
		return http.StatusUnauthorized
	case KindBilling:
		return http.StatusPaymentRequired
	case KindPermission:
		return http.StatusForbidden
	case KindNotFound:
		return http.StatusNotFound
	case KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case KindRateLimit:
		return http.StatusTooManyRequests
	case KindTimeout:
		return http.StatusGatewayTimeout
	case KindOverloaded:
		return 529
	}
	return http.StatusInternalServerError
}

// KindOf is the kind that goes with an HTTP status, for errors that do not name theirs.
func KindOf(status int) ErrorKind {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return KindInvalid
	case http.StatusUnauthorized:
		return KindAuth
	case http.StatusPaymentRequired:
		return KindBilling
	case http.StatusForbidden:
		return KindPermission
	case http.StatusNotFound:
		return KindNotFound
	case http.StatusRequestEntityTooLarge:
		return KindTooLarge
	case http.StatusTooManyRequests:
		return KindRateLimit
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return KindTimeout
	case http.StatusServiceUnavailable, 529:
		return KindOverloaded
	}
	if status >= 400 && status < 500 {
		return KindInvalid
	}
	return KindAPI
}
