package gateway

import (
	"crypto/subtle"
	"fmt"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tokenHeader carries the local token where Authorization and x-api-key belong
// to the client's own login.
const tokenHeader = "X-Ringlet-Token"

// selfCheckHeader carries the random secret of the engine's requests to itself.
const selfCheckHeader = "X-Ringlet-Self-Check"

// checkSource refuses what a web page could send: a name that resolved to
// loopback (DNS rebinding) has a foreign Host, a cross-site request an Origin.
func (e *engine) checkSource(r *http.Request) *apiError {
	if !e.ownHost(r.Host) {
		return &apiError{status: http.StatusForbidden, kind: permission,
			message: fmt.Sprintf("this proxy answers only to 127.0.0.1:%d, localhost:%d and [::1]:%d; the Host header names something else", e.port, e.port, e.port)}
	}
	if _, ok := r.Header["Origin"]; ok {
		return &apiError{status: http.StatusForbidden, kind: permission,
			message: "this proxy does not answer to web pages: the request has an Origin header"}
	}
	return nil
}

func (e *engine) ownHost(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		// Clients leave out the default port.
		name, port = strings.Trim(host, "[]"), "80"
	}
	if port != strconv.Itoa(e.port) {
		return false
	}
	return name == "127.0.0.1" || name == "::1" || strings.EqualFold(name, "localhost")
}

func checkMethod(r *http.Request, allowed ...string) *apiError {
	if slices.Contains(allowed, r.Method) {
		return nil
	}
	list := strings.Join(allowed, ", ")
	return &apiError{status: http.StatusMethodNotAllowed, kind: invalidRequest, allow: list,
		message: "this path takes " + list + " only"}
}

// hasToken reports whether the request carries a valid local token. A client may
// send two of the headers, one with a key of its own, so any of them will do.
func (s *snapshot) hasToken(r *http.Request) bool {
	given := slices.Concat(r.Header["X-Api-Key"], r.Header[tokenHeader])
	for _, v := range r.Header["Authorization"] {
		if scheme, token, ok := strings.Cut(v, " "); ok && strings.EqualFold(scheme, "Bearer") {
			given = append(given, strings.TrimSpace(token))
		}
	}
	valid, now := false, time.Now()
	for _, token := range given {
		valid = s.tokens.valid(token, now) || valid
	}
	return valid
}

func (s *snapshot) checkToken(r *http.Request) *apiError {
	if s.hasToken(r) {
		return nil
	}
	return &apiError{status: http.StatusUnauthorized, kind: authentication,
		message: fmt.Sprintf("the local token of the ringlet profile %q is missing or wrong; start the agent with: ringlet profiles run %s", s.config.Ringlet.Profile, s.config.Ringlet.Profile)}
}

// isSelfCheck reports whether the engine itself sent the request.
func (e *engine) isSelfCheck(r *http.Request) bool {
	given := r.Header.Get(selfCheckHeader)
	return given != "" && subtle.ConstantTimeCompare([]byte(given), []byte(e.selfCheckSecret.reveal())) == 1
}

func checkContentType(r *http.Request) *apiError {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &apiError{status: http.StatusUnsupportedMediaType, kind: invalidRequest,
			message: "the content type must be application/json"}
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return &apiError{status: http.StatusUnsupportedMediaType, kind: invalidRequest,
			message: "the body must not be compressed: this proxy has to read it"}
	}
	return nil
}
