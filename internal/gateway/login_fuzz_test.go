package gateway

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzDropLogin: whatever a client writes into anthropic-beta, no entry of a login
// is left, every other one is, and the client's own header is as it was.
func FuzzDropLogin(f *testing.F) {
	f.Add("claude-code-20250219,oauth-2025-04-20", "context-1m")
	f.Add(" oauth-2025-04-20 ,, ", "")
	f.Add("", "xoauth-1, oauth-")
	entries := func(lines []string) (login, rest []string) {
		for beta := range strings.SplitSeq(strings.Join(lines, ","), ",") {
			switch beta = strings.TrimSpace(beta); {
			case strings.HasPrefix(beta, "oauth-"):
				login = append(login, beta)
			case beta != "":
				rest = append(rest, beta)
			}
		}
		return login, rest
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		client := []string{first, second}
		h := http.Header{betaHeader: client}
		dropLogin(h)
		login, rest := entries(h[betaHeader])
		_, want := entries([]string{first, second})
		if len(login) > 0 || strings.Join(rest, ",") != strings.Join(want, ",") {
			t.Errorf("%q, %q became %q", first, second, h[betaHeader])
		}
		if client[0] != first || client[1] != second {
			t.Errorf("the client's header was changed: %q", client)
		}
		accepts(http.Header{"Accept-Encoding": client}, "br")
	})
}
