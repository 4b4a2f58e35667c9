package units

import (
	"bytes"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		`/plain`:   `"/plain"`,
		`/a b`:     `"/a b"`,
		`/100%n`:   `"/100%%n"`,
		`/$HOME`:   `"/$$HOME"`,
		`/${X}`:    `"/$${X}"`,
		`/it's`:    `"/it's"`,
		`/"q"`:     `"/\"q\""`,
		`/b\ack`:   `"/b\\ack"`,
		`/end\`:    `"/end\\"`,
		`/%%$$\\"`: `"/%%%%$$$$\\\\\""`,
		`/é ü`:     `"/é ü"`,
		`;`:        `";"`,
	} {
		if got := quoteArg(in); got != want {
			t.Errorf("quoteArg(%s) = %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{`/a b/ringlet`: `"/a b/ringlet"`, `/100%/$x`: `"/100%%/$x"`} {
		if got, err := quoteExe(in); err != nil || got != want {
			t.Errorf("quoteExe(%s) = %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestUnquoteRefuses(t *testing.T) {
	for _, in := range []string{``, `"`, `a`, `"a`, `a"`, `"a"b"`, `"%"`, `"$x"`, `"\"`, `"\n"`} {
		if got, err := unquoteArg(in); err == nil {
			t.Errorf("unquoteArg(%s) = %s", in, got)
		}
	}
}

// Whatever a path is, the file stays what it was meant to be when another's
// parser reads it: the same directives, and the path as it went in.
func FuzzSystemd(f *testing.F) {
	for _, s := range []string{"/home/u/config.yaml", `/a b/%h/$HOME/"q"/\/config`, "/x\nExecStartPre=/bin/sh", `/trailing\`, "/#c", "/;", "/é"} {
		f.Add(s, "/usr/bin/ringlet")
		f.Add("/c", s)
	}
	plain, err := Systemd(testSpec())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, config, exe string) {
		if len(config)+len(exe) > 400 {
			return // the other parser stops at lines of 2048 bytes
		}
		spec := testSpec()
		spec.ConfigPath, spec.Exe = config, exe
		set, err := Systemd(spec)
		if err != nil {
			return
		}
		got, want := options(t, set.Service.Content), options(t, plain.Service.Content)
		if len(got) != len(want) {
			t.Fatalf("%d directives, want %d", len(got), len(want))
		}
		for i, o := range got {
			if o.Section != want[i].Section || o.Name != want[i].Name {
				t.Fatalf("directive %v, want %v", o, want[i])
			}
			if o.Name == "ExecStart" {
				if args := splitExec(o.Value); len(args) != 7 || args[0] != exe || args[4] != config {
					t.Fatalf("%s is read as %q", o.Value, args)
				}
			}
		}
		if o, err := Inspect(set.Service.Content); err != nil || o.Edited || o.ConfigPath != config {
			t.Fatalf("inspected: %+v, %v", o, err)
		}
	})
}

func options(t *testing.T, content []byte) []*unit.UnitOption {
	t.Helper()
	opts, err := unit.DeserializeOptions(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return opts
}

// splitExec reads a line of double-quoted words as systemd does: specifiers,
// then quotes and escapes, then variables everywhere but in the first word.
func splitExec(line string) (words []string) {
	var word strings.Builder
	inside := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"' && inside:
			words = append(words, word.String())
			word.Reset()
			inside = false
		case c == '"':
			inside = true
		case !inside && c == ' ':
		case c == '\\', c == '%', c == '$' && len(words) > 0:
			i++
			if i == len(line) || (c != '\\' && line[i] != c) {
				return nil // an escape of nothing, a specifier or a variable
			}
			word.WriteByte(line[i])
		default:
			word.WriteByte(c)
		}
	}
	return words
}

// Values of Environment= come through whole; the testbed asks a real systemd.
func TestEnvironmentDirectives(t *testing.T) {
	got := environment([]Variable{{"NO_PROXY", `odd "value" 100% $HOME \ end`}, {"SSL_CERT_DIR", "/a:/b"}})
	want := []directive{{"Environment", `"NO_PROXY=odd \"value\" 100%% $HOME \\ end"`}, {"Environment", `"SSL_CERT_DIR=/a:/b"`}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%q, want %q", got, want)
	}
	spec := Spec{Alias: "work", Port: 8081, Exe: "/bin/ringlet", ConfigPath: "/c/config.yaml", CredentialsDir: "/k", Environment: []Variable{{"NO_PROXY", "a\nExecStart=/evil"}}}
	if _, err := Systemd(spec); err == nil {
		t.Error("a line break in a value is taken")
	}
	spec.Environment[0].Value = "plain"
	set, err := Systemd(spec)
	if err != nil || !strings.Contains(string(set.Service.Content), "\nEnvironment=\"NO_PROXY=plain\"\n") {
		t.Errorf("%v\n%s", err, set.Service.Content)
	}
	job, err := Launchd(spec)
	if err != nil || !strings.Contains(string(job.Content), "<key>NO_PROXY</key>") {
		t.Errorf("%v\n%s", err, job.Content)
	}
}
