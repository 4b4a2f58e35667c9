package strict

import (
	"strings"
	"testing"
)

func TestRepeatedKeys(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 1, "a": 2}`: `f:1:10: "a" is there twice`,
		"{\"a\": {\"b\": [1, {\"c\": 1,\n \"c\": 2}]}}": `f:2:2: "c" is there twice`,
		`{"a": {"b": 1}, "c": {}, "a": []}`:             `"a" is there twice`,
		`{"a": {"a": {"a": ["a", "a"]}}, "b": "a"}`:     "",
		`[{"a": 1}, {"a": 1}]`:                          "",
		`{"A": 1, "a": 2}`:                              "",
		`{"\u0061": 1, "a": 2}`:                         `"a" is there twice`,
	} {
		var v any
		err := JSON("f", []byte(text), &v)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}
