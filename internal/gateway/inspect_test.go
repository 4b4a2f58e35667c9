package gateway

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/routes"
)

func TestInspect(t *testing.T) {
	img := `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + strings.Repeat("iVBORw0K", 20_000) + `"}}`
	testFacts(t, routes.Messages, []factsCase{
		{"least", `{"model":"m"}`, routes.Request{Model: "m"}},
		{"all", `{"model":"claude-\u0078/\"q\"","stream":true,"max_tokens":64000,"thinking":{"budget_tokens":5,"type":"adaptive"},"output_config":{"effort":"high"},
			"tools":[{"name":"A"},{"name":"B","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"x"},{"role":"system","content":"y"}]}`,
			routes.Request{Model: `claude-x/"q"`, Stream: true, MaxTokens: 64000, Thinking: true, ThinkingMode: "adaptive", Effort: "high", Tools: 2, Messages: 2, Tokens: 20}},
		{"thinking off", `{"model":"m","thinking":{"type":"disabled"},"stream":false}`, routes.Request{Model: "m", ThinkingMode: "disabled"}},
		{"thinking enabled", `{"model":"m","thinking":{"type":"enabled"}}`, routes.Request{Model: "m", ThinkingMode: "enabled", Thinking: true}},
		{"odd types are left to the upstream", `{"model":"m","stream":"true","max_tokens":"5","thinking":7,"tools":{},"messages":"x","output_config":[]}`, routes.Request{Model: "m"}},
		{"max_tokens out of range", `{"model":"m","max_tokens":1e300}`, routes.Request{Model: "m"}},
		{"system as text", `{"model":"m","system":"` + strings.Repeat("word ", 800) + `"}`, routes.Request{Model: "m", Tokens: 1000}},
		{"system as blocks", `{"model":"m","system":[{"type":"text","text":"` + strings.Repeat("word ", 800) + `","cache_control":{"type":"ephemeral"}}]}`, routes.Request{Model: "m", Tokens: 1000}},
		{"Chinese", `{"model":"m","system":"` + strings.Repeat("漢字", 500) + `"}`, routes.Request{Model: "m", Tokens: 680}},
		{"Chinese, escaped", `{"model":"m","system":"` + strings.Repeat(`\u6f22\u5b57`, 500) + `"}`, routes.Request{Model: "m", Tokens: 680}},
		{"an image is not text", `{"model":"m","messages":[{"role":"user","content":[` + img + `]}]}`, routes.Request{Model: "m", Messages: 1, Images: 1, Tokens: 1600}},
		{"an image in a tool's result", `{"model":"m","messages":[{"content":[{"type":"tool_result","content":[` + img + `,{"type":"text","text":"` + strings.Repeat("word ", 800) + `"}]}]}]}`,
			routes.Request{Model: "m", Messages: 1, Images: 1, Tokens: 2600}},
		{"an image by its address, type last", `{"model":"m","messages":[{"content":[{"source":{"url":"https://x/y","type":"url"},"type":"image"}]}]}`, routes.Request{Model: "m", Messages: 1, Images: 1, Tokens: 1600}},
		{"a document of text", `{"model":"m","messages":[{"content":[{"type":"document","source":{"data":"` + strings.Repeat("word ", 8000) + `","type":"text"}}]}]}`,
			routes.Request{Model: "m", Messages: 1, Images: 1, Tokens: 8004}},
		{"a document of pages", `{"model":"m","messages":[{"content":[{"type":"document","source":{"type":"base64","data":"` + strings.Repeat("JVBERi0x", 75_000) + `"}}]}]}`,
			routes.Request{Model: "m", Messages: 1, Images: 1, Tokens: 20_000}},
		{"an image in a tool's input is data", `{"model":"m","messages":[{"content":[{"type":"tool_use","input":{"type":"image","source":{"type":"base64","data":"` + strings.Repeat("abcd", 1000) + `"}}}]}]}`,
			routes.Request{Model: "m", Messages: 1, Tokens: 421}},
		{"signatures are no text", `{"model":"m","messages":[{"content":[{"type":"thinking","thinking":"` + strings.Repeat("word ", 800) + `","signature":"` + strings.Repeat("EqRk", 5000) + `"}]}]}`,
			routes.Request{Model: "m", Messages: 1, Tokens: 1000}},
		{"tools count whole", `{"model":"m","tools":[{"name":"A","description":"` + strings.Repeat("word ", 800) + `","input_schema":{"type":"object","properties":{}}}]}`,
			routes.Request{Model: "m", Tools: 1, Tokens: 1020}},
		{"facts deeper down are no facts", `{"model":"m","metadata":{"model":"x","stream":true,"messages":[1,2]},"tool_choice":{"type":"enabled"}}`, routes.Request{Model: "m"}},
	})
}

type factsCase struct {
	name string
	body string
	want routes.Request // Tokens are compared within a fifth, the rest exactly
}

func testFacts(t *testing.T, format string, cases []factsCase) {
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			f, err := inspect(format, []byte(tc.body))
			if err != nil {
				t.Fatal(err.describe([]byte(tc.body)))
			}
			f.measure([]byte(tc.body))
			got := f.Request
			if d := got.Tokens - tc.want.Tokens; d > tc.want.Tokens/5+6 || -d > tc.want.Tokens/5 {
				t.Errorf("%d tokens, want about %d", got.Tokens, tc.want.Tokens)
			}
			got.Tokens = tc.want.Tokens
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
			var name string
			if err := json.Unmarshal([]byte(tc.body[f.modelStart:f.modelEnd]), &name); err != nil || name != f.Model {
				t.Errorf("the model stands at %q", tc.body[f.modelStart:f.modelEnd])
			}
		})
	}
}

// Whatever the body, only the bytes of the model's name change.
func FuzzWithModel(f *testing.F) {
	f.Add([]byte(`{"model":"a","x":[1]}`), "b")
	f.Add([]byte(`{"model":"a","thinking":{"type":"enabled"},"messages":[{"role":"assistant","content":[{"type":"thinking","signature":"s"}]}]}`), "long")
	f.Add([]byte(` {"x" : {"model":"no"}, "mo\u0064el" : "\u0061" } `), `q"\<é`)
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		facts, bad := inspect(routes.Messages, data)
		if bad != nil || facts.modelEnd == 0 {
			return
		}
		o, err := withModel(data, facts, name)
		if err != nil {
			t.Fatal(err)
		}
		var out []byte
		for _, p := range o.parts {
			out = append(out, p...)
		}
		if int64(len(out)) != o.size {
			t.Fatalf("%d bytes, announced %d", len(out), o.size)
		}
		if string(o.parts[0]) != string(data[:facts.modelStart]) || string(o.parts[2]) != string(data[facts.modelEnd:]) {
			t.Fatal("other bytes changed")
		}
		again, bad := inspect(routes.Messages, out)
		if bad != nil {
			t.Fatalf("the result is refused: %s", bad.describe(out))
		}
		if want := strings.ToValidUTF8(name, "\ufffd"); name != facts.Model && len([]rune(again.Model)) != len([]rune(name)) && again.Model != want {
			t.Fatalf("the model is %q, want %q", again.Model, name)
		}
		facts.measure(data)
		again.measure(out)
		again.Model, again.modelEnd, again.size = facts.Model, facts.modelEnd, facts.size
		// What stands after the model's name has moved.
		again.sealed, again.thinkingStart, again.thinkingEnd = facts.sealed, facts.thinkingStart, facts.thinkingEnd
		if !reflect.DeepEqual(again, facts) {
			t.Fatalf("other facts changed: %+v, %+v", again, facts)
		}
	})
}

// session is a body like Claude Code's, of about size bytes.
func session(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"model":"claude-sonnet-4-20250514","max_tokens":32000,"stream":true,"thinking":{"type":"adaptive"},"system":[{"type":"text","text":"`)
	b.WriteString(strings.Repeat(`You are an agent.\nUse the \"tools\" with care: they act on real files. `, size/400) + `"}],"tools":[`)
	for i := range 12 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"Tool%d","description":"%s","input_schema":{"type":"object","properties":{"path":{"type":"string"},"limit":{"type":"number"}},"required":["path"]}}`, i, strings.Repeat("Reads a file. ", size/800))
	}
	b.WriteString(`],"messages":[{"role":"user","content":"go"}`)
	for b.Len() < size-10 {
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"I will look."},{"type":"tool_use","id":"toolu_1","name":"Read","input":{"path":"/a/b.go","limit":20}}]},`+
			`{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"%s"}]}`, strings.Repeat(`\tif err != nil {\n\t\treturn err // Fehler → Rückgabe\n\t}\n`, min(20, max(1, (size-b.Len())/70))))
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func BenchmarkInspect(b *testing.B) {
	for _, size := range []int{1_000, 150_000, 1_000_000} {
		b.Run(fmt.Sprintf("%dKB", size/1000), func(b *testing.B) {
			data := session(size)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := inspect(routes.Messages, data); err != nil {
					b.Fatal(err.describe(data))
				}
			}
		})
	}
}

func TestSessionIsValid(t *testing.T) {
	for _, n := range []int{1_000, 150_000} {
		if data := session(n); !json.Valid(data) || len(data) > 2*n+3000 {
			_ = os.WriteFile(t.TempDir()+"/bad.json", data, 0o600)
			t.Errorf("%d: %d bytes, valid %v", n, len(data), json.Valid(data))
		}
	}
}
