package agents

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzSettings edits a settings file and takes the edit back: what was set is
// there, all the rest means the same, and afterwards each byte is as it was.
func FuzzSettings(f *testing.F) {
	inputs, err := filepath.Glob("testdata/settings/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, input := range inputs {
		text, err := os.ReadFile(input)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"a":1,"env":{"ANTHROPIC_BASE_URL":null}}`))
	f.Add([]byte("{ \"env\" :\t{ } , \"x\":[ ] }"))
	s := settings{agent: "claude", file: "f", edit: envEditor{}}
	want := []setting{{claudeBaseURL, quote("http://127.0.0.1:8081")}, {claudeToken, quote("rl-<&>\"\u2028")}}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, top, env, err := parseSettings("f", text)
		if err != nil {
			return
		}
		next, err := envEditor{}.change("f", text, want, false)
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		before, after := decode(t, text), decode(t, next)
		vars, ok := after["env"].(map[string]any)
		if !ok || vars[claudeBaseURL] != "http://127.0.0.1:8081" || vars[claudeToken] != "rl-<&>\"\u2028" {
			t.Fatalf("not set: %s", next)
		}
		delete(vars, claudeBaseURL)
		delete(vars, claudeToken)
		if old, ok := before["env"].(map[string]any); ok {
			delete(old, claudeBaseURL)
			delete(old, claudeToken)
		} else {
			delete(after, "env")
		}
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("something else changed:\n%s\n%s", text, next)
		}

		r, err := s.record(nil, "f", settingsFile{text: text}, want)
		if err != nil {
			t.Fatal(err)
		}
		back, err := r.takeBack(envEditor{}, "f", next)
		if err != nil {
			t.Fatal(err)
		}
		if len(top.members) == 0 || env != nil && len(env.members) == 0 || top.text[0] != text[0] {
			// White space in an empty object is not kept where a key comes and goes.
			if !reflect.DeepEqual(decode(t, text), decode(t, back)) {
				t.Fatalf("taken back to something else:\n%s\n%s", text, back)
			}
		} else if values, _ := (envEditor{}).lookup("f", text, []string{claudeBaseURL, claudeToken}); string(back) != string(text) &&
			string(values[0].value) != string(want[0].value) && string(values[1].value) != string(want[1].value) {
			t.Fatalf("taken back to\n%q\nfrom\n%q", back, text)
		}
	})
}

// FuzzRecord: whatever a record says, what it puts back can be read.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"version":1,"agent":"claude","file":"f","absent":false,"mode":420,"original":"e30=","original_had_env":false,"written":["00"],
		"keys":[{"key":"A","before":"\"b\"","ours":["` + sum([]byte(`"ours"`)) + `"]}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeRecord("r", "claude", data, envEditor{})
		if err != nil {
			return
		}
		text := []byte(`{"env":{"A":"ours","B":"x"}}`)
		r.untouched(settingsFile{text: text})
		if text, err = r.takeBack(envEditor{}, "f", text); err != nil {
			t.Fatal(err)
		}
		decode(t, text)
	})
}

func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	_, top, _, err := parseSettings("f", text)
	if err != nil {
		t.Fatalf("no settings any more: %v\n%s", err, text)
	}
	var v map[string]any
	if err := json.Unmarshal(top.text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
