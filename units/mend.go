package units

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// SandboxExits are the exit statuses of a service that did not start for its
// sandbox: EXIT_USER, EXIT_CAPABILITIES, EXIT_NAMESPACE (systemd.exec(5),
// "Process Exit Codes").
func SandboxExits() []int { return []int{217, 218, 226} }

func sandboxExits() string {
	var out []string
	for _, n := range SandboxExits() {
		out = append(out, strconv.Itoa(n))
	}
	return strings.Join(out, " ")
}

// mending is the unit that is started when the profile's service has failed.
// systemd starts it for every kind of failure, and tells it the exit status: for
// any other than [SandboxExits] it leaves at once. It is bounded by itself, too:
// each run that starts the service again has taken something off its unit before.
func mending(spec Spec, exe string) []section {
	return []section{
		{"Unit", []directive{
			{"Description", `ringlet: have the proxy of profile "` + spec.Alias + `" start without what this machine forbids`},
			{"StartLimitIntervalSec", "10min"},
			{"StartLimitBurst", "5"},
			{configKey, quoteArg(spec.ConfigPath)},
		}},
		{"Service", append([]directive{
			{"Type", "oneshot"},
			{"ExecStart", exe + ` "proxy" "mend" ` + quoteArg(spec.Alias)},
			{"TimeoutStartSec", "90s"},
			{"UMask", "0077"},
			{"Slice", "ringlet.slice"},
		}, hardening()...)},
	}
}

// Soften takes directives of [Namespaced] off a service that ringlet wrote: the
// refused ones, or where namespaces do not work at all every one, so that it is
// what [Systemd] renders for such a machine. Other changes by hand stay, and stay
// known as such. It returns content itself where there is nothing to take off.
func Soften(content []byte, namespaces bool, refused []string) ([]byte, error) {
	origin, err := Inspect(content)
	if err != nil {
		return nil, err
	}
	drop := refused
	if !namespaces {
		drop = []string{"ReadWritePaths"}
		for _, d := range Namespaced() {
			drop = append(drop, d.Key)
		}
	}
	var out bytes.Buffer
	section := ""
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "[") {
			section = strings.TrimSpace(line)
		}
		key, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if section == "[Service]" && slices.Contains(drop, key) {
			continue
		}
		out.WriteString(line)
	}
	if out.Len() == len(content) {
		return content, nil
	}
	if origin.Edited {
		return out.Bytes(), nil
	}
	return Sealed(out.Bytes()), nil
}

// Sealed is a unit file with the hash of what is in it, in the place of the one
// that it has; one without is left as it is.
func Sealed(content []byte) []byte {
	var bare strings.Builder
	recorded := ""
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), hashKey+"="); ok && recorded == "" {
			recorded = value
			continue
		}
		bare.WriteString(line)
	}
	if recorded == "" {
		return content
	}
	return bytes.Replace(content, []byte(recorded), []byte(hash(bare.String())), 1)
}

// Allowed is what a service that ringlet wrote takes its machine to allow: whether it
// has user namespaces, and what of the sandbox it does without all the same. It is
// what a [Spec] says of that. A service that is not there has none.
func Allowed(content []byte) (namespaces bool, refused []string) {
	has := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		key, _, _ := strings.Cut(line, "=")
		has[key] = true
	}
	if !has["PrivateUsers"] {
		return false, nil
	}
	for _, d := range Namespaced() {
		if !has[d.Key] {
			refused = append(refused, d.Key)
		}
	}
	return true, refused
}

// Softer says that have is what [Soften] makes of want.
func Softer(have, want []byte) bool {
	if bytes.Equal(have, want) {
		return false
	}
	keys := func(content []byte) (out []string) {
		for line := range strings.Lines(string(content)) {
			key, _, _ := strings.Cut(line, "=")
			out = append(out, key)
		}
		return out
	}
	there := keys(have)
	var missing []string
	for _, d := range Namespaced() {
		if !slices.Contains(there, d.Key) {
			missing = append(missing, d.Key)
		}
	}
	soft, err := Soften(want, !slices.Contains(missing, "PrivateUsers"), missing)
	return err == nil && bytes.Equal(soft, have)
}
