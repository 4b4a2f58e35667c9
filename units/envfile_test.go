package units

import (
	"strings"
	"testing"
)

func TestEnvironmentFile(t *testing.T) {
	got, err := EnvironmentFile([]Variable{{"A_KEY", "sk-1"}, {"B", `a"b\c$d` + "`e #f'%h"}, {"EMPTY", ""}})
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(string(got), "\n")
	if want := "A_KEY=\"sk-1\"\nB=\"a\\\"b\\\\c\\$d\\`e #f'%h\"\nEMPTY=\"\"\n"; lines != want {
		t.Errorf("got  %s\nwant %s", lines, want)
	}
	for name, vars := range map[string][]Variable{
		"no name": {{"", "x"}}, "digit first": {{"1A", "x"}}, "dash": {{"A-B", "x"}}, "line break in a name": {{"A\nB", "x"}},
		"line break": {{"A", "x\nB=y"}}, "return": {{"A", "x\ry"}}, "NUL": {{"A", "x\x00"}}, "not UTF-8": {{"A", "\xff"}}, "twice": {{"A", "1"}, {"A", "2"}},
	} {
		if got, err := EnvironmentFile(vars); err == nil {
			t.Errorf("%s: %s", name, got)
		} else if strings.Contains(err.Error(), "B=y") {
			t.Errorf("%s: the error holds the value: %v", name, err)
		}
	}
}

// readEnv reads an environment file as systemd does (parse_env_file in its
// src/basic/env-file.c), for lines as EnvironmentFile writes them: comments, and
// names with a value that begins with a double quote.
func readEnv(text string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(text); {
		if text[i] == '#' || text[i] == '\n' {
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				break
			}
			i += end + 1
			continue
		}
		name, rest, ok := strings.Cut(text[i:], "=")
		if !ok || !strings.HasPrefix(rest, `"`) {
			return nil
		}
		i += len(name) + 2
		var value strings.Builder
		for ; i < len(text) && text[i] != '"'; i++ {
			if text[i] == '\\' && i+1 < len(text) {
				i++
				if !strings.ContainsRune("\"\\`$", rune(text[i])) && text[i] != '\n' {
					value.WriteByte('\\')
				}
				if text[i] == '\n' {
					continue
				}
			}
			value.WriteByte(text[i])
		}
		if i == len(text) {
			return nil // the quote is not closed
		}
		i++
		out[name] = value.String()
	}
	return out
}

func FuzzEnvironmentFile(f *testing.F) {
	for _, s := range []string{"sk-ant-1", `\`, `"`, "$HOME", "`id`", "a\\\nb", "#", "é", "'", `a\"b`, "x=y", " spaces "} {
		f.Add("A_KEY", s)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		text, err := EnvironmentFile([]Variable{{name, value}, {"LAST_OF_ALL", "end"}})
		if err != nil {
			return
		}
		got := readEnv(string(text))
		if len(got) != 2 || got[name] != value || got["LAST_OF_ALL"] != "end" {
			t.Fatalf("%q is read as %q from\n%s", value, got, text)
		}
	})
}

func TestQuoteGlob(t *testing.T) {
	for in, want := range map[string]string{"/a b": "/a b", "/100%h": "/100%%h", `/x\y`: `/x\\y`, "/[a]*?": `/\[a]\*\?`} {
		if got := quoteGlob(in); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}

// The engine's own port is found again without a socket unit.
func TestUltrallmHasNoSocket(t *testing.T) {
	s := testSpec()
	s.Ultrallm, s.EnvFile = "/home/u/.local/bin/ultrallm", "/home/u/.config/ringlet/ultrallm/work.env"
	set, err := Systemd(s)
	if err != nil {
		t.Fatal(err)
	}
	if set.Socket.Name != "" || len(set.Files()) != 2 {
		t.Errorf("%d files, socket %q", len(set.Files()), set.Socket.Name)
	}
	o, err := Inspect(set.Service.Content)
	if err != nil || o.Edited || o.Listen != "127.0.0.1:8081" || o.ConfigPath != s.ConfigPath {
		t.Errorf("%+v, %v", o, err)
	}
	for name, change := range map[string]func(*Spec){
		"binary relative":   func(s *Spec) { s.Ultrallm = "ultrallm" },
		"binary with quote": func(s *Spec) { s.Ultrallm = "/opt/it's/ultrallm" },
		"keys nowhere":      func(s *Spec) { s.EnvFile = "" },
		"keys newline":      func(s *Spec) { s.EnvFile = "/a\nExecStartPre=/bin/evil" },
	} {
		s := s
		change(&s)
		if _, err := Systemd(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
