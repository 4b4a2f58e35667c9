package shell

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
)

func TestLines(t *testing.T) {
	const odd = "it's \\ $HOME `id` \"x\"\n\u2018y\u2019"
	for _, tt := range []struct {
		kind       Kind
		set, unset string
	}{
		{Bash, "export A='it'\\''s \\ $HOME `id` \"x\"\n\u2018y\u2019';\n", "unset A;\n"},
		{Zsh, "export A='it'\\''s \\ $HOME `id` \"x\"\n\u2018y\u2019';\n", "unset A;\n"},
		{Fish, "set -gx A 'it\\'s \\\\ $HOME `id` \"x\"\n\u2018y\u2019';\n", "set -e A;\n"},
		{PowerShell, "${env:A} = 'it''s \\ $HOME `id` \"x\"\n\u2018\u2018y\u2019\u2019';\n", "Remove-Item -LiteralPath 'Env:A' -ErrorAction SilentlyContinue;\n"},
	} {
		if got := tt.kind.Set("A", odd); got != tt.set {
			t.Errorf("%s: set is %q; want %q", tt.kind, got, tt.set)
		}
		if got := tt.kind.Unset("A"); got != tt.unset {
			t.Errorf("%s: unset is %q; want %q", tt.kind, got, tt.unset)
		}
	}
	for _, q := range []string{"'", "\u2018", "\u2019", "\u201a", "\u201b"} {
		if got := PowerShell.Quote(q); got != "'"+q+q+"'" {
			t.Errorf("PowerShell: %q is quoted as %q", q, got)
		}
	}
}

func TestOf(t *testing.T) {
	for shell, want := range map[string]Kind{"": Bash, "/bin/bash": Bash, "/bin/sh": Bash, "/usr/bin/zsh": Zsh, "/opt/bin/fish": Fish, "pwsh": PowerShell} {
		if got, err := Of(shell); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", shell, got, err, want)
		}
	}
	_, err := Of("/usr/bin/nu")
	if fault.ExitCode(err) != 2 || !strings.Contains(fault.Hint(err), "--shell fish") {
		t.Errorf("an unknown shell: %v, hint %q", err, fault.Hint(err))
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{"A": true, "_a1": true, "": false, "1A": false, "A-B": false, "A=": false, "Ä": false, "BASH_FUNC_x%%": false} {
		if got := ValidName(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}

// A shell that reads the lines has exactly the value, and no more is run.
func FuzzRealShells(f *testing.F) {
	for _, s := range []string{"", "plain", "it's", `\`, `\\'`, "'\\''", "a\nb\n", "\n", "$(exit 3)", "`exit 3`", "!!", "%", "*", "~", "#", "\x1b[31m", "a;b", "\xff\xfe", "é‘’", "-e", "\r\n", "\t "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsRune(value, 0) || len(value) > 4096 {
			return
		}
		for program, kind := range map[string]Kind{"bash": Bash, "sh": Bash, "zsh": Zsh, "fish": Fish} {
			path, err := exec.LookPath(program)
			if err != nil {
				continue // TestShellsAreThere says which have to be
			}
			script := kind.Set("GIVEN", value) + kind.Unset("GONE") + kind.Unset("NEVER_THERE") + "printenv GIVEN; printenv GONE"
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			cmd := exec.CommandContext(ctx, path, "-c", script)
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GONE=still here", "LC_ALL=C.UTF-8"}
			var out bytes.Buffer
			cmd.Stdout = &out
			err = cmd.Run() // printenv's 1: GONE is gone
			cancel()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("%s: %v", program, err)
			}
			if got := out.String(); got != value+"\n" {
				t.Errorf("%s: the value is %q; want %q", program, got, value+"\n")
			}
		}
	})
}

// Without these the test above would be about nothing.
func TestShellsAreThere(t *testing.T) {
	for _, program := range []string{"bash", "sh", "zsh", "fish"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Errorf("%v: the quoting cannot be tested; run: make packages", err)
		}
	}
}
