// Package shell writes lines that a shell reads: assignments of environment
// variables and quoted words, in the syntax of each [Kind]. It is pure, and
// knows nothing of what the variables are for.
package shell

import (
	"path"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
)

// Kind is a shell's syntax.
type Kind string

// The kinds. Bash stands for every shell that reads POSIX's export and unset.
const (
	Bash       Kind = "bash"
	Zsh        Kind = "zsh"
	Fish       Kind = "fish"
	PowerShell Kind = "powershell"
)

// Kinds lists them as they are typed.
func Kinds() []string { return []string{string(Bash), string(Zsh), string(Fish), string(PowerShell)} }

// Parse takes a kind as it is typed.
func Parse(name string) (Kind, error) {
	switch name {
	case "bash", "sh", "dash", "ksh", "ash", "mksh":
		return Bash, nil
	case "zsh":
		return Zsh, nil
	case "fish":
		return Fish, nil
	case "powershell", "pwsh":
		return PowerShell, nil
	}
	return "", fault.New(fault.Usage, "choose one: --shell "+strings.Join(Kinds(), ", --shell "), "there is no way to set variables in the shell %q", name)
}

// Of is the kind of the shell that SHELL names; without one, Bash.
func Of(shell string) (Kind, error) {
	if shell == "" {
		return Bash, nil
	}
	return Parse(path.Base(shell))
}

// Quote is text as one word, whatever is in it but NUL, which no environment can hold.
func (k Kind) Quote(text string) string {
	switch k {
	case Fish:
		// In fish's single quotes a backslash escapes itself and the quote, and nothing
		// else: https://fishshell.com/docs/current/language.html#quotes.
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
	case PowerShell:
		// The typographic quotes end a text as the plain one does, and each is doubled:
		// https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules.
		return "'" + strings.NewReplacer("'", "''", "\u2018", "\u2018\u2018", "\u2019", "\u2019\u2019", "\u201a", "\u201a\u201a", "\u201b", "\u201b\u201b").Replace(text) + "'"
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Set is a line that sets a variable and exports it. Every line ends so that
// lines joined by spaces, as fish's command substitution does, still work.
func (k Kind) Set(name, value string) string {
	switch k {
	case Fish:
		return "set -gx " + name + " " + k.Quote(value) + ";\n"
	case PowerShell:
		return "${env:" + name + "} = " + k.Quote(value) + ";\n"
	}
	return "export " + name + "=" + k.Quote(value) + ";\n"
}

// Unset is a line that removes a variable, and does nothing where there is none.
func (k Kind) Unset(name string) string {
	switch k {
	case Fish:
		return "set -e " + name + ";\n"
	case PowerShell:
		return "Remove-Item -LiteralPath 'Env:" + name + "' -ErrorAction SilentlyContinue;\n"
	}
	return "unset " + name + ";\n"
}

// ValidName reports whether a variable of that name can be set in every shell.
func ValidName(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// Eval is how a command's output is read by the shell.
func (k Kind) Eval(command string) string {
	switch k {
	case Fish:
		return command + " | source"
	case PowerShell:
		return command + " | Out-String | Invoke-Expression"
	}
	return `eval "$(` + command + `)"`
}
