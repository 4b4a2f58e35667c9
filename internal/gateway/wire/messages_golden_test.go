package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateMessages = flag.Bool("update-messages", false, "write the golden files of the Messages codec anew")

// TestMessagesRequests reads each request beside its golden file: what it is in no
// format's words, and what it becomes for three kinds of models.
func TestMessagesRequests(t *testing.T) {
	for _, file := range messagesFiles(t, "*.request.json") {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(file, ".request.json")
		t.Run(filepath.Base(name), func(t *testing.T) {
			messagesGolden(t, name+".request.golden", messagesRequestReport(t, body))
		})
	}
}

func messagesRequestReport(t *testing.T, body []byte) []byte {
	var out bytes.Buffer
	r, err := messagesCodec{}.DecodeRequest(body)
	if err != nil {
		status, answer := messagesCodec{}.EncodeError(messagesAsError(t, err))
		fmt.Fprintf(&out, "refused: %d %s\n", status, answer)
		return out.Bytes()
	}
	neutral := messagesDump(t, r, " ")
	fmt.Fprintf(&out, "neutral:\n%s\n", neutral)
	for _, target := range []Target{{Model: "claude-opus-4-8", Provider: "anthropic", MaxOutput: 64000}, {Model: "claude-sonnet-4-20250514", Provider: "anthropic"}, {Model: "MiniMax-M2", Provider: "minimax"}} {
		var drops Drops
		encoded, err := messagesCodec{}.EncodeRequest(r, target, &drops)
		if err != nil {
			fmt.Fprintf(&out, "\nfor %s: refused: %v\n", target.Model, err)
			continue
		}
		messagesValid(t, encoded, messagesModelOf(target.Model))
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, encoded, "", " "); err != nil {
			t.Fatalf("%v: %s", err, encoded)
		}
		fmt.Fprintf(&out, "\nfor %s, without %q:\n%s\n", target.Model, drops, pretty.Bytes())
	}
	return out.Bytes()
}

// TestMessagesAnswers reads each answer beside its golden file.
func TestMessagesAnswers(t *testing.T) {
	for _, file := range messagesFiles(t, "*.response.json") {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(file, ".json")
		t.Run(filepath.Base(name), func(t *testing.T) {
			resp, err := messagesCodec{}.DecodeResponse(body)
			if err != nil {
				t.Fatal(err)
			}
			neutral := messagesDump(t, resp, " ")
			again, err := messagesCodec{}.EncodeResponse(resp, &Request{Model: "the-client's-name"})
			if err != nil {
				t.Fatal(err)
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, again, "", " "); err != nil {
				t.Fatalf("%v: %s", err, again)
			}
			messagesGolden(t, name+".golden", fmt.Appendf(nil, "neutral:\n%s\n\nencoded:\n%s\n", neutral, pretty.Bytes()))
		})
	}
}

// TestMessagesStreams reads each stream beside its golden file: the neutral events, and
// what a client gets of them.
func TestMessagesStreams(t *testing.T) {
	for _, file := range messagesFiles(t, "*.stream.txt") {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(file, ".txt")
		t.Run(filepath.Base(name), func(t *testing.T) {
			var neutral bytes.Buffer
			encoder := messagesCodec{}.NewStreamEncoder(&Request{Model: "the-client's-name"})
			var client []byte
			see := func(e *Event) {
				neutral.Write(append(messagesDump(t, e, ""), '\n'))
				client = encoder.Append(client, e)
			}
			err := messagesFeed(messagesCodec{}.NewStreamDecoder(), body, see)
			messagesGolden(t, name+".golden", fmt.Appendf(nil, "neutral:\n%s\nerror: %v\n\nencoded:\n%s", neutral.Bytes(), err, client))
		})
	}
}

// messagesFeed gives a decoder the events of a stream as text.
func messagesFeed(d StreamDecoder, stream []byte, yield func(*Event)) error {
	for block := range strings.SplitSeq(string(stream), "\n\n") {
		name, data := "", ""
		for line := range strings.SplitSeq(block, "\n") {
			if v, ok := strings.CutPrefix(line, "event: "); ok {
				name = v
			}
			if v, ok := strings.CutPrefix(line, "data: "); ok {
				data += v
			}
		}
		if data == "" {
			continue
		}
		if err := d.Event(name, []byte(data), yield); err != nil {
			return err
		}
	}
	return d.Close(yield)
}

// messagesDump is a neutral form as JSON, without what is empty or not reported.
func messagesDump(t testing.TB, v any, indent string) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	messagesPrune(tree)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(tree); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(out.Bytes())
}

func messagesPrune(v any) (empty bool) {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if messagesPrune(v[k]) {
				delete(v, k)
			}
		}
		return len(v) == 0
	case []any:
		for i := range v {
			messagesPrune(v[i])
		}
		return len(v) == 0
	case json.Number:
		return v == "0" || v == "-1"
	}
	return v == nil || v == "" || v == false
}

func messagesFiles(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "messages", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return files
}

func messagesGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *updateMessages {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("not as in %s (go test -update-messages writes it anew):\n%s", file, got)
	}
}

func messagesAsError(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("%v is no error of this package", err)
	}
	return e
}
