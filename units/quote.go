package units

import (
	"fmt"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
)

// The quoting of unit files, as systemd 252 and 257 read it; systemd.service(5),
// "Command lines", and systemd.syntax(7) say so, and the tests ask a real one.
// Values come here checked: no control characters, valid UTF-8.

var (
	escapeArg   = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`)
	unescapeArg = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `%%`, `%`, `$$`, `$`)
)

// quoteArg makes s one argument of an Exec line, whatever is in it.
func quoteArg(s string) string { return `"` + escapeArg.Replace(s) + `"` }

// unquoteArg is the inverse of quoteArg, for what quoteArg wrote.
func unquoteArg(s string) (string, error) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", fmt.Errorf("%q is not in double quotes", s)
	}
	plain := unescapeArg.Replace(s[1 : len(s)-1])
	if quoteArg(plain) != s {
		return "", fmt.Errorf("%q is not quoted as ringlet does", s)
	}
	return plain, nil
}

// quoteExe makes s the first word of an Exec line. There "$" stands for itself,
// and quotes and backslashes are refused by systemd, however written.
func quoteExe(s string) (string, error) {
	if i := strings.IndexAny(s, `'"\`); i >= 0 {
		return "", fault.New(fault.Failed, "move the binary to a path without quotes and backslashes",
			"systemd cannot start %q: its path contains %c", s, s[i])
	}
	return `"` + strings.ReplaceAll(s, `%`, `%%`) + `"`, nil
}

// unquoteExe is the first word of an Exec line, for what quoteExe wrote; "" for
// what it did not.
func unquoteExe(line string) string {
	rest, ok := strings.CutPrefix(line, `"`)
	word, _, closed := strings.Cut(rest, `"`)
	plain := strings.ReplaceAll(word, `%%`, `%`)
	if quoted, err := quoteExe(plain); !ok || !closed || err != nil || quoted != `"`+word+`"` {
		return ""
	}
	return plain
}

// quotePath makes s one of several paths in a value, a "-" in front included.
// There "$" stands for itself.
func quotePath(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(s) + `"`
}

// environment are the variables as Environment= directives. A quoted assignment
// is unescaped as a path is; systemd.exec(5).
func environment(vars []Variable) []directive {
	var out []directive
	for _, v := range vars {
		out = append(out, directive{"Environment", quotePath(v.Name + "=" + v.Value)})
	}
	return out
}
