package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// errChatIncomplete is the end of a stream that said neither why nor that it ended.
var errChatIncomplete = errors.New("the stream ended without a finish_reason and without [DONE]")

// chatStreamDecoder reads chat.completion.chunk events:
// https://platform.openai.com/docs/api-reference/chat-streaming
//
// Text and thinking go on as they come, and so does the first call. Calls that
// come interleaved with it are kept until the answer is complete, and so is
// text after a call began: parts of neutral events do not overlap, and nothing in
// this format says that a call is complete.
type chatStreamDecoder struct {
	id, model string
	seed      string // tells answers apart
	started   bool
	parts     int      // parts so far
	open      PartKind // of the part that is open; 0: none
	calls     []*chatStreamCall
	byIndex   map[int64]*chatStreamCall // the last call of an index
	late      []chatLate                // what was said after a call began
	usage     Usage
	stop      Stop
	stopped   bool // a finish_reason came
	over      bool // Finish or Failure went out
	ev        Event
}

// chatStreamCall is a call that is being received.
type chatStreamCall struct {
	index   int64 // as the provider counts them
	call    Call
	input   strings.Builder // what did not go out
	part    int
	begun   bool
	isFirst bool // the one that goes out as it comes
}

type chatLate struct {
	kind PartKind
	text strings.Builder
}

func (d *chatStreamDecoder) Event(name string, data []byte, yield func(*Event)) error {
	data = bytes.TrimSpace(data)
	if d.over || len(data) == 0 {
		return nil
	}
	if string(data) == "[DONE]" {
		d.finish(yield)
		return nil
	}
	root, err := chatParse(data)
	if err != nil {
		return fmt.Errorf("an event of the stream cannot be read: %w", err)
	}
	var choice, failure gjson.Result
	root.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "id":
			if d.id == "" {
				d.id = chatText(v)
			}
		case "created":
			if d.seed == "" {
				d.seed = v.Raw
			}
		case "model":
			if d.model == "" {
				d.model = chatText(v)
			}
		case "choices":
			choice = v.Get("0")
		case "usage":
			d.usage.Merge(chatReadUsage(v))
		case "x_groq": // https://console.groq.com/docs/text-chat
			d.usage.Merge(chatReadUsage(v.Get("usage")))
		case "error":
			failure = v
		}
		return true
	})
	if !chatIsNull(failure) || name == "error" {
		d.fail(chatDecodeError(0, data), yield)
		return nil
	}
	if !choice.IsObject() {
		return nil
	}
	d.choice(choice, yield)
	return nil
}

func (d *chatStreamDecoder) Close(yield func(*Event)) error {
	if d.over {
		return nil
	}
	if !d.stopped {
		return errChatIncomplete
	}
	d.finish(yield) // some send no [DONE]
	return nil
}

func (d *chatStreamDecoder) choice(v gjson.Result, yield func(*Event)) {
	var reason string
	v.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "delta", "message": // some send the whole message where they do not stream
			d.delta(v, yield)
		case "finish_reason":
			reason = chatText(v)
		case "usage": // Moonshot's place for it
			d.usage.Merge(chatReadUsage(v))
		}
		return true
	})
	if reason == "" {
		return
	}
	d.start(yield)
	stop, failure := chatStop(reason, len(d.calls) > 0)
	if failure != nil {
		d.fail(failure, yield)
		return
	}
	d.stop, d.stopped = stop, true
}

func (d *chatStreamDecoder) delta(v gjson.Result, yield func(*Event)) {
	if !v.IsObject() {
		return
	}
	d.start(yield)
	m := chatReadMessage(v)
	if s := chatText(m.reasoning); s != "" {
		d.say(Thinking, s, yield)
	} else if x := v.Get("reasoning_details"); x.IsArray() {
		if s := chatDetails(x); s != "" {
			d.say(Thinking, s, yield)
		}
	}
	chatPieces(m.content, func(kind PartKind, text string) { d.say(kind, text, yield) })
	if s := chatText(m.refusal); s != "" {
		d.say(Refusal, s, yield)
	}
	at := int64(-1)
	m.calls.ForEach(func(_, v gjson.Result) bool {
		at++
		d.callDelta(v, at, yield)
		return true
	})
	if m.call.IsObject() {
		d.call(chatDelta{name: chatText(m.call.Get("name")), input: chatText(m.call.Get("arguments"))}, yield)
	}
}

func (d *chatStreamDecoder) start(yield func(*Event)) {
	if !d.started {
		d.started = true
		d.emit(Event{Kind: Start, ID: d.id, Model: d.model, Usage: d.usage}, yield)
	}
}

func (d *chatStreamDecoder) emit(e Event, yield func(*Event)) {
	d.ev = e
	yield(&d.ev)
}

// say adds to the open part, or begins one.
func (d *chatStreamDecoder) say(kind PartKind, text string, yield func(*Event)) {
	if len(d.calls) > 0 {
		if n := len(d.late); n == 0 || d.late[n-1].kind != kind {
			d.late = append(d.late, chatLate{kind: kind})
		}
		d.late[len(d.late)-1].text.WriteString(text)
		return
	}
	if d.open != kind {
		d.begin(Part{Kind: kind}, yield)
	}
	d.emit(Event{Kind: PartDelta, Index: d.parts - 1, Text: text}, yield)
}

// begin ends the open part and begins another.
func (d *chatStreamDecoder) begin(p Part, yield func(*Event)) {
	d.end(yield)
	d.open = p.Kind
	d.parts++
	d.emit(Event{Kind: PartStart, Index: d.parts - 1, Part: &p}, yield)
}

func (d *chatStreamDecoder) end(yield func(*Event)) {
	if d.open != 0 {
		d.open = 0
		d.emit(Event{Kind: PartEnd, Index: d.parts - 1}, yield)
	}
}

// finish sends what was kept, and that the answer is complete.
func (d *chatStreamDecoder) finish(yield func(*Event)) {
	d.start(yield)
	for i, c := range d.calls {
		if !c.begun {
			if c.call.Name == "" {
				continue // never said what it calls
			}
			d.beginCall(c, i, yield)
		}
		d.flush(c, yield)
	}
	late := d.late
	d.late = nil
	calls := len(d.calls) > 0
	d.calls = nil // so that say speaks again
	for i := range late {
		d.say(late[i].kind, late[i].text.String(), yield)
	}
	d.end(yield)
	if !d.stopped { // [DONE] alone
		d.stop, _ = chatStop("", calls)
	}
	d.over = true
	d.emit(Event{Kind: Finish, Stop: d.stop, Usage: d.usage}, yield)
}

func (d *chatStreamDecoder) fail(e *Error, yield func(*Event)) {
	d.over = true
	d.emit(Event{Kind: Failure, Err: e}, yield)
}

// chatDelta is a piece of a call.
type chatDelta struct {
	index           int64
	id, name, input string
	freeform        bool
}

// callDelta reads a piece of a call. OpenAI counts the calls; others give each the index
// 0, or none, and tell them apart by their identifiers, or send each whole.
func (d *chatStreamDecoder) callDelta(v gjson.Result, at int64, yield func(*Event)) {
	x := chatDelta{index: -1}
	v.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "index":
			if v.Type == gjson.Number {
				x.index = v.Int()
			}
		case "id":
			x.id = chatText(v)
		case "function":
			x.name = chatText(v.Get("name"))
			if a := v.Get("arguments"); a.IsObject() {
				x.input = a.Raw
			} else {
				x.input = chatText(a)
			}
		case "custom":
			x.freeform, x.name, x.input = true, chatText(v.Get("name")), chatText(v.Get("input"))
		}
		return true
	})
	if x.index < 0 {
		x.index = at
		if x.id == "" && x.name == "" && len(d.calls) > 0 {
			x.index = d.calls[len(d.calls)-1].index
		}
	}
	d.call(x, yield)
}

func (d *chatStreamDecoder) call(x chatDelta, yield func(*Event)) {
	c := d.find(x)
	if c == nil {
		c = &chatStreamCall{index: x.index, isFirst: len(d.calls) == 0}
		d.calls = append(d.calls, c)
		if d.byIndex == nil {
			d.byIndex = map[int64]*chatStreamCall{}
		}
		d.byIndex[x.index] = c
	}
	if c.call.ID == "" && !c.begun {
		c.call.ID = x.id
	}
	if c.call.Name == "" { // some repeat the name with every piece
		c.call.Name = x.name
	}
	c.call.Freeform = c.call.Freeform || x.freeform
	if c.isFirst && !c.begun && c.call.Name != "" {
		d.beginCall(c, 0, yield)
	}
	if x.input == "" {
		return
	}
	if c.begun {
		d.emit(Event{Kind: PartDelta, Index: c.part, Text: x.input}, yield)
		return
	}
	c.input.WriteString(x.input)
}

// find is the call that a piece belongs to; nil where it begins another.
func (d *chatStreamDecoder) find(x chatDelta) *chatStreamCall {
	c := d.byIndex[x.index]
	if c != nil && x.id != "" && c.call.ID != "" && x.id != c.call.ID && x.name != "" {
		return nil // the same index for another call
	}
	return c
}

func (d *chatStreamDecoder) beginCall(c *chatStreamCall, n int, yield func(*Event)) {
	if c.call.ID == "" {
		if d.id != "" {
			d.seed = d.id
		}
		c.call.ID = chatCallID(d.seed, n)
	}
	c.begun = true
	call := Call{ID: c.call.ID, Name: c.call.Name, Freeform: c.call.Freeform}
	d.begin(Part{Kind: ToolCall, Call: &call}, yield)
	c.part = d.parts - 1
	d.flush(c, yield)
}

func (d *chatStreamDecoder) flush(c *chatStreamCall, yield func(*Event)) {
	if c.input.Len() > 0 {
		d.emit(Event{Kind: PartDelta, Index: c.part, Text: c.input.String()}, yield)
		c.input.Reset()
	}
}

// chatIndex writes a number of a part or call.
func chatIndex(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
