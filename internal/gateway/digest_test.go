package gateway

import (
	"testing"

	"github.com/ringlet/ringlet/routes"
)

// A conversation is known by its hashes while it grows, however its texts are
// wrapped, and in the next run of the engine.
func TestDigests(t *testing.T) {
	hashes := func(format, body string) [2]uint64 {
		t.Helper()
		f, bad := inspect(format, []byte(body))
		if bad != nil {
			t.Fatal(bad.describe([]byte(body)))
		}
		return [2]uint64{f.system, f.opening}
	}
	for _, tc := range []struct {
		name, format string
		same         []string
		other        []string // differ from the first of same in at least one hash
	}{
		{"Messages", routes.Messages, []string{
			`{"model":"m","system":"be good","messages":[{"role":"user","content":"hello"}]}`,
			`{"messages":[{"content":[{"type":"text","text":"hello","cache_control":{"type":"ephemeral"}}],"role":"user"}],"system":[{"text":"be good","type":"text"}],"model":"n"}`,
			`{"model":"m","system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.330.a1b; cch=12345;"},{"type":"text","text":"be good"}],
				"messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"hi"},{"role":"user","content":"more"}]}`,
			`{"model":"m","system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.330.fff; cch=99999;"},{"type":"text","text":"be good"}],
				"messages":[{"role":"user","content":"hello"},{"role":"system","content":"a reminder"},{"role":"assistant","content":"hi"}]}`,
		}, []string{
			`{"model":"m","system":"be bad","messages":[{"role":"user","content":"hello"}]}`,
			`{"model":"m","system":"be good","messages":[{"role":"user","content":"hello!"}]}`,
			`{"model":"m","messages":[{"role":"user","content":"hello"}]}`,
			`{"model":"m","system":"be good","messages":[{"role":"user","content":[{"type":"text","text":"hello"},{"type":"image","source":{"type":"base64","data":"iVBO"}}]}]}`,
		}},
		{"Chat", routes.Chat, []string{
			`{"model":"m","messages":[{"role":"system","content":"be good"},{"role":"user","content":"hello"}]}`,
			`{"model":"m","messages":[{"content":[{"type":"text","text":"be good"}],"role":"developer"},{"role":"user","content":[{"type":"text","text":"hello"}]},{"role":"assistant","content":"x","tool_calls":[]},{"role":"system","content":"later"}]}`,
		}, []string{
			`{"model":"m","messages":[{"role":"user","content":"hello"}]}`,
			`{"model":"m","messages":[{"role":"system","content":"be good"},{"role":"user","content":"bye"}]}`,
			`{"model":"m","messages":[{"role":"user","content":"hello"},{"role":"system","content":"be good"}]}`,
		}},
		{"Responses", routes.Responses, []string{
			`{"model":"m","instructions":"be good","input":"hello"}`,
			`{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]},{"type":"reasoning","encrypted_content":"x"},{"role":"user","content":"more"}],"instructions":"be good"}`,
		}, []string{
			`{"model":"m","instructions":"be good","input":"hello again"}`,
			`{"model":"m","instructions":"be better","input":"hello"}`,
			`{"model":"m","instructions":"be good","input":[{"role":"user","content":"hello"},{"role":"user","content":"more"}]}`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := hashes(tc.format, tc.same[0])
			if want[0] == 0 || want[1] == 0 || want[0] == want[1] {
				t.Errorf("the hashes are %x", want)
			}
			for _, body := range tc.same {
				if got := hashes(tc.format, body); got != want {
					t.Errorf("%x, not %x: %s", got, want, body)
				}
			}
			for _, body := range tc.other {
				if hashes(tc.format, body) == want {
					t.Errorf("the same: %s", body)
				}
			}
		})
	}
	if got := hashes(routes.Messages, `{"model":"m","messages":[{"role":"assistant","content":"hi"},{"role":"user","content":"x"}]}`); got != [2]uint64{} {
		t.Errorf("no system prompt, no opening: %x", got)
	}
	// Of another run of the engine: kept state is found again.
	if got, want := hashes(routes.Responses, `{"model":"m","instructions":"be good","input":"hello"}`), [2]uint64{0xda41adb330c34cbe, 0xc69ba668c5128f72}; got != want {
		t.Errorf("%#x, want %#x: conversations that were kept are not found again", got, want)
	}
}
