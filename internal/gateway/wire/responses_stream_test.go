package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// respDecode feeds a stream to the decoder, as the engine does, and returns what came out:
// events are copied, as they hold only until the next.
func respDecode(stream []byte) ([]*Event, error) {
	var events []*Event
	yield := func(e *Event) {
		c := *e
		events = append(events, &c)
	}
	d := responsesCodec{}.NewStreamDecoder()
	for _, block := range strings.Split(string(stream), "\n\n") {
		var name string
		var data []string
		for _, line := range strings.Split(block, "\n") {
			if v, ok := strings.CutPrefix(line, "event: "); ok {
				name = v
			} else if v, ok := strings.CutPrefix(line, "data: "); ok {
				data = append(data, v)
			}
		}
		if err := d.Event(name, []byte(strings.Join(data, "\n")), yield); err != nil {
			return events, err
		}
	}
	return events, d.Close(yield)
}

func respEncode(r *Request, events []*Event) []byte {
	enc := responsesCodec{}.NewStreamEncoder(r)
	var out []byte
	for _, e := range events {
		out = enc.Append(out, e)
	}
	return out
}

// respClient is a client with a tool of every kind.
func respClient(t testing.TB) *Request {
	t.Helper()
	body, err := os.ReadFile("testdata/responses/history.request.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := responsesCodec{}.DecodeRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	r.Created = 1790000000
	return r
}

func TestResponsesStreams(t *testing.T) {
	for _, path := range respFiles(t, "sse") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			stream, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			events, err := respDecode(stream)
			var neutral []byte
			for _, e := range events {
				var line bytes.Buffer
				if err := json.Compact(&line, respPretty(t, e)); err != nil {
					t.Fatal(err)
				}
				neutral = append(append(neutral, line.Bytes()...), '\n')
			}
			if err != nil {
				neutral = fmt.Appendf(neutral, "error: %v\n", err)
			}
			base := strings.TrimSuffix(path, ".sse")
			respGolden(t, base+".events", neutral)
			out := respEncode(respClient(t), events)
			respGolden(t, base+".client", out)
			respCheckStream(t, out)
			if err != nil {
				return
			}
			again, err := respDecode(out)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := respStory(again), respStory(events); got != want {
				t.Errorf("it came back as\n%s\nand was\n%s", got, want)
			}
		})
	}
}

// respStory is what a stream says, however it was cut into pieces.
func respStory(events []*Event) string {
	var b strings.Builder
	for _, e := range events {
		switch e.Kind {
		case PartStart:
			fmt.Fprintf(&b, "\n%d:", e.Part.Kind)
			if e.Part.Call != nil {
				fmt.Fprintf(&b, "%s %s:", e.Part.Call.ID, e.Part.Call.Name)
			}
		case PartDelta, PartSign:
			b.WriteString(e.Text)
		case Finish:
			fmt.Fprintf(&b, "\n%+v %d %d", e.Stop, e.Usage.Prompt(), e.Usage.Output)
		case Failure:
			fmt.Fprintf(&b, "\n%s", e.Err.Message)
		}
	}
	return b.String()
}

// respCheckStream holds a stream to what clients rely on: JSON, a type that is the
// event's name, numbers that rise, items that are announced, ended, and all in the last event.
func respCheckStream(t testing.TB, out []byte) {
	t.Helper()
	next, added, done := 0, 0, 0
	var items []json.RawMessage
	for _, block := range strings.Split(strings.TrimSuffix(string(out), "\n\n"), "\n\n") {
		if block == "" {
			continue
		}
		head, data, ok := strings.Cut(block, "\ndata: ")
		var e struct {
			Type     string `json:"type"`
			Number   *int   `json:"sequence_number"`
			Index    int    `json:"output_index"`
			Item     json.RawMessage
			Response struct {
				Status string
				Output []json.RawMessage
			}
		}
		if err := json.Unmarshal([]byte(data), &e); !ok || err != nil {
			t.Fatalf("%v: %s", err, block)
		}
		if head != "event: "+e.Type || e.Number == nil || *e.Number != next {
			t.Fatalf("number %d: %s", next, block)
		}
		next++
		switch e.Type {
		case "response.output_item.added":
			if e.Index != added || added != done {
				t.Fatalf("item %d begins out of order: %s", added, block)
			}
			added++
		case "response.output_item.done":
			if e.Index != done {
				t.Fatalf("item %d ends out of order: %s", done, block)
			}
			done++
			items = append(items, e.Item)
		case "response.completed", "response.incomplete", "response.failed":
			if len(e.Response.Output) != len(items) || "response."+e.Response.Status != e.Type {
				t.Fatalf("%d items ended, and the last event has other ones: %s", len(items), block)
			}
			for i := range items {
				if !bytes.Equal(items[i], e.Response.Output[i]) {
					t.Errorf("item %d is another one in the last event: %s", i, e.Response.Output[i])
				}
			}
		}
	}
}

// TestResponsesStreamOfOthers: calls that come from providers without namespaces, freeform
// tools and built-in ones are the client's own again.
func TestResponsesStreamOfOthers(t *testing.T) {
	text := "*** Begin Patch\n\"quoted\" caf\u00e9 \U0001F600 \\ end"
	quoted := `{"input":"*** Begin Patch\n\"quoted\" caf\u00e9 \ud83d\ude00 \\ end"}`
	events := []*Event{
		{Kind: Start, ID: "msg_01ABC", Model: "claude", Usage: Usage{Input: 10, CacheRead: 5, CacheWrite: 2, Output: 1, Reasoning: -1}},
		{Kind: PartStart, Index: 0, Part: &Part{Kind: Thinking}},
		{Kind: PartDelta, Index: 0, Text: "Let me "}, {Kind: PartDelta, Index: 0, Text: "see."},
		{Kind: PartSign, Index: 0, Text: "c2ln", Part: &Part{SignedBy: Messages}},
		{Kind: PartEnd, Index: 0},
		{Kind: PartStart, Index: 1, Part: &Part{Kind: Redacted, Signature: "ZGF0YQ==", SignedBy: Messages}}, {Kind: PartEnd, Index: 1},
		{Kind: PartStart, Index: 2, Part: &Part{Kind: Text}}, {Kind: PartEnd, Index: 2},
		{Kind: PartStart, Index: 3, Part: &Part{Kind: ToolCall, Call: &Call{ID: "toolu_1", Name: "apply_patch"}}},
	}
	for rest := quoted; rest != ""; rest = rest[min(7, len(rest)):] { // escapes are cut
		events = append(events, &Event{Kind: PartDelta, Index: 3, Text: rest[:min(7, len(rest))]})
	}
	events = append(events, &Event{Kind: PartEnd, Index: 3},
		&Event{Kind: PartStart, Index: 4, Part: &Part{Kind: ToolCall, Call: &Call{ID: "toolu_2", Name: respFlat("mcp__files__", "read.file")}}},
		&Event{Kind: PartEnd, Index: 4},
		&Event{Kind: PartStart, Index: 5, Part: &Part{Kind: ToolCall, Call: &Call{ID: "toolu_3", Name: "local_shell"}}},
		&Event{Kind: PartDelta, Index: 5, Text: `{"command":`}, &Event{Kind: PartDelta, Index: 5, Text: `["ls"]}`}, &Event{Kind: PartEnd, Index: 5},
		&Event{Kind: PartStart, Index: 6, Part: &Part{Kind: ToolCall, Call: &Call{ID: "toolu_4", Name: "tool_search"}}},
		&Event{Kind: PartDelta, Index: 6, Text: `{"query":"x"}`}, &Event{Kind: PartEnd, Index: 6},
		&Event{Kind: PartStart, Index: 7, Part: &Part{Kind: ToolCall, Call: &Call{ID: "toolu_5", Name: "mcp__files____write"}}},
		&Event{Kind: PartDelta, Index: 7, Text: "not JSON"}, &Event{Kind: PartEnd, Index: 7},
		&Event{Kind: Finish, Stop: Stop{Reason: StopTools}, Usage: Usage{-1, -1, -1, 40, 30}})
	r := respClient(t)
	out := respEncode(r, events)
	respCheckStream(t, out)
	respGolden(t, "testdata/responses/others.client", out)

	// The same answer in one piece, and in the client's next request.
	resp := &Response{ID: "msg_01ABC", Stop: Stop{Reason: StopTools}, Usage: Usage{10, 5, 2, 40, 30}, Parts: []Part{
		{Kind: Thinking, Text: "Let me see.", Signature: "c2ln", SignedBy: Messages}, {Kind: Redacted, Signature: "ZGF0YQ==", SignedBy: Messages},
		{Kind: Text}, {Kind: ToolCall, Call: &Call{ID: "toolu_1", Name: "apply_patch", Input: quoted}},
		{Kind: ToolCall, Call: &Call{ID: "toolu_2", Name: respFlat("mcp__files__", "read.file")}},
		{Kind: ToolCall, Call: &Call{ID: "toolu_3", Name: "local_shell", Input: `{"command":["ls"]}`}},
		{Kind: ToolCall, Call: &Call{ID: "toolu_4", Name: "tool_search", Input: `{"query":"x"}`}},
		{Kind: ToolCall, Call: &Call{ID: "toolu_5", Name: "mcp__files____write", Input: "not JSON"}},
	}}
	whole, err := responsesCodec{}.EncodeResponse(resp, r)
	if err != nil {
		t.Fatal(err)
	}
	last := out[bytes.LastIndex(out, []byte(`"response":`))+len(`"response":`) : len(out)-3]
	if !bytes.Equal(whole, last) {
		t.Errorf("in one piece it is\n%s\nand in pieces\n%s", whole, last)
	}
	var answer struct{ Output json.RawMessage }
	if err := json.Unmarshal(whole, &answer); err != nil {
		t.Fatal(err)
	}
	back, err := responsesCodec{}.DecodeRequest([]byte(`{"model":"m","tools":[{"type":"namespace","name":"mcp__files__","tools":[{"type":"function","name":"read.file"}]}],"input":` + string(answer.Output) + `}`))
	if err != nil {
		t.Fatal(err)
	}
	parts := back.Turns[0].Parts
	if len(parts) != 7 || parts[0].Signature != "c2ln" || parts[0].SignedBy != Messages || parts[0].Text != "Let me see." ||
		parts[1].Kind != Redacted || parts[1].Signature != "ZGF0YQ==" || parts[2].Call.Input != text || parts[3].Call.Name != respFlat("mcp__files__", "read.file") {
		t.Errorf("%s", respPretty(t, parts))
	}
}

// TestResponsesFailures: a stream that fails says so in the words that clients act on,
// and says nothing afterwards.
func TestResponsesFailures(t *testing.T) {
	for _, tc := range []struct {
		e    *Error
		code string
	}{
		{&Error{Kind: KindRateLimit, Message: "Slow down."}, "rate_limit_exceeded"},
		{&Error{Kind: KindInvalid, Overflow: true, Message: "Too long."}, "context_length_exceeded"},
		{&Error{Kind: KindBilling, Message: "Pay."}, "insufficient_quota"},
		{&Error{Kind: KindOverloaded, Message: "Busy."}, "server_error"},
		{&Error{Kind: KindAuth, Message: "No key.", Code: "invalid_api_key"}, "invalid_prompt"},
		{&Error{Kind: KindInvalid, Message: "No."}, "invalid_prompt"},
		{&Error{Kind: KindAPI, Message: "Oh."}, "server_error"},
		{nil, "server_error"},
	} {
		for _, before := range [][]*Event{nil, {{Kind: Start, ID: "x"}, {Kind: PartStart, Part: &Part{Kind: Text}}, {Kind: PartDelta, Text: "half"}}} {
			out := respEncode(&Request{Model: "m"}, append(before, &Event{Kind: Failure, Err: tc.e}, &Event{Kind: PartDelta, Text: "x"}, &Event{Kind: Finish}))
			respCheckStream(t, out)
			if n := bytes.Count(out, []byte(`"code":"`+tc.code+`"`)); n != 3 || !bytes.Contains(out, []byte("event: response.failed")) {
				t.Errorf("%+v: %s", tc.e, out)
			}
			events, err := respDecode(out)
			if err != nil || events[len(events)-1].Kind != Failure {
				t.Errorf("%v: %s", err, out)
			}
		}
	}
}

func TestResponsesUnwrap(t *testing.T) {
	for in, want := range map[string]string{
		`{"input":"a"}`:                          "a",
		" {\n \"input\" : \"a\\tb\" , \"x\":1}":  "a\tb",
		`{"input":""}`:                           "",
		`{"input":"\u00e9\ud83d\ude00\/\b\f\r"}`: "\u00e9\U0001F600/\b\f\r",
		`{"input":"\ud83dx"}`:                    "\ufffdx",
		`{"input":"\ud83d\u0041"}`:               "\ufffdA",
		`{"input":"\ud83d\ud83d\ude00"}`:         "\ufffd\U0001F600",
		`{"input":"\ud83d"}`:                     "\ufffd",
		`{"x":1,"input":"late"}`:                 "late",
		`{"input":7}`:                            `{"input":7}`,
		"plain text":                             "plain text",
		"":                                       "",
		`{"inp`:                                  `{"inp`,
	} {
		for _, size := range []int{1, 2, 3, 1000} {
			var u respUnwrapper
			var got []byte
			for rest := in; rest != ""; {
				n := min(size, len(rest))
				got = u.push(got, rest[:n])
				rest = rest[n:]
			}
			if got = u.end(got); string(got) != want {
				t.Errorf("%s in pieces of %d: %q, want %q", in, size, got, want)
			}
		}
		if !strings.Contains(in, "ud83d") || strings.Contains(in, "de00\\/") { // gjson has its own way with halves of pairs
			if got := respUnwrap(in); got != want {
				t.Errorf("%s: %q, want %q", in, got, want)
			}
		}
	}
}
