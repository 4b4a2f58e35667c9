package wire

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// pairsSeed are the requests of all formats.
func pairsSeed(t testing.TB) map[string][]byte {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.request.json"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, file := range files {
		if out[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 20 {
		t.Fatalf("only %d requests were found", len(out))
	}
	return out
}

// pairsThrough reads body in each format that takes it, and sends it to all of them. back:
// it must also read back, which only a conversation that says something does.
func pairsThrough(t *testing.T, body []byte, back bool) {
	for _, from := range pairFormats() {
		r, err := codecFor(t, from).DecodeRequest(body)
		if err != nil {
			messagesAsError(t, err)
			continue
		}
		for _, target := range []Target{{Model: "claude-opus-4-8", MaxOutput: 64000}, {Model: "claude-sonnet-4-20250514"}, {Model: "MiniMax-M2"}} {
			messagesTwice(t, r, target)
		}
		for _, to := range pairFormats() {
			var drops Drops
			out, err := codecFor(t, to).EncodeRequest(r, pairTargets()[to], &drops)
			if err != nil {
				messagesAsError(t, err)
				continue
			}
			if !json.Valid(out) {
				t.Fatalf("%s to %s is no JSON: %s", from, to, out)
			}
			if _, err := codecFor(t, to).DecodeRequest(out); back && err != nil {
				t.Errorf("%s to %s does not read back: %v\n%s\n%s", from, to, err, body, out)
			}
		}
	}
}

// TestPairsGoldens sends the agents' own requests everywhere.
func TestPairsGoldens(t *testing.T) {
	for file, body := range pairsSeed(t) {
		t.Run(filepath.Base(file), func(t *testing.T) { pairsThrough(t, body, true) })
	}
}

// FuzzPairs: whatever a client of any format sends becomes a valid request of every other.
func FuzzPairs(f *testing.F) {
	for _, body := range pairsSeed(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { pairsThrough(t, body, false) })
}

// pairsStreams are streams of all formats.
func pairsStreams(t testing.TB) map[string][]byte {
	out := map[string][]byte{}
	for _, pattern := range []string{"messages/*.stream.txt", "responses/*.sse", "chat/stream/*.sse"} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no streams %s: %v", pattern, err)
		}
		for _, file := range files {
			if out[file], err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// pairsStreamThrough reads a stream in each format and writes it in all of them: what was
// complete is complete for the client, and what was not is not.
func pairsStreamThrough(t *testing.T, stream []byte) {
	for _, from := range pairFormats() {
		var events []string
		encoders := map[Format]StreamEncoder{}
		clients := map[Format][]byte{}
		for _, to := range pairFormats() {
			encoders[to] = codecFor(t, to).NewStreamEncoder(pairClient())
		}
		order := eventOrder{t: t}
		err := messagesFeed(codecFor(t, from).NewStreamDecoder(), stream, func(e *Event) {
			order.see(e)
			events = append(events, string(messagesDump(t, e, "")))
			for to := range encoders {
				clients[to] = encoders[to].Append(clients[to], e)
			}
		})
		if err == nil && !order.ended {
			t.Errorf("%s ended well without an end: %q", from, events)
		}
		for to, client := range clients {
			seen := eventOrder{t: t}
			again := messagesFeed(codecFor(t, to).NewStreamDecoder(), client, seen.see)
			if order.ended && again != nil || seen.ended != order.ended {
				t.Errorf("%s to %s: ended %v, read back %v, %v\n%q\n%s", from, to, order.ended, seen.ended, again, events, client)
			}
		}
	}
}

// TestPairsStreamGoldens sends recorded streams everywhere.
func TestPairsStreamGoldens(t *testing.T) {
	for file, stream := range pairsStreams(t) {
		t.Run(filepath.Base(file), func(t *testing.T) { pairsStreamThrough(t, stream) })
	}
}

// FuzzPairsStreams: whatever an upstream of any format sends is a stream that a client of
// any format can read, or no end of one.
func FuzzPairsStreams(f *testing.F) {
	for _, stream := range pairsStreams(f) {
		f.Add(stream)
	}
	f.Fuzz(pairsStreamThrough)
}
