package profiles

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/strict"
	"github.com/ringlet/ringlet/routes"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with the file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs:\n--- got\n%s--- want\n%s", path, got, want)
	}
}

func profileFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/config/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	return files
}

// TestConfigGolden generates config.yaml from each profile beside which it lies.
func TestConfigGolden(t *testing.T) {
	for _, path := range profileFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s, _ := open(t)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			alias := Alias(strings.TrimSuffix(filepath.Base(path), ".json"))
			if err := os.MkdirAll(s.dirs.ProfilesDir(), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(s.dirs.Profile(string(alias)), data, 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := s.EnsureConfig(t.Context(), alias)
			if err != nil || !c.Config {
				t.Fatalf("%+v, %v", c, err)
			}
			got, err := os.ReadFile(c.ConfigPath)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(path, ".json")+".yaml", got)
			if strings.Contains(string(got), "KEY}") && !strings.Contains(string(got), "${ACME_KEY}") {
				t.Error("a key is not named as the engine expands it")
			}
		})
	}
}

// TestProfileFileRoundTrip: what is read is written the same, byte for byte.
func TestProfileFileRoundTrip(t *testing.T) {
	for _, path := range profileFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := decode(path, Alias(strings.TrimSuffix(filepath.Base(path), ".json")), data)
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.encode("")
		if err != nil || string(out) != string(data) {
			t.Errorf("%s was written as\n%s%v", path, out, err)
		}
	}
}

func TestDecodeFillsInWhatMayBeLeftOut(t *testing.T) {
	p, err := decode("p", "work", []byte(`{"version": 1, "alias": "work", "agent": "claude", "provider": "acme",
		"proxy": {"rules": [{"name": "a", "condition": "always", "target": "acme/big"}]}}`))
	want := Profile{Alias: "work", Agent: "claude", Provider: "acme", Endpoint: "default",
		Proxy: Proxy{Engine: "auto", Strategy: routes.Conditional, Rules: []routes.Rule{{Name: "a", Condition: "always", Target: "acme/big", Weight: 1}}}}
	if err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestDecodeRefuses changes a good file in one place each.
func TestDecodeRefuses(t *testing.T) {
	good, err := os.ReadFile("testdata/config/work.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"syntax", `"alias": "work",`, `"alias": "work"`, "work.json:4:3:"},
		{"cut short", "\"model\"", "\x00", "work.json:7:3:"},
		{"a newer version", `"version": 1`, `"version": 2, "new": {}`, "work.json:2:14: version is 2, written by a newer ringlet"},
		{"a negative version", `"version": 1`, `"version": -1`, "version is -1; it must be 1"},
		{"another alias", `"alias": "work"`, `"alias": "home"`, `work.json:3:12: alias is "home", but the file's name says "work"`},
		{"an agent that is a path", `"agent": "claude"`, `"agent": "../x"`, `work.json:4:12: agent "../x" is no name`},
		{"no provider", `"provider": "acme"`, `"provider": ""`, "work.json:5:15: provider"},
		{"a provider with a slash", `"provider": "acme"`, `"provider": "a/b"`, "work.json:5:15: provider"},
		{"a bad model", `"model": ""`, `"model": "a b"`, "work.json:7:12: model name"},
		{"type", `"seq": 3`, `"seq": "3"`, `work.json:10:`},
		{"seq", `"seq": 3`, `"seq": -3`, "work.json:10:10: seq is -3"},
		{"port", `"port": null`, `"port": 70000`, "work.json:13:13: port 70000"},
		{"engine", `"engine": "auto"`, `"engine": "litellm"`, `work.json:14:15: there is no engine "litellm"`},
		{"strategy", `"strategy": "conditional"`, `"strategy": "random"`, "work.json:15:17: strategy"},
		{"condition", `"tokens > 100000"`, `"tokens >"`, "work.json:17:7: rule \"long-context\": condition"},
		{"target", `"target": "acme/big"`, `"target": "big"`, "work.json:24:7: rule \"default\": target"},
		{"rule twice", `"name": "default"`, `"name": "long-context"`, "work.json:25:17: rule name"},
		{"weight", `"weight": 1`, `"weight": 0`, "work.json:22:19: rule \"long-context\" has weight 0; it must be 1 to 1000000"},
		{"alias to nowhere", `"fast-model": "zeta/small"`, `"fast-model": "zeta"`, `work.json:33:21: alias "fast-model"`},
		{"unknown field", `"enabled"`, `"enable"`, `unknown field "enable"`},
		{"text after it", "\n}\n", "\n}\n{}", "work.json:36:2: text follows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(string(good), tt.old) {
				t.Fatalf("the good file has no %s", tt.old)
			}
			_, err := decode("/p/work.json", "work", []byte(strings.Replace(string(good), tt.old, tt.new, 1)))
			var se *strict.Error
			if !errors.As(err, &se) || !strings.Contains(err.Error(), tt.want) || fault.Hint(err) == "" {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	if _, err := decode("p", "work", nil); err == nil {
		t.Error("an empty file was accepted")
	}
}

func FuzzDecode(f *testing.F) {
	for _, path := range profileFiles(f) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"version":1,"alias":"work","proxy":{"rules":[{"weight":2}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decode("path", "work", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "path") {
				t.Errorf("an error without its path: %v", err)
			}
			return
		}
		out, err := p.encode("")
		if err != nil {
			t.Fatalf("accepted but not written: %v", err)
		}
		again, err := decode("path", "work", out)
		if err != nil {
			t.Fatalf("written but not accepted: %v\n%s", err, out)
		}
		if changed, err := differ(p, again); changed || err != nil {
			t.Errorf("changed by writing it, %v:\n%s", err, out)
		}
	})
}
