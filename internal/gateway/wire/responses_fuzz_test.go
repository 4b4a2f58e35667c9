package wire

import (
	"encoding/json"
	"os"
	"testing"
	"unicode/utf8"
)

func respSeeds(f *testing.F, kind string) {
	f.Helper()
	for _, path := range respFiles(f, kind) {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
}

// respValid fails where what was written is not JSON. Bytes that are not UTF-8 may
// stand in what is passed on as it came, schemas say.
func respValid(t *testing.T, out []byte) {
	t.Helper()
	if !json.Valid(out) {
		t.Fatalf("not JSON: %s", out)
	}
}

// FuzzResponsesRequest: no body makes the decoder panic, and what it reads can be written.
func FuzzResponsesRequest(f *testing.F) {
	respSeeds(f, "request.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := responsesCodec{}.DecodeRequest(body)
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, tool := range r.Tools {
			if tool.Server == "" && (names[tool.Name] || len(tool.Name) == 0 || len(tool.Name) > respMaxName) {
				t.Fatalf("the name %q is not unique or not valid", tool.Name)
			}
			names[tool.Name] = true
		}
		for _, model := range []string{"gpt-5.5", "gpt-4.1", "kimi-k3"} {
			var drops Drops
			out, err := responsesCodec{}.EncodeRequest(r, Target{Model: model, Provider: "openai", MaxOutput: 100}, &drops)
			if err != nil {
				continue
			}
			respValid(t, out)
			if _, err := (responsesCodec{}).DecodeRequest(out); err != nil && utf8.Valid(body) && len(r.Tools) == 0 {
				t.Fatalf("%v: %s", err, out)
			}
		}
	})
}

// FuzzResponsesResponse does the same with answers, whole ones and errors.
func FuzzResponsesResponse(f *testing.F) {
	respSeeds(f, "response.json")
	f.Add([]byte(`{"error":{"message":"x","code":"context_length_exceeded"}}`))
	client := respClient(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		_, out := responsesCodec{}.EncodeError(responsesCodec{}.DecodeError(400, body))
		respValid(t, out)
		resp, err := responsesCodec{}.DecodeResponse(body)
		if err != nil {
			return
		}
		out, err = responsesCodec{}.EncodeResponse(resp, client)
		if err != nil {
			t.Fatal(err)
		}
		respValid(t, out)
	})
}

// FuzzResponsesStream: whatever an upstream sends, what the client gets is in order.
func FuzzResponsesStream(f *testing.F) {
	respSeeds(f, "sse")
	client := respClient(f)
	f.Fuzz(func(t *testing.T, stream []byte) {
		events, _ := respDecode(stream)
		open := -1
		for _, e := range events {
			switch e.Kind {
			case PartStart:
				if open >= 0 {
					t.Fatalf("part %d begins within part %d", e.Index, open)
				}
				open = e.Index
			case PartDelta, PartSign, PartEnd:
				if e.Index != open {
					t.Fatalf("part %d goes on, and %d is open", e.Index, open)
				}
				if e.Kind == PartEnd {
					open = -1
				}
			}
		}
		respCheckStream(t, respEncode(client, events))
	})
}

// FuzzResponsesUnwrap: in pieces or whole, a freeform tool's input is the same.
func FuzzResponsesUnwrap(f *testing.F) {
	f.Add("a\"b\\c\n\u00e9\U0001F600", uint8(3))
	f.Add("", uint8(1))
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		var want string
		if err := json.Unmarshal(appendString(nil, text), &want); err != nil {
			t.Fatal(err)
		}
		var u respUnwrapper
		var got []byte
		for rest := string(append(appendString([]byte(`{"input":`), text), '}')); rest != ""; {
			n := min(max(int(size), 1), len(rest))
			got = u.push(got, rest[:n])
			rest = rest[n:]
		}
		if got = u.end(got); string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
