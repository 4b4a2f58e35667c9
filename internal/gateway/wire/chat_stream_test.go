package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// chatEvents yields the events of a recorded stream as the engine hands them on.
func chatEvents(raw []byte, yield func(name string, data []byte)) {
	for _, event := range bytes.Split(raw, []byte("\n\n")) {
		name, data := "", []byte(nil)
		for _, line := range bytes.Split(event, []byte("\n")) {
			if v, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
				name = string(v)
			}
			if v, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
				data = append(data, v...)
			}
		}
		if data != nil {
			yield(name, data)
		}
	}
}

// chatChecker holds a decoder to the order that event.go promises.
type chatChecker struct {
	t     testing.TB
	open  bool
	parts int
	began bool
	ended bool
}

func (c *chatChecker) event(e *Event) {
	bad := c.ended || e.Kind != Start && e.Kind != Failure && !c.began
	switch e.Kind {
	case Start:
		bad = bad || c.began
		c.began = true
	case PartStart:
		bad = bad || c.open || e.Index != c.parts || e.Part == nil ||
			e.Part.Kind == ToolCall && (e.Part.Call == nil || e.Part.Call.ID == "" || e.Part.Call.Name == "" || e.Part.Call.Input != "")
		c.open = true
		c.parts++
	case PartDelta:
		bad = bad || !c.open || e.Index != c.parts-1 || e.Text == ""
	case PartEnd:
		bad = bad || !c.open || e.Index != c.parts-1
		c.open = false
	case Finish:
		bad = bad || c.open || e.Stop.Reason == ""
		c.ended = true
	case Failure:
		bad = bad || e.Err == nil || e.Err.Message == ""
		c.ended = true
	}
	if bad {
		c.t.Errorf("out of order: %s", chatLine(e))
	}
}

func chatLine(e *Event) string {
	kinds := [...]string{"", "Start", "PartStart", "PartDelta", "PartSign", "PartEnd", "UsageReport", "Finish", "Failure"}
	s := kinds[e.Kind]
	switch e.Kind {
	case Start:
		s += fmt.Sprintf(" id=%s model=%s", e.ID, e.Model)
	case PartStart:
		s += fmt.Sprintf(" %d kind=%d", e.Index, e.Part.Kind)
		if c := e.Part.Call; c != nil {
			s += fmt.Sprintf(" id=%s name=%s freeform=%v", c.ID, c.Name, c.Freeform)
		}
	case PartDelta:
		s += fmt.Sprintf(" %d %q", e.Index, e.Text)
	case PartEnd:
		s += fmt.Sprintf(" %d", e.Index)
	case Finish:
		s += fmt.Sprintf(" %s %+v", e.Stop.Reason, e.Usage)
	case Failure:
		s += fmt.Sprintf(" %s %s", e.Err.Kind, e.Err.Message)
	}
	return s
}

// TestChatStreamGolden holds what recorded streams become: neutral events, and the events
// of a Chat client.
func TestChatStreamGolden(t *testing.T) {
	for name, raw := range chatFiles(t, "stream/*.sse") {
		base := strings.TrimSuffix(name, ".sse")
		t.Run(filepath.Base(base), func(t *testing.T) {
			var events strings.Builder
			var out []byte
			check := &chatChecker{t: t}
			enc := chatCodec{}.NewStreamEncoder(&Request{Model: "the-alias", Created: 1750000000, IncludeUsage: true, Tools: []Tool{{Name: "apply_patch", Freeform: true}}})
			yield := func(e *Event) {
				check.event(e)
				events.WriteString(chatLine(e) + "\n")
				out = enc.Append(out, e)
			}
			dec := chatCodec{}.NewStreamDecoder()
			chatEvents(raw, func(name string, data []byte) {
				if err := dec.Event(name, data, yield); err != nil {
					t.Error(err)
				}
			})
			if err := dec.Close(yield); err != nil {
				events.WriteString("incomplete: " + err.Error() + "\n")
			}
			chatGolden(t, base+".events.golden", []byte(events.String()))
			chatGolden(t, base+".out.golden", out)
			chatEvents(out, func(_ string, data []byte) {
				if string(data) != "[DONE]" && !json.Valid(data) {
					t.Errorf("not JSON: %s", data)
				}
			})
		})
	}
}

func TestChatStreamOdd(t *testing.T) {
	var got []string
	yield := func(e *Event) { got = append(got, chatLine(e)) }
	dec := chatCodec{}.NewStreamDecoder()
	if err := dec.Event("", []byte("{"), yield); err == nil {
		t.Error("half an object was accepted")
	}
	if err := dec.Close(yield); err == nil {
		t.Error("an empty stream was complete")
	}
	for _, raw := range []string{
		`event: error` + "\n" + `data: {"message":"overloaded","type":"overloaded_error"}`,
		`data: {"error":"overloaded","code":503}`,
		`data: {"error":{"message":"x","type":"server_error","code":"rate_limit_exceeded"}}`,
		`data: {"id":"x","choices":[{"delta":{"content":"hi"},"finish_reason":"insufficient_system_resource"}]}`,
	} {
		got = nil
		dec := chatCodec{}.NewStreamDecoder()
		chatEvents([]byte(raw+"\n\ndata: [DONE]"), func(name string, data []byte) {
			if err := dec.Event(name, data, yield); err != nil {
				t.Error(err)
			}
		})
		if err := dec.Close(yield); err != nil || len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "Failure") {
			t.Errorf("%s: %v %v", raw, got, err)
		}
	}
}

// TestChatStreamForms are the forms that clients of custom tools and of functions read.
func TestChatStreamForms(t *testing.T) {
	call := func(name, input string) []*Event {
		var pieces []*Event
		pieces = append(pieces, &Event{Kind: Start, ID: "x", Usage: NoUsage()}, &Event{Kind: PartStart, Part: &Part{Kind: ToolCall, Call: &Call{ID: "c", Name: name}}})
		for _, r := range input {
			pieces = append(pieces, &Event{Kind: PartDelta, Text: string(r)})
		}
		return append(pieces, &Event{Kind: PartEnd}, &Event{Kind: Finish, Stop: Stop{Reason: StopTools}, Usage: NoUsage()})
	}
	for _, c := range []struct {
		r      *Request
		events []*Event
		path   string
		want   string
		finish string
	}{
		{&Request{Tools: []Tool{{Name: "patch", Freeform: true}}}, call("patch", `{"input":"a\nb"}`), "tool_calls.0.custom.input", "a\nb", "tool_calls"},
		{&Request{Tools: []Tool{{Name: "patch", Freeform: true}}}, call("patch", `not json`), "tool_calls.0.custom.input", "not json", "tool_calls"},
		{&Request{LegacyFunctions: true}, call("f", `{"a":1}`), "function_call.arguments", `{"a":1}`, "function_call"},
		{&Request{}, call("f", ""), "tool_calls.0.function.arguments", "{}", "tool_calls"},
	} {
		enc := chatCodec{}.NewStreamEncoder(c.r)
		var out []byte
		for _, e := range c.events {
			out = enc.Append(out, e)
		}
		got, finish := "", ""
		chatEvents(out, func(_ string, data []byte) {
			root, err := chatParse(data)
			if err != nil {
				return
			}
			got += root.Get("choices.0.delta." + c.path).String()
			finish += root.Get("choices.0.finish_reason").String()
		})
		if got != c.want || finish != c.finish {
			t.Errorf("%s: %q %s\n%s", c.path, got, finish, out)
		}
	}
}
