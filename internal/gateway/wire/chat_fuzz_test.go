package wire

import (
	"encoding/json"
	"testing"
	"time"
)

func FuzzChatRequest(f *testing.F) {
	for _, body := range chatFiles(f, "request/*.json") {
		f.Add(body, "openai")
		f.Add(body, "deepseek")
		f.Add(body, "mistral")
	}
	f.Fuzz(func(t *testing.T, body []byte, provider string) {
		r, err := chatCodec{}.DecodeRequest(body)
		if err != nil {
			if !json.Valid(chatEncoded(err)) {
				t.Errorf("the error is no JSON: %v", err)
			}
			return
		}
		var drops Drops
		out, err := chatCodec{}.EncodeRequest(r, Target{Model: "m", Provider: provider}, &drops)
		if err == nil && !json.Valid(out) {
			t.Errorf("not JSON: %s", out)
		}
		if err == nil {
			if _, err := (chatCodec{}).DecodeRequest(out); err != nil && len(r.Turns) > 0 && json.Valid(out) {
				// What is written can be read again, unless nothing is left of the conversation.
				if root, perr := chatParse(out); perr != nil || root.Get("messages.#").Int() > 0 {
					t.Errorf("%v: %s", err, out)
				}
			}
		}
	})
}

func chatEncoded(err error) []byte {
	e, ok := err.(*Error)
	if !ok {
		return nil
	}
	_, body := chatCodec{}.EncodeError(e)
	return body
}

func FuzzChatResponse(f *testing.F) {
	for _, body := range chatFiles(f, "response/*.json") {
		f.Add(body, 200)
	}
	f.Add([]byte(`{"error":{"message":"maximum context length is 5 tokens, you requested 99","code":503}}`), 0)
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		e := chatCodec{}.DecodeError(status, body)
		if e == nil || e.Message == "" || !json.Valid(chatEncoded(e)) {
			t.Errorf("%+v", e)
		}
		resp, err := chatCodec{}.DecodeResponse(body)
		if err != nil {
			return
		}
		for _, r := range []*Request{{}, {LegacyFunctions: true}, {Tools: []Tool{{Name: "apply_patch", Freeform: true}}}} {
			out, err := chatCodec{}.EncodeResponse(resp, r)
			if err != nil || !json.Valid(out) {
				t.Errorf("%v: %s", err, out)
			}
		}
	})
}

func FuzzChatStream(f *testing.F) {
	for _, raw := range chatFiles(f, "stream/*.sse") {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		check := &chatChecker{t: t}
		dec := chatCodec{}.NewStreamDecoder()
		enc := chatCodec{}.NewStreamEncoder(&Request{IncludeUsage: true, Tools: []Tool{{Name: "apply_patch", Freeform: true}}})
		var out []byte
		yield := func(e *Event) {
			check.event(e)
			out = enc.Append(out, e)
		}
		chatEvents(raw, func(name string, data []byte) { _ = dec.Event(name, data, yield) })
		if err := dec.Close(yield); (err == nil) != check.ended {
			t.Errorf("ended %v, but %v", check.ended, err)
		}
		chatEvents(out, func(_ string, data []byte) {
			if string(data) != "[DONE]" && !json.Valid(data) {
				t.Errorf("not JSON: %s", data)
			}
		})
	})
}

// chatLong is a conversation of about size bytes: turns of text with calls, and one long text.
func chatLong(size int) []byte {
	b := []byte(`{"model":"m","messages":[`)
	text := appendString(nil, "some \"text\" of a file\n\twith escapes \\ and more of it, again and again and again and again")
	for len(b) < size/2 {
		b = append(append(append(b, `{"role":"user","content":`...), text...), `},`...)
		b = append(b, `{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},`...)
		b = append(append(append(b, `{"role":"tool","tool_call_id":"c","content":`...), text...), `},`...)
	}
	b = append(b, `{"role":"user","content":"`...)
	for len(b) < size {
		b = append(b, text[1:len(text)-1]...)
	}
	return append(b, `"}]}`...)
}

// TestChatCostIsLinear: 16 times the bytes cost about 16 times as much.
func TestChatCostIsLinear(t *testing.T) {
	cost := func(size int) time.Duration {
		body := chatLong(size)
		best := time.Hour
		for range 5 {
			start := time.Now()
			r, err := chatCodec{}.DecodeRequest(body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (chatCodec{}).EncodeRequest(r, Target{Provider: "deepseek"}, nil); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	small, large := cost(256<<10), cost(4<<20)
	t.Logf("256 KB: %v, 4 MB: %v", small, large)
	if large > 128*small { // quadratic would be 256, and the machine may be busy
		t.Errorf("256 KB take %v, 4 MB %v", small, large)
	}
}

func BenchmarkChatTranslate(b *testing.B) {
	body := chatLong(150 << 10)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := chatCodec{}.DecodeRequest(body)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := (chatCodec{}).EncodeRequest(r, Target{Provider: "openai"}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChatStreamDelta(b *testing.B) {
	dec := chatCodec{}.NewStreamDecoder()
	enc := chatCodec{}.NewStreamEncoder(&Request{Model: "m"})
	data := []byte(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5.5","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}`)
	var dst []byte
	yield := func(e *Event) { dst = enc.Append(dst[:0], e) }
	b.ReportAllocs()
	for b.Loop() {
		if err := dec.Event("", data, yield); err != nil {
			b.Fatal(err)
		}
	}
}
