package units

import (
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ringlet/ringlet/internal/fault"
)

// Spec is what a profile's proxy needs to run under an init system.
type Spec struct {
	Alias          string // the profile; [a-z0-9][a-z0-9._-]{0,62}, so that it needs no escaping in a unit's name
	Port           int    // TCP port on 127.0.0.1
	Exe            string // absolute path of the engine's binary
	ConfigPath     string // absolute path of the profile's config.yaml
	CredentialsDir string // absolute path of the folder with provider keys and local tokens
	Ultrallm       string // absolute path of the ultrallm binary that is the engine; "" for the built-in one, which is Exe
	EnvFile        string // absolute path of the file with ultrallm's keys; see [EnvironmentFile]
	Systemd        int    // the major version of the systemd that is to read it; 0 is the oldest supported, 252

	Idle       time.Duration // after so long without a request the engine leaves, and the port wakes it; 0 is never
	Limits     Limits
	Namespaces bool     // the machine lets a user's services have user namespaces: harden it by them too
	Refused    []string // directives of [Namespaced] that do not work here all the same
	Writable   []string // absolute paths of folders that the engine's helpers write to, besides the configuration's
	// Environment is what the engine gets besides the init system's, sorted by name.
	Environment []Variable
}

// Target is the unit that all proxies hang on.
const Target = "ringlet.target"

const (
	prefix     = "ringlet-proxy@"
	mendPrefix = "ringlet-mend@"
)

// ServiceName is the unit of the profile's engine.
func ServiceName(alias string) string { return prefix + alias + ".service" }

// SocketName is the unit that holds the profile's port.
func SocketName(alias string) string { return prefix + alias + ".socket" }

// MendName is the unit that makes the profile's service start where its sandbox
// keeps it from starting.
func MendName(alias string) string { return mendPrefix + alias + ".service" }

// AliasOf is the profile that a unit of any kind is named for.
func AliasOf(unit string) (alias string, ok bool) {
	if rest, found := strings.CutPrefix(unit, mendPrefix); found {
		alias, ok = strings.CutSuffix(rest, ".service")
		return alias, ok && validAlias(alias)
	}
	rest, found := strings.CutPrefix(unit, prefix)
	if !found {
		return "", false
	}
	for _, kind := range []string{".service", ".socket"} {
		if alias, ok = strings.CutSuffix(rest, kind); ok {
			return alias, validAlias(alias)
		}
	}
	return "", false
}

// Check says what of the spec cannot stand in a unit file. The renderers call it.
func (s Spec) Check() error {
	if !validAlias(s.Alias) {
		return fault.New(fault.Usage, "use 1 to 63 lower-case letters, digits, dots, dashes and underscores, starting with a letter or digit",
			"profile alias %q cannot name a unit", s.Alias)
	}
	if s.Port < 1 || s.Port > 65535 {
		return fault.New(fault.Usage, "choose a port from 1 to 65535", "port %d of profile %q does not exist", s.Port, s.Alias)
	}
	for _, p := range []struct{ what, path string }{
		{"the engine's path", s.Exe},
		{"the configuration's path", s.ConfigPath},
		{"the credentials folder", s.CredentialsDir},
	} {
		if err := checkPath(p.what, p.path); err != nil {
			return err
		}
	}
	for _, path := range s.Writable {
		if err := checkPath("a writable folder", path); err != nil {
			return err
		}
	}
	if s.Idle < 0 || s.Idle > 0 && s.Ultrallm != "" {
		return fault.New(fault.Usage, "use the built-in engine, or none", "an idle time of %v cannot be kept by profile %q's engine", s.Idle, s.Alias)
	}
	if s.Limits.Memory < 0 || s.Limits.Tasks < 0 || s.Limits.CPU < 0 {
		return fault.New(fault.Usage, "leave them out for the default", "the limits %+v of profile %q are negative", s.Limits, s.Alias)
	}
	for _, v := range s.Environment {
		if !variableName(v.Name) || !plainValue(v.Value) {
			return fault.New(fault.Failed, "record it anew, or clear it: ringlet proxy environment "+s.Alias+" --clear", "the variable %q of the proxy of %q cannot stand in a unit file", v.Name, s.Alias)
		}
	}
	if s.Ultrallm != "" {
		if err := checkPath("the ultrallm binary's path", s.Ultrallm); err != nil {
			return err
		}
		if err := checkPath("the path of the file with its keys", s.EnvFile); err != nil {
			return err
		}
		if _, err := quoteExe(s.Ultrallm); err != nil {
			return err
		}
	}
	_, err := quoteExe(s.Exe)
	return err
}

func validAlias(s string) bool {
	if len(s) < 1 || len(s) > 63 {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case i > 0 && (c == '.' || c == '-' || c == '_'):
		default:
			return false
		}
	}
	return true
}

// checkPath refuses what systemd would ignore (a line that is no UTF-8), take
// for another directive (a line break) or refuse itself (a path that is not
// absolute and clean).
func checkPath(what, path string) error {
	const remedy = "move it to a path of printable characters"
	if !utf8.ValidString(path) {
		return fault.New(fault.Failed, remedy, "%s %q is not UTF-8", what, path)
	}
	for _, r := range path {
		if unicode.IsControl(r) {
			return fault.New(fault.Failed, remedy, "%s %q contains a control character", what, path)
		}
	}
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return fault.New(fault.Failed, "give an absolute path without . and ..", "%s %q is not an absolute, clean path", what, path)
	}
	return nil
}
