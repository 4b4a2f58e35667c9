package profiles

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ringlet/ringlet/internal/fault"
)

// EnvironmentNames are the variables that a profile can keep for its engine: how
// it reaches the network. golang.org/x/net/http/httpproxy and crypto/x509 read them.
func EnvironmentNames() []string {
	return []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"}
}

// CheckEnvironment refuses other variables, and values that cannot stand in a
// unit file, or may not: every process of this user can read it.
func CheckEnvironment(name, value string) error {
	bad := func(hint, problem string) error { return fault.New(fault.Failed, hint, "%s %s", name, problem) }
	switch {
	case !slices.Contains(EnvironmentNames(), name):
		return bad("only these are kept: "+strings.Join(EnvironmentNames(), ", "), "is not about the network")
	case value == "":
		return bad("leave it out", "is empty")
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }):
		return bad("put it right in the shell, then record it again", "holds characters that cannot stand in a unit file or launchd agent")
	case strings.HasSuffix(strings.ToUpper(name), "S_PROXY") || strings.HasSuffix(strings.ToUpper(name), "HTTP_PROXY"):
		if strings.Contains(value, "@") {
			return bad("name a proxy that asks for none; under systemd the variable can stand in a file of mode 0600, and that in a drop-in, as EnvironmentFile= under [Service]: systemctl --user edit ringlet-proxy@<alias>",
				"holds a user name or password, which does not belong into a unit file or launchd agent")
		}
	case strings.HasPrefix(name, "SSL_") && !absolute(value):
		return bad("give it from / on", "is not an absolute path, and a service has another working folder")
	}
	return nil
}

// absolute accepts a list of paths, as SSL_CERT_DIR may be.
func absolute(list string) bool {
	for _, path := range filepath.SplitList(list) {
		if !filepath.IsAbs(path) {
			return false
		}
	}
	return true
}
