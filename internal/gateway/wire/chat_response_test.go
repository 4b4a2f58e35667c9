package wire

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// TestChatResponseGolden holds what answers of providers are, and how a Chat client gets
// them.
func TestChatResponseGolden(t *testing.T) {
	r := &Request{Model: "the-alias", Created: 1750000000, Tools: []Tool{{Name: "apply_patch", Freeform: true}}}
	for name, body := range chatFiles(t, "response/*.json") {
		base := strings.TrimSuffix(name, ".json")
		t.Run(filepath.Base(base), func(t *testing.T) {
			resp, err := chatCodec{}.DecodeResponse(body)
			if err != nil {
				t.Fatal(err)
			}
			out, err := chatCodec{}.EncodeResponse(resp, r)
			if err != nil || !json.Valid(out) {
				t.Fatalf("%v: %s", err, out)
			}
			chatGolden(t, base+".golden", append(append(chatDump(t, resp), out...), '\n'))
		})
	}
}

func TestChatResponseFailures(t *testing.T) {
	for body, kind := range map[string]ErrorKind{
		`<html>`:         KindAPI,
		`{"choices":[]}`: KindAPI,
		`{"error":{"message":"busy","type":"overloaded_error"}}`:                                                 KindOverloaded,
		`{"choices":[{"message":{"content":"x"},"finish_reason":"insufficient_system_resource"}]}`:               KindOverloaded,
		`{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"},"error":{"message":"x"}}`:         KindAPI,
		`{"choices":[{"message":{"content":""},"finish_reason":"network_error"}],"usage":{"prompt_tokens":"x"}}`: KindAPI,
	} {
		_, err := chatCodec{}.DecodeResponse([]byte(body))
		var e *Error
		if !errors.As(err, &e) || e.Kind != kind || e.Message == "" {
			t.Errorf("%s: %#v", body, err)
		}
	}
}

func TestChatResponseForOldClients(t *testing.T) {
	resp := &Response{ID: "chatcmpl-1", Stop: Stop{Reason: StopTools}, Usage: NoUsage(), Parts: []Part{
		{Kind: ToolCall, Call: &Call{ID: "a", Name: "f"}}, {Kind: ToolCall, Call: &Call{ID: "b", Name: "g"}}}}
	got, err := chatCodec{}.EncodeResponse(resp, &Request{Model: "m", LegacyFunctions: true})
	want := `{"id":"chatcmpl-1","object":"chat.completion","created":0,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"function_call":{"name":"f","arguments":"{}"}},"logprobs":null,"finish_reason":"function_call"}]}`
	if err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

func TestChatUnwrapsFreeformCalls(t *testing.T) {
	r := &Request{Model: "m", Tools: []Tool{{Name: "patch", Freeform: true}}}
	for input, want := range map[string]string{`{"input":"a\nb"}`: "a\nb", `{"x":1}`: `{"x":1}`, `{"input":1}`: `{"input":1}`, "": ""} {
		resp := &Response{Parts: []Part{{Kind: ToolCall, Call: &Call{ID: "a", Name: "patch", Input: input}}}, Usage: NoUsage()}
		b, err := chatCodec{}.EncodeResponse(resp, r)
		if err != nil {
			t.Fatal(err)
		}
		root, err := chatParse(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := root.Get("choices.0.message.tool_calls.0.custom.input").String(); got != want {
			t.Errorf("%s: %q", input, got)
		}
	}
}

func TestChatUsage(t *testing.T) {
	for _, c := range []struct {
		body string
		want Usage
	}{
		{`{}`, NoUsage()},
		{`{"prompt_tokens":10,"completion_tokens":2}`, Usage{10, -1, -1, 2, -1}},
		{`{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":20}}`, Usage{0, 10, -1, -1, -1}},
		{`{"prompt_tokens":10,"prompt_cache_hit_tokens":4,"prompt_tokens_details":null}`, Usage{6, 4, -1, -1, -1}},
		{`{"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":20,"cache_write_tokens":30}}`, Usage{50, 20, 30, -1, -1}},
		{`{"prompt_tokens":-1,"completion_tokens":1e300}`, NoUsage()},
	} {
		root, err := chatParse([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := chatReadUsage(root); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.body, got, c.want)
		}
	}
	got := string(appendChatUsage(nil, Usage{50, 20, 30, 7, 3}))
	if want := `{"prompt_tokens":100,"completion_tokens":7,"total_tokens":107,"prompt_tokens_details":{"cached_tokens":20},"completion_tokens_details":{"reasoning_tokens":3}}`; got != want {
		t.Error(got)
	}
}
