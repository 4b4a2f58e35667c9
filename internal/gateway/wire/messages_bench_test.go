package wire

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// messagesBig is a conversation of about n bytes, half text and half results of tools.
func messagesBig(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"go"}`)
	line := strings.Repeat(`a line of \"code\" with é in it\n`, 40)
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"%s"},{"type":"tool_use","id":"toolu_%d","name":"Read","input":{"path":"/a"}}]}`, line, i)
		fmt.Fprintf(&b, `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%d","content":[{"type":"text","text":"%s"}]}]}`, i, line)
	}
	b.WriteString("]}")
	return b.Bytes()
}

func messagesTranslate(tb testing.TB, body []byte) []byte {
	r, err := messagesCodec{}.DecodeRequest(body)
	if err != nil {
		tb.Fatal(err)
	}
	var drops Drops
	out, err := messagesCodec{}.EncodeRequest(r, Target{Model: "claude-opus-5"}, &drops)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestMessagesCostIsLinear: 16 times the body costs no more than about 16 times as much.
func TestMessagesCostIsLinear(t *testing.T) {
	// The processor's time, as other tests run beside this one.
	spent := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	cost := func(body []byte) time.Duration {
		best := time.Hour
		for range 3 {
			start := spent()
			messagesTranslate(t, body)
			best = min(best, spent()-start)
		}
		return max(best, 5*time.Millisecond)
	}
	small, big := cost(messagesBig(1<<20)), cost(messagesBig(16<<20))
	t.Logf("1 MB: %v, 16 MB: %v", small, big)
	if big > 16*4*small {
		t.Errorf("1 MB: %v, 16 MB: %v", small, big)
	}
}

func BenchmarkMessagesRequest(b *testing.B) {
	agent, err := os.ReadFile("testdata/messages/claude-code.request.json")
	if err != nil {
		b.Fatal(err)
	}
	for name, body := range map[string][]byte{"agent": agent, "150KB": messagesBig(150 << 10), "32MB": messagesBig(32 << 20)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				messagesTranslate(b, body)
			}
		})
	}
}

func BenchmarkMessagesStream(b *testing.B) {
	stream, err := os.ReadFile("testdata/messages/tools.stream.txt")
	if err != nil {
		b.Fatal(err)
	}
	var names []string
	var events [][]byte
	for block := range strings.SplitSeq(strings.TrimSpace(string(stream)), "\n\n") {
		name, data, _ := strings.Cut(block, "\ndata: ")
		names = append(names, strings.TrimPrefix(name, "event: "))
		events = append(events, []byte(data))
	}
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		d, e := messagesCodec{}.NewStreamDecoder(), messagesCodec{}.NewStreamEncoder(&Request{Model: "m"})
		dst = dst[:0]
		see := func(ev *Event) { dst = e.Append(dst, ev) }
		for i := range events {
			if err := d.Event(names[i], events[i], see); err != nil {
				b.Fatal(err)
			}
		}
	}
}
