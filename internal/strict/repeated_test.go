package strict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
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

func TestRepeatedAmongMany(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "%q: %d, ", fmt.Sprint("key", i), i)
	}
	for _, key := range []string{"key0", "key40", "key99"} {
		var v any
		err := JSON("f", []byte("{"+b.String()+`"`+key+`": 0}`), &v)
		if err == nil || !strings.Contains(err.Error(), `"`+key+`" is there twice`) {
			t.Errorf("%v", err)
		}
	}
	var v any
	if err := JSON("f", []byte("{"+b.String()+`"key": 0}`), &v); err != nil {
		t.Error(err)
	}
}

// byTokens is eachKey by encoding/json's own tokens.
func byTokens(data []byte) (all []string) {
	dec := json.NewDecoder(bytes.NewReader(data))
	type object struct {
		seen map[string]bool // nil for a list
		key  bool
	}
	var open []object
	for {
		t, err := dec.Token()
		if err != nil {
			return all
		}
		n := len(open) - 1
		if key, ok := t.(string); ok && n >= 0 && open[n].key {
			all = append(all, fmt.Sprint(key, " ", dec.InputOffset(), " ", open[n].seen[key]))
			open[n].seen[key], open[n].key = true, false
			continue
		}
		switch t {
		case json.Delim('{'):
			open = append(open, object{seen: map[string]bool{}, key: true})
			continue
		case json.Delim('['):
			open = append(open, object{})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:n]
		}
		if n = len(open) - 1; n >= 0 && open[n].seen != nil {
			open[n].key = true
		}
	}
}

func FuzzKeys(f *testing.F) {
	for _, s := range []string{`{"a": 1, "a": 2}`, `[{"a": {"b": [1, {"c": "\"}"}]}, "d": ["x,", "y"]}, "e"]`, `{"ä\u0061\"": 1, "": {}}`, `"a"`, "{\"\xff\": 1}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			_, _, _ = repeatedKey(data) // it ends
			return
		}
		var got []string
		eachKey(data, func(key string, end int64, twice bool) bool {
			got = append(got, fmt.Sprint(key, " ", end, " ", twice))
			return true
		})
		if want := byTokens(data); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
