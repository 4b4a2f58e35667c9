package providers

import "strings"

// isName accepts [a-z0-9][a-z0-9._-]{0,62}: a provider's id is the name of its
// key file and stands before the "/" of targets.
func isName(s string) bool {
	for i, r := range s {
		alnum := r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		if !alnum && (i == 0 || r != '.' && r != '_' && r != '-') {
			return false
		}
	}
	return s != "" && len(s) <= 63
}

// isEnv accepts the names of environment variables, as POSIX has them.
func isEnv(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// masked keeps a key that was put in the wrong place out of error messages.
func masked(s string) string {
	r := []rune(s)
	return string(r[:min(3, len(r))]) + "…"
}

// isModel accepts what can follow the "/" of a target.
func isModel(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' || r == '"' || r == '\\' {
			return false
		}
	}
	return s != "" && len(s) <= 200
}

// isHeaderName accepts an HTTP token (RFC 9110, 5.6.2).
func isHeaderName(s string) bool {
	for _, r := range s {
		alnum := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", r) {
			return false
		}
	}
	return s != ""
}

// isHeaderValue accepts printable ASCII and inner spaces.
func isHeaderValue(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return strings.TrimSpace(s) == s
}

// reservedHeaders are those that carry credentials, which config.yaml must not
// hold, or that the transport sets.
func reservedHeaders() []string {
	return []string{"authorization", "x-api-key", "api-key", "cookie", "proxy-authorization", "x-ringlet-token",
		"host", "connection", "content-length", "content-type", "content-encoding", "accept-encoding",
		"transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "expect"}
}
