package wire

import (
	"encoding/json"
	"runtime"
	"strconv"
	"syscall"
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

// chatLong is a body of about size bytes out of what can be repeated.
func chatLong(kind string, size int) []byte {
	var b []byte
	text := appendString(nil, "some \"text\" of a file\n\twith escapes \\ and more of it, again and again and again and again")
	repeat := func(until int, piece func(i int) string) {
		for i := 0; len(b) < until; i++ {
			b = append(b, piece(i)...)
		}
	}
	say := func(role string) string { return `{"role":"` + role + `","content":` + string(text) + `},` }
	call := func(i int) string {
		return `{"id":"c` + strconv.Itoa(i) + `","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}`
	}
	result := func(i int) string { return `{"role":"tool","tool_call_id":"c` + strconv.Itoa(i) + `","content":"x"},` }
	b = append(b, `{"model":"m","messages":[`...)
	switch kind {
	case "turns":
		repeat(size/2, func(i int) string {
			return say("user") + `{"role":"assistant","content":null,"tool_calls":[` + call(i) + `]},` + result(i)
		})
	case "neighbours":
		repeat(size/2, func(int) string { return say("user") })
		repeat(size*3/4, func(int) string { return say("assistant") })
	case "parallel":
		n := size / 160
		b = append(b, `{"role":"assistant","tool_calls":[`+call(0)...)
		for i := range n {
			b = append(append(b, ','), call(i+1)...)
		}
		b = append(b, `]},`...)
		for i := n; i >= 0; i-- {
			b = append(b, result(i)...)
		}
	case "unknown":
		b = append(b, `{"role":"user","content":"hi"}]`...)
		repeat(size, func(i int) string { return `,"x` + strconv.Itoa(i) + `":1` })
		return append(b, '}')
	}
	b = append(b, `{"role":"user","content":"`...)
	repeat(size, func(int) string { return string(text[1 : len(text)-1]) })
	return append(b, `"}]}`...)
}

// cpuTime is what this process has used; a busy machine does not change it much.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestChatCostIsLinear: 16 times the bytes cost about 16 times as much.
func TestChatCostIsLinear(t *testing.T) {
	cost := func(t *testing.T, kind string, size int) time.Duration {
		body := chatLong(kind, size)
		best := time.Hour
		runtime.GC() // the bodies before are not this one's cost
		for range 3 {
			start := cpuTime(t)
			r, err := chatCodec{}.DecodeRequest(body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (chatCodec{}).EncodeRequest(r, Target{Provider: "deepseek"}, nil); err != nil {
				t.Fatal(err)
			}
			best = min(best, cpuTime(t)-start)
		}
		return best
	}
	for _, kind := range []string{"turns", "neighbours", "parallel", "unknown"} {
		t.Run(kind, func(t *testing.T) {
			small, large := cost(t, kind, 512<<10), cost(t, kind, 8<<20)
			t.Logf("512 KB: %v, 8 MB: %v", small, large)
			if large > 128*small { // quadratic would be 256, and collecting garbage is in it
				t.Errorf("512 KB take %v, 8 MB %v", small, large)
			}
		})
	}
}

func BenchmarkChatTranslate(b *testing.B) {
	body := chatLong("turns", 150<<10)
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
