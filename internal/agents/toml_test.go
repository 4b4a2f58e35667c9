package agents

import (
	"reflect"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// FuzzTOML sets keys in a text and takes them back: they are there, all the rest
// means the same, and where none was there before each byte is as it was.
func FuzzTOML(f *testing.F) {
	for _, s := range []string{"", "a = 1", "a = 1\n[b]\nc = '''\nx'''\n", "\n\n# x\n[model_providers.ringlet]\nname = \"y\"\n", "a = [1, # x\n2]\r\n[[q]]\r\n",
		"\"model_provider\" = 1 # x", "a.b = { c = \"}\" }\n[ z . \"y\" ]", "x = \"\"\"a\"\"\"\"\n", "model_providers.ringlet.name = 3\n"} {
		f.Add([]byte(s))
	}
	want := []setting{{"model_provider", quote("ringlet")}, {"model_providers.ringlet.name", quote("r\"<\u2028")}, {"model_providers.ringlet.url", quote("u")}}
	keys := []string{want[0].key, want[1].key, want[2].key}
	f.Fuzz(func(t *testing.T, text []byte) {
		e := tomlEditor{}
		had, err := e.lookup("f", text, keys)
		if err != nil {
			return
		}
		next, err := e.change("f", text, want, false)
		if err != nil {
			return // an inline table, for one
		}
		var before, after map[string]any
		if err := toml.Unmarshal(trimBOM(next), &after); err != nil {
			t.Fatalf("no TOML any more: %v\n%q\n%q", err, text, next)
		}
		got, err := e.lookup("f", next, keys)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if string(got[i].value) != string(want[i].value) {
				t.Fatalf("%s is %q in %q", keys[i], got[i].value, next)
			}
		}
		back, err := e.change("f", next, had, true)
		if err != nil {
			t.Fatalf("cannot be taken back: %v\n%q\n%q", err, text, next)
		}
		var restored map[string]any
		if err := toml.Unmarshal(trimBOM(text), &before); err != nil {
			t.Fatal(err)
		}
		if err := toml.Unmarshal(trimBOM(back), &restored); err != nil || !reflect.DeepEqual(before, restored) {
			t.Fatalf("taken back to something else (%v):\n%q\n%q\n%q", err, text, next, back)
		}
		if len(had[0].value)+len(had[1].value)+len(had[2].value) == 0 && string(back) != string(text) {
			t.Fatalf("taken back to\n%q\nfrom\n%q\nby\n%q", back, text, next)
		}
	})
}

func trimBOM(b []byte) []byte {
	if len(b) >= 3 && string(b[:3]) == byteOrderMark {
		return b[3:]
	}
	return b
}
