package agents

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/tidwall/gjson"
)

func TestCleanSettings(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		clean      func(string, []byte) ([]byte, []string, error)
		text, want string
		left       string
		fails      bool
	}{
		{"nothing to take out", "settings.json", cleanClaude, `{"model":"opus"}`, `{"model":"opus"}`, "", false},
		{"claude", "settings.json", cleanClaude, `{"env":{"ANTHROPIC_AUTH_TOKEN":"x","A":"1"},"apiKeyHelper":"x"}`, `{"env":{"A":"1"}}`, "apiKeyHelper env.ANTHROPIC_AUTH_TOKEN", false},
		{"claude's other files", "keybindings.json", cleanClaude, `{`, `{`, "", false},
		{"claude, broken", "settings.json", cleanClaude, `{`, "", "", true},
		{"a list of objects", "settings.json", cleanJSON(), `{"p":[{"api_key":"x","n":1},[{"apiKey":"y"}]]}`, `{"p":[{"n":1},[{}]]}`, "p.api_key p.apiKey", false},
		{"servers", "mcp.json", cleanJSON(), `{"mcpServers":{"a":{"apiKey":"x"}}}`, `{"mcpServers":{"a":{"apiKey":"x"}}}`, "", false},
		{"comments", "opencode.jsonc", cleanJSON(), "{ // mine\n}", "{ // mine\n}", "", false},
		{"comments and a key", "opencode.jsonc", cleanJSON(), "{ // mine\n\"apiKey\": 1}", "", "", true},
		{"broken", "settings.json", cleanJSON(), "{", "", "", true},
		{"not JSON by its name", "AGENTS.md", cleanJSON(), "{", "{", "", false},
		{"toml", "config.toml", cleanTOML("profile"), "profile = \"x\"\n[m.p]\napi_key = \"x\"\na = 1\n", "[m.p]\na = 1\n", "profile m.p.api_key", false},
		{"toml, dotted", "config.toml", cleanTOML(), "m.p.api_key = \"x\"\na = 1", "a = 1", "m.p.api_key", false},
		{"toml, a byte order mark", "config.toml", cleanTOML(), byteOrderMark + "api_key = \"x\"\na = 1\n", byteOrderMark + "a = 1\n", "api_key", false},
		{"toml, an inline table", "config.toml", cleanTOML(), "p = { api_key = \"x\" }\n", "", "", true},
		{"toml, servers", "config.toml", cleanTOML(), "[mcp_servers.x]\nenv = { api_key = \"x\" }\n", "[mcp_servers.x]\nenv = { api_key = \"x\" }\n", "", false},
		{"toml, broken", "config.toml", cleanTOML(), "a =", "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, left, err := tt.clean(tt.file, []byte(tt.text))
			if (err != nil) != tt.fails || !tt.fails && (string(got) != tt.want || strings.Join(left, " ") != tt.left) {
				t.Errorf("%q, left %q, %v; want %q, left %q", got, left, err, tt.want, tt.left)
			}
		})
	}
}

// Whatever a file says: what is left of it is still of its format, and holds no key.
func FuzzClean(f *testing.F) {
	for _, s := range []string{`{"a":{"apiKey":"x"}}`, `{"p":[{"api_key":1},{"b":[]}]}`, "p.api_key = 'x'\n[a]\nauth_token = \"\"\"\nx\n\"\"\"\n", `{"apiKey":1,"apikey":2}`, "[[a]]\nb.api-key = 1\n", "", " ", byteOrderMark} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, _, err := cleanJSON("drop")("a.json", []byte(text)); err == nil && len(strings.TrimSpace(text)) > 0 {
			var v any
			if err := json.Unmarshal(got, &v); err != nil {
				t.Errorf("JSON became %q: %v", got, err)
			}
			if at := heldIn(v, nil); at != "" {
				t.Errorf("%q still holds %s", got, at)
			}
		}
		if got, _, err := cleanTOML("drop")("a.toml", []byte(text)); err == nil {
			var v map[string]any
			if err := toml.Unmarshal([]byte(strings.TrimPrefix(string(got), byteOrderMark)), &v); err != nil {
				t.Errorf("TOML became %q: %v", got, err)
			}
			if at := heldIn(v, nil); at != "" {
				t.Errorf("%q still holds %s", got, at)
			}
		}
		if got, left, err := cleanClaude("settings.json", []byte(text)); err == nil && len(left) > 0 && !gjson.ValidBytes([]byte(strings.TrimPrefix(string(got), byteOrderMark))) {
			t.Errorf("settings became %q", got)
		}
	})
}

// Servers are added, and nothing else of either file changes.
func FuzzMergeServers(f *testing.F) {
	f.Add(`{"a":1}`, `{"mcpServers":{"x":{"command":"x"}}}`, false)
	f.Add(`{"mcpServers":{"x":1}}`, `{"mcpServers":{"x":2,"y":3}}`, true)
	f.Add(``, `{"mcpServers":null}`, false)
	f.Fuzz(func(t *testing.T, text, from string, replace bool) {
		merged, taken, left, err := MergeServers("a", []byte(text), []byte(from), replace)
		if err != nil {
			return
		}
		source := gjson.Get(strings.TrimPrefix(from, byteOrderMark), mcpServers)
		n := 0
		source.ForEach(func(_, _ gjson.Result) bool { n++; return true })
		if source.IsObject() && len(taken)+len(left) != n || replace && len(left) > 0 {
			t.Errorf("of %d servers %q are taken and %q left", n, taken, left)
		}
		if len(taken) > 0 && !json.Valid([]byte(strings.TrimPrefix(string(merged), byteOrderMark))) {
			t.Errorf("it became %q", merged)
		}
	})
}
