package wire

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

func messagesSeed(f *testing.F, patterns ...string) {
	for _, pattern := range patterns {
		for _, file := range messagesFiles(f, pattern) {
			body, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(body)
		}
	}
}

// FuzzMessagesRequest: what decodes encodes to what the API takes, and encoding that
// again changes nothing.
func FuzzMessagesRequest(f *testing.F) {
	messagesSeed(f, "*.request.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := messagesCodec{}.DecodeRequest(body)
		if err != nil {
			messagesAsError(t, err)
			return
		}
		for _, target := range []Target{{Model: "claude-opus-4-8", MaxOutput: 64000}, {Model: "claude-sonnet-4-20250514"}, {Model: "MiniMax-M2"}} {
			messagesTwice(t, r, target)
		}
	})
}

// messagesTwice encodes a request, and what it became once more.
func messagesTwice(t *testing.T, r *Request, target Target) {
	t.Helper()
	var drops Drops
	first, err := messagesCodec{}.EncodeRequest(r, target, &drops)
	if err != nil {
		messagesAsError(t, err)
		return
	}
	messagesValid(t, first, messagesModelOf(target.Model))
	back, err := messagesCodec{}.DecodeRequest(first)
	if err != nil {
		t.Fatalf("%v: %s", err, first)
	}
	if len(back.Drops) > 0 {
		t.Errorf("%q is unknown when read back: %s", back.Drops, first)
	}
	second, err := messagesCodec{}.EncodeRequest(back, target, &drops)
	if err != nil {
		t.Fatalf("%v: %s", err, first)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("it changes when it is encoded again:\n%s\n%s", first, second)
	}
}

// FuzzMessagesResponse: what decodes encodes to an answer that reads the same.
func FuzzMessagesResponse(f *testing.F) {
	messagesSeed(f, "*.response.json")
	f.Add([]byte(`{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}`))
	f.Add([]byte(`{"error":"x"}`))
	r := &Request{Model: "m"}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := messagesCodec{}.DecodeError(400, body)
		if status, text := (messagesCodec{}).EncodeError(e); status != 400 || !json.Valid(text) {
			t.Errorf("%d %s", status, text)
		}
		resp, err := messagesCodec{}.DecodeResponse(body)
		if err != nil {
			return
		}
		first, err := messagesCodec{}.EncodeResponse(resp, r)
		if err != nil || !json.Valid(first) {
			t.Fatalf("%v: %s", err, first)
		}
		back, err := messagesCodec{}.DecodeResponse(first)
		if err != nil {
			t.Fatalf("%v: %s", err, first)
		}
		second, err := messagesCodec{}.EncodeResponse(back, r)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("it changes when it is encoded again: %v\n%s\n%s", err, first, second)
		}
	})
}

// FuzzMessagesStream: events come in the order that event.go promises, and what a client
// gets of them is a stream that reads the same.
func FuzzMessagesStream(f *testing.F) {
	messagesSeed(f, "*.stream.txt")
	f.Fuzz(func(t *testing.T, stream []byte) {
		encoder := messagesCodec{}.NewStreamEncoder(&Request{Model: "m"})
		var client []byte
		check := eventOrder{t: t}
		err := messagesFeed(messagesCodec{}.NewStreamDecoder(), stream, func(e *Event) {
			check.see(e)
			client = encoder.Append(client, e)
		})
		if err == nil && !check.ended {
			t.Error("the stream ended well without an end")
		}
		again := messagesFeed(messagesCodec{}.NewStreamDecoder(), client, func(*Event) {})
		if err == nil && again != nil {
			t.Errorf("the client cannot read it: %v\n%s", again, client)
		}
	})
}
