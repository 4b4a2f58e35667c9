package units

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ringlet/ringlet/internal/fault"
)

// Variable is one line of an environment file.
type Variable struct{ Name, Value string }

// EnvironmentFile renders variables for EnvironmentFile= (systemd.exec(5)): one
// NAME="value" per line. Inside double quotes a backslash takes the meaning of
// ", \, ` and $; nothing is expanded. What systemd would leave out with a
// warning, or read as something else, is an error, which does not hold the value.
func EnvironmentFile(vars []Variable) ([]byte, error) {
	var b strings.Builder
	b.WriteString("# Written by ringlet from its credentials, for ultrallm; it is written anew at every start.\n")
	seen := map[string]bool{}
	for _, v := range vars {
		switch {
		case !variableName(v.Name):
			return nil, fault.New(fault.Failed, "name another variable under auth in the provider's file in providers.d", "%q cannot be the name of an environment variable", v.Name)
		case seen[v.Name]:
			return nil, fmt.Errorf("the variable %s is there twice", v.Name)
		case !plainValue(v.Value):
			return nil, fault.New(fault.Failed, "store it again: ringlet providers login <provider>", "the value of %s holds characters that cannot stand in an environment file", v.Name)
		}
		seen[v.Name] = true
		b.WriteString(v.Name + `="` + escapeEnv(v.Value) + "\"\n")
	}
	return []byte(b.String()), nil
}

func escapeEnv(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(s)
}

func variableName(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// plainValue refuses control characters: systemd 252 drops what is not UTF-8,
// and what is not one line is no key.
func plainValue(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return false
		}
	}
	return true
}
