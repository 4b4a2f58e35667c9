package wire

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// respBig is a request of about n bytes, as long conversations are.
func respBig(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"model":"m","stream":true,"tools":[{"type":"function","name":"look","parameters":{"type":"object"}}],"input":[{"role":"user","content":"Go on."}`)
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, `,{"type":"function_call","call_id":"call_%d","name":"look","arguments":"{\"at\":%d}"},{"type":"function_call_output","call_id":"call_%d","output":"%s"}`,
			i, i, i, strings.Repeat(`a line of text\n`, 100))
	}
	b.WriteString("]}")
	return []byte(b.String())
}

// TestResponsesLinear: a body of 32 MB, and one with very many small items, cost no more per
// byte than a small one. The bound is loose, as machines are busy; what is quadratic exceeds it by far.
func TestResponsesLinear(t *testing.T) {
	many := `{"model":"m","input":[` + strings.TrimSuffix(strings.Repeat(`{"role":"user","content":"x"},`, 200_000), ",") + `]}`
	var tools strings.Builder
	tools.WriteString(`{"model":"m","input":"x","tools":[{"type":"function","name":"t"}`)
	for i := range 20_000 {
		fmt.Fprintf(&tools, `,{"type":"function","name":"t%d","parameters":{"type":"object"}}`, i)
	}
	tools.WriteString("]}")
	for name, body := range map[string][]byte{"large": respBig(32 << 20), "many": []byte(many), "tools": []byte(tools.String())} {
		start := time.Now()
		r, err := responsesCodec{}.DecodeRequest(body)
		if err != nil {
			t.Fatal(name, err)
		}
		var drops Drops
		if _, err := (responsesCodec{}).EncodeRequest(r, Target{Model: "gpt-5.5"}, &drops); err != nil {
			t.Fatal(name, err)
		}
		if d := time.Since(start); d > time.Minute {
			t.Errorf("%s: %v", name, d)
		}
	}
}

func BenchmarkResponsesRequest(b *testing.B) {
	for _, size := range []int{1 << 10, 150 << 10, 32 << 20} {
		body := respBig(size)
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := responsesCodec{}.DecodeRequest(body)
				if err != nil {
					b.Fatal(err)
				}
				var drops Drops
				if _, err := (responsesCodec{}).EncodeRequest(r, Target{Model: "gpt-5.5"}, &drops); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkResponsesStream(b *testing.B) {
	r := &Request{Model: "m"}
	b.ReportAllocs()
	for b.Loop() {
		enc := responsesCodec{}.NewStreamEncoder(r)
		var buf []byte
		buf = enc.Append(buf[:0], &Event{Kind: Start, ID: "x"})
		buf = enc.Append(buf[:0], &Event{Kind: PartStart, Part: &Part{Kind: Text}})
		for range 1000 {
			buf = enc.Append(buf[:0], &Event{Kind: PartDelta, Text: "some words "})
		}
		buf = enc.Append(buf[:0], &Event{Kind: PartEnd})
		_ = enc.Append(buf[:0], &Event{Kind: Finish, Stop: Stop{Reason: StopEnd}})
	}
}
