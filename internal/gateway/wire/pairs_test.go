package wire

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pairTargets are the formats, each with a model that takes all that its format has.
func pairTargets() map[Format]Target {
	return map[Format]Target{
		Messages:  {Model: "claude-opus-4-5", Provider: "anthropic", MaxOutput: 64000},
		Chat:      {Model: "gpt-5.5", Provider: "openai", MaxOutput: 64000},
		Responses: {Model: "gpt-5.5", Provider: "openai", MaxOutput: 64000},
	}
}

// pairFormats are the formats: nine pairs.
func pairFormats() []Format { return []Format{Messages, Chat, Responses} }

// eachPair runs a test for every pair of formats, with each file of testdata/pairs
// that has the given ending. from and to may be the same.
func eachPair(t *testing.T, ending string, test func(t *testing.T, file []byte, from, to Format)) {
	files, err := filepath.Glob(filepath.Join("testdata", "pairs", "*"+ending))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files *%s: %v", ending, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range pairFormats() {
			for _, to := range pairFormats() {
				name := strings.TrimSuffix(filepath.Base(file), ending)
				t.Run(fmt.Sprintf("%s/%s-%s", name, from, to), func(t *testing.T) { test(t, text, from, to) })
			}
		}
	}
}

func codecFor(t testing.TB, f Format) Codec {
	t.Helper()
	c, err := For(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPairsRequests: a client's request says the same to an upstream of another format.
func TestPairsRequests(t *testing.T) {
	eachPair(t, ".request.json", func(t *testing.T, file []byte, from, to Format) {
		var r *Request
		if err := json.Unmarshal(file, &r); err != nil {
			t.Fatal(err)
		}
		want := gistOfRequest(r)
		for _, f := range []Format{from, to} {
			var drops Drops
			body, err := codecFor(t, f).EncodeRequest(r, pairTargets()[f], &drops)
			if err != nil {
				t.Fatalf("to %s: %v", f, err)
			}
			if !json.Valid(body) {
				t.Fatalf("no JSON for %s: %s", f, body)
			}
			if r, err = codecFor(t, f).DecodeRequest(body); err != nil {
				t.Fatalf("from %s: %v\n%s", f, err, body)
			}
			if got := gistOfRequest(r); got != want {
				t.Fatalf("by way of %s:\n%s\nit says\n%s\nand not\n%s\nwithout %q", f, body, got, want, drops)
			}
		}
	})
}

// pairClient is the request that answers belong to.
func pairClient() *Request {
	return &Request{Model: "m", Stream: true, IncludeUsage: true, Created: 1764000000, Tools: []Tool{
		{Name: "Read", Schema: json.RawMessage(`{"type":"object"}`)}, {Name: "Bash", Schema: json.RawMessage(`{"type":"object"}`)}, {Name: "apply_patch", Freeform: true}}}
}

// TestPairsAnswers: an upstream's answer says the same to a client of another format.
func TestPairsAnswers(t *testing.T) {
	eachPair(t, ".response.json", func(t *testing.T, file []byte, from, to Format) {
		var resp *Response
		if err := json.Unmarshal(file, &resp); err != nil {
			t.Fatal(err)
		}
		want := gistOfResponse(resp)
		for _, f := range []Format{from, to} {
			body, err := codecFor(t, f).EncodeResponse(resp, pairClient())
			if err != nil || !json.Valid(body) {
				t.Fatalf("to %s: %v: %s", f, err, body)
			}
			if resp, err = codecFor(t, f).DecodeResponse(body); err != nil {
				t.Fatalf("from %s: %v\n%s", f, err, body)
			}
			if got := gistOfResponse(resp); got != want {
				t.Fatalf("by way of %s:\n%s\nit says\n%s\nand not\n%s", f, body, got, want)
			}
		}
	})
}

// TestPairsStreams: the same in pieces.
func TestPairsStreams(t *testing.T) {
	eachPair(t, ".response.json", func(t *testing.T, file []byte, from, to Format) {
		var resp *Response
		if err := json.Unmarshal(file, &resp); err != nil {
			t.Fatal(err)
		}
		want := gistOfResponse(resp)
		enc := codecFor(t, from).NewStreamEncoder(pairClient())
		var stream []byte
		for _, e := range eventsOf(resp) {
			stream = enc.Append(stream, e)
		}
		last := codecFor(t, to).NewStreamEncoder(pairClient())
		var client []byte
		seen := readStream(t, from, stream, func(e *Event) { client = last.Append(client, e) })
		if got := gistOfResponse(seen); got != want {
			t.Fatalf("by way of %s:\n%s\nit says\n%s\nand not\n%s", from, stream, got, want)
		}
		if got := gistOfResponse(readStream(t, to, client, func(*Event) {})); got != want {
			t.Fatalf("by way of %s:\n%s\nit says\n%s\nand not\n%s", to, client, got, want)
		}
	})
}

// TestPairsFailures: an error reaches clients of every format, whole and in a stream, as
// what it is; an overflow in the words that each client acts on.
func TestPairsFailures(t *testing.T) {
	for _, e := range []*Error{
		{Status: 429, Kind: KindRateLimit, Message: "slow down"},
		{Status: 401, Kind: KindAuth, Message: "no such key"},
		{Status: 400, Kind: KindInvalid, Message: "prompt is too long: 210000 tokens > 200000 maximum", Overflow: true, Tokens: 210000, Limit: 200000},
		{Status: 500, Kind: KindAPI, Message: "oh"},
	} {
		for _, from := range pairFormats() {
			for _, to := range pairFormats() {
				t.Run(fmt.Sprintf("%s/%s-%s", e.Kind, from, to), func(t *testing.T) {
					status, body := codecFor(t, from).EncodeError(e)
					status, body = codecFor(t, to).EncodeError(codecFor(t, from).DecodeError(status, body))
					back := codecFor(t, to).DecodeError(status, body)
					if back.Kind != e.Kind || back.Overflow != e.Overflow || status != e.Status || !strings.Contains(back.Message, e.Message) && !e.Overflow {
						t.Errorf("%d %s: %+v", status, body, back)
					}
					if to == Messages && e.Overflow && !strings.Contains(string(body), "prompt is too long: 210000 tokens > 200000 maximum") {
						t.Errorf("Claude Code does not see the overflow: %s", body)
					}
					enc := codecFor(t, from).NewStreamEncoder(pairClient())
					stream := enc.Append(enc.Append(nil, &Event{Kind: Start, ID: "x", Model: "m", Usage: NoUsage()}), &Event{Kind: Failure, Err: e})
					var seen *Error
					if err := messagesFeed(codecFor(t, from).NewStreamDecoder(), stream, func(e *Event) {
						if e.Kind == Failure {
							seen = e.Err
						}
					}); err != nil || seen == nil {
						t.Fatalf("%v: no failure in %s", err, stream)
					}
					if seen.Overflow != e.Overflow {
						t.Errorf("the stream's failure is %+v", seen)
					}
				})
			}
		}
	}
}

// readStream puts the events of a stream together.
func readStream(t *testing.T, f Format, stream []byte, yield func(*Event)) *Response {
	t.Helper()
	resp := &Response{Usage: NoUsage()}
	order := eventOrder{t: t}
	err := messagesFeed(codecFor(t, f).NewStreamDecoder(), stream, func(e *Event) {
		order.see(e)
		yield(e)
		switch e.Kind {
		case PartStart:
			p := *e.Part
			if p.Call != nil {
				c := *p.Call
				p.Call = &c
			}
			resp.Parts = append(resp.Parts, p)
		case PartDelta:
			if p := &resp.Parts[e.Index]; p.Kind == ToolCall {
				p.Call.Input += e.Text
			} else {
				p.Text += e.Text
			}
		case Start, UsageReport:
			resp.Usage.Merge(e.Usage)
		case Finish:
			resp.Usage.Merge(e.Usage)
			resp.Stop = e.Stop
		case Failure:
			t.Errorf("a failure: %v", e.Err)
		}
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, stream)
	}
	return resp
}

// eventsOf is an answer in small pieces.
func eventsOf(resp *Response) []*Event {
	out := []*Event{{Kind: Start, ID: "resp", Model: "m", Usage: NoUsage()}}
	for i := range resp.Parts {
		p := resp.Parts[i]
		text := p.Text
		p.Text = ""
		if p.Call != nil {
			c := *p.Call
			text, c.Input = c.Input, ""
			p.Call = &c
		}
		out = append(out, &Event{Kind: PartStart, Index: i, Part: &p})
		for piece := range slices.Chunk([]rune(text), 3) {
			out = append(out, &Event{Kind: PartDelta, Index: i, Text: string(piece)})
		}
		out = append(out, &Event{Kind: PartEnd, Index: i, Part: &resp.Parts[i]})
	}
	return append(out, &Event{Kind: Finish, Stop: resp.Stop, Usage: resp.Usage})
}
