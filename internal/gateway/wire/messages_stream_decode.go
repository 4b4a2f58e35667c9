package wire

import (
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

// messagesStreamDecoder reads a stream of events:
// https://platform.claude.com/docs/en/build-with-claude/streaming. It is strict about
// their order, as what is out of order is lost or wrong content, and indifferent to kinds
// of events, blocks and deltas that it does not know, as the API's versioning policy asks.
type messagesStreamDecoder struct {
	started, ended bool
	open           bool // a block
	skip           bool // the open block is of a kind that no other format has
	block          int64
	index          int // of the part
	delta          bool
	input          string // of a tool_use block that came with it
	part           Part
	call           Call
	stop           Stop
	stopped        bool // the reason has come
	usage          Usage
	ev             Event
}

func (d *messagesStreamDecoder) emit(yield func(*Event), e Event) {
	d.ev = e
	yield(&d.ev)
}

func (d *messagesStreamDecoder) Event(name string, data []byte, yield func(*Event)) error {
	if d.ended || name == "ping" {
		return nil
	}
	v, ok := messagesParse(string(data))
	if !ok {
		return fmt.Errorf("the data of the event %q is not valid JSON", name)
	}
	kind := v.Get("type").String()
	if kind == "" {
		kind = name
	}
	switch kind {
	case "error":
		d.ended = true
		d.emit(yield, Event{Kind: Failure, Err: messagesCodec{}.DecodeError(0, data)})
		return nil
	case "message_start":
		return d.start(v.Get("message"), yield)
	case "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop":
		if !d.started {
			return fmt.Errorf("%s came before message_start", kind)
		}
	}
	switch kind {
	case "content_block_start":
		return d.blockStart(v, yield)
	case "content_block_delta":
		return d.blockDelta(v, yield)
	case "content_block_stop":
		return d.blockStop(v, yield)
	case "message_delta":
		d.usage.Merge(messagesUsage(v.Get("usage")))
		if v.Get("delta.stop_reason").Type == gjson.String {
			d.stop, d.stopped = messagesStop(v.Get("delta")), true
		}
	case "message_stop":
		if d.open {
			return fmt.Errorf("message_stop came while block %d was open", d.block)
		}
		if !d.stopped {
			return errors.New("message_stop came without a stop_reason")
		}
		d.ended = true
		d.emit(yield, Event{Kind: Finish, Stop: d.stop, Usage: d.usage})
	}
	return nil
}

func (d *messagesStreamDecoder) start(m gjson.Result, yield func(*Event)) error {
	if d.started {
		return errors.New("a second message_start came")
	}
	d.started = true
	d.usage.Merge(messagesUsage(m.Get("usage")))
	d.emit(yield, Event{Kind: Start, ID: m.Get("id").String(), Model: m.Get("model").String(), Usage: d.usage})
	return nil
}

func (d *messagesStreamDecoder) blockStart(v gjson.Result, yield func(*Event)) error {
	if d.open {
		return fmt.Errorf("a block began while block %d was open", d.block)
	}
	d.open, d.block, d.delta, d.input = true, v.Get("index").Int(), false, ""
	d.part = Part{}
	b := v.Get("content_block")
	if d.skip = !messagesOutput(&d.part, b); d.skip {
		return nil
	}
	first := d.part.Text
	d.part.Text = ""
	if d.part.Kind == ToolCall {
		d.call = *d.part.Call
		// Where the whole input comes with the block, no delta has it.
		if d.input = d.call.Input; d.input == "{}" {
			d.input = ""
		}
		d.call.Input = ""
		d.part.Call = &d.call
	}
	p := d.part
	if p.Kind == Thinking {
		p.Signature, p.SignedBy = "", ""
	}
	d.emit(yield, Event{Kind: PartStart, Index: d.index, Part: &p})
	if first != "" {
		d.emit(yield, Event{Kind: PartDelta, Index: d.index, Text: first})
	}
	if p.Kind == Thinking && d.part.Signature != "" {
		d.sign(yield)
	}
	return nil
}

func (d *messagesStreamDecoder) sign(yield func(*Event)) {
	d.emit(yield, Event{Kind: PartSign, Index: d.index, Text: d.part.Signature, Part: &d.part})
}

func (d *messagesStreamDecoder) isOpen(v gjson.Result) error {
	if index := v.Get("index").Int(); !d.open || index != d.block {
		return fmt.Errorf("%s is for block %d, which is not open", v.Get("type").String(), index)
	}
	return nil
}

func (d *messagesStreamDecoder) blockDelta(v gjson.Result, yield func(*Event)) error {
	if err := d.isOpen(v); err != nil || d.skip {
		return err
	}
	text := ""
	delta := v.Get("delta")
	switch kind := delta.Get("type").String(); {
	case kind == "text_delta" && d.part.Kind == Text:
		text = delta.Get("text").String()
	case kind == "thinking_delta" && d.part.Kind == Thinking:
		text = delta.Get("thinking").String()
	case kind == "input_json_delta" && d.part.Kind == ToolCall:
		text = delta.Get("partial_json").String()
	case kind == "signature_delta" && d.part.Kind == Thinking:
		if s := delta.Get("signature").String(); s != "" {
			messagesSigned(&d.part, s)
			d.sign(yield)
		}
	case kind == "text_delta", kind == "thinking_delta", kind == "input_json_delta", kind == "signature_delta":
		return fmt.Errorf("a delta of the type %s came in a block of another kind", kind)
	}
	if text != "" {
		d.delta = true
		d.emit(yield, Event{Kind: PartDelta, Index: d.index, Text: text})
	}
	return nil
}

func (d *messagesStreamDecoder) blockStop(v gjson.Result, yield func(*Event)) error {
	if err := d.isOpen(v); err != nil {
		return err
	}
	d.open = false
	if d.skip {
		return nil
	}
	if d.part.Kind == ToolCall && !d.delta && d.input != "" {
		d.emit(yield, Event{Kind: PartDelta, Index: d.index, Text: d.input})
	}
	d.emit(yield, Event{Kind: PartEnd, Index: d.index})
	d.index++
	return nil
}

func (d *messagesStreamDecoder) Close(func(*Event)) error {
	switch {
	case d.ended:
		return nil
	case !d.started:
		return errors.New("the stream ended before it began")
	}
	return errors.New("the stream ended without message_stop")
}
