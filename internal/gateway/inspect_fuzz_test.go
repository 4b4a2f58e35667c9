package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/routes"
)

func FuzzInspectMessages(f *testing.F) {
	fuzzInspect(f, routes.Messages, "messages", `{"model":"m","messages":[{"content":[{"type":"image","source":{"data":"x"}},{"type":"thinking","signature":"s"}],"role":"assistant"}],"thinking":{"type":"enabled"}}`)
}

func FuzzInspectChat(f *testing.F) {
	fuzzInspect(f, routes.Chat, "messages", `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}],"tool_calls":[{"function":{"arguments":"{}"}}]}],"reasoning_effort":"low"}`)
}

func FuzzInspectResponses(f *testing.F) {
	fuzzInspect(f, routes.Responses, "", `{"model":"m","input":[{"type":"reasoning","encrypted_content":"e"},{"type":"additional_tools","tools":[{"type":"namespace","tools":[]}]}],"reasoning":{"effort":"low"}}`)
}

// fuzzInspect: the scanner and encoding/json agree on what is JSON, and on the facts.
func fuzzInspect(f *testing.F, format, messages, seed string) {
	for _, s := range []string{seed, `{"model":"m","stream":true,"max_tokens":1,"messages":[{"role":"user","content":"é"}],"input":"x"}`, `{"model":"\u00e9\ud83d\ude00","tools":[{},{}]}`,
		`{"a":[1,-0.5e+3,null,true,false,"\n\t\\"],"model":"x"}`, ` { } `, `{"model":"m","model":"n"}`, `{"a":01}`, `{"a":"` + "\x01" + `"}`, `{"a":1,}`, `[1]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, bad := inspect(format, data)
		if bad != nil {
			if bad.at < 0 || bad.at > len(data) {
				t.Fatalf("error at byte %d of %d", bad.at, len(data))
			}
			_ = bad.describe(data)
			// Only what is ambiguous, deep or no object may be refused although it is JSON.
			if json.Valid(data) && strings.HasPrefix(strings.TrimSpace(string(data)), "{") && !strings.Contains(bad.problem, "given twice") &&
				!strings.Contains(bad.problem, "must be written") && !strings.Contains(bad.problem, "nested") && !strings.Contains(bad.problem, "must be a string") {
				t.Fatalf("refused: %s\n%q", bad.describe(data), data)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("accepted, but it is no JSON: %q", data)
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		raw, ok := want["model"]
		if ok != (got.modelEnd > 0) {
			t.Fatalf("model found: %v, want %v", got.modelEnd > 0, ok)
		}
		if ok {
			var name string
			if err := json.Unmarshal(raw, &name); err != nil || strings.ToValidUTF8(got.Model, "\ufffd") != strings.ToValidUTF8(name, "\ufffd") && !strings.ContainsRune(name, '\ufffd') {
				t.Fatalf("model %q, want %q", got.Model, name)
			}
		}
		if messages != "" {
			var list []json.RawMessage
			if json.Unmarshal(want[messages], &list); len(list) != got.Messages {
				t.Fatalf("%d messages, want %d", got.Messages, len(list))
			}
		}
		if got.Stream != (string(want["stream"]) == "true") {
			t.Fatalf("stream %v, want %s", got.Stream, want["stream"])
		}
		if got.measure(data); got.Tokens > got.size.most() {
			t.Fatalf("%d tokens, but at most %d", got.Tokens, got.size.most())
		}
		if got.Tokens < 0 || got.Tokens > 4*len(data)+10_000*got.Images {
			t.Fatalf("%d tokens in %d bytes", got.Tokens, len(data))
		}
	})
}
