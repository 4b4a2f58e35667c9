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
