package routes

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/strict"
)

func fullConfig(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/config/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestConfigRoundTrip(t *testing.T) {
	c, err := ParseConfig("config.yaml", fullConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	if c.ModelList[0].Params.Extra["rpm"] != 100 {
		t.Errorf("a field that litellm_params does not know was lost: %v", c.ModelList[0].Params.Extra)
	}
	out, err := c.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseConfig("config.yaml", out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !reflect.DeepEqual(c, again) {
		t.Errorf("round trip changed it:\n%+v\n%+v", c, again)
	}
	table, err := c.Table()
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := table.Decide(Request{Model: "claude-x", Tokens: 1}, Inputs{}); len(d.Candidates) != 2 || d.Candidates[1].Target.Model != "claude-x" {
		t.Errorf("decision %+v", d)
	}
}

// TestConfigRefuses breaks the good file in one place each; want is in the error.
func TestConfigRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"syntax", "port: 8081", "port: : 8081", "config.yaml:3:"},
		{"unknown field", "  port: 8081", "  prt: 8081", `config.yaml:3:3: unknown field "prt"`},
		{"weight", "weight: 3", "weight: -3", "it must be 1 to"},
		{"unknown rule field", "priority: 10", "priority: 10, colour: 3", `unknown field "colour"`},
		{"type", "port: 8081", "port: many", "config.yaml:3:9:"},
		{"host", "127.0.0.1", "0.0.0.0", "only 127.0.0.1"},
		{"port", "port: 8081", "port: 70000", "1 to 65535"},
		{"version", "version: 1", "version: 2", "reads version 1"},
		{"no token", `["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]`, "[]", "nobody could use"},
		{"bad token", "e3b0c44298", "zzz", "not a SHA-256"},
		{"condition", "tokens > 100000", "tokens >", "column 9"},
		{"target", `model: "anthropic/claude-opus-4"`, `model: "opus"`, `no "/"`},
		{"provider", `model: "anthropic/claude-opus-4"`, `model: "other/opus"`, `"other"`},
		{"duplicate rule", `name: "default"`, `name: "long"`, "two rules"},
		{"duplicate key", "  port: 8081", "  port: 8081\n  port: 8082", "config.yaml:4:"},
		{"strategy", `"conditional"`, `"random"`, "no such strategy"},
		{"plain http", `formats: { messages: "https://api.anthropic.com" }`, `formats: { messages: "http://example.com" }`, "plain http"},
		{"user info", `formats: { messages: "https://api.anthropic.com" }`, `formats: { messages: "https://u:p@api.anthropic.com" }`, "credentials"},
		{"wire format", "formats: { messages:", "formats: { soap:", "unknown wire format"},
		{"auth", `auth_header: "x-api-key"`, `auth_header: "basic"`, "it must be x-api-key, api-key, bearer, aws, google, client or none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			good := fullConfig(t)
			bad := bytes.Replace(good, []byte(c.old), []byte(c.new), 1)
			if bytes.Equal(good, bad) {
				t.Fatalf("the good file does not contain %q", c.old)
			}
			_, err := ParseConfig("config.yaml", bad)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want …%s…", err, c.want)
			}
		})
	}
	for _, s := range []string{"", "   \n", "# only a comment\n"} {
		if _, err := ParseConfig("config.yaml", []byte(s)); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add(fullConfig(f))
	f.Add([]byte("server: {host: &a 127.0.0.1, port: *a}"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig("config.yaml", data)
		if err != nil {
			var se *strict.Error
			if errors.As(err, &se) && se.Path != "config.yaml" {
				t.Fatalf("error names %q", se.Path)
			}
			return
		}
		out, err := c.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseConfig("config.yaml", out); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out)
		}
	})
}
