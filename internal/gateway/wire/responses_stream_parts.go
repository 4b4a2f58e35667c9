package wire

import (
	"errors"
	"strconv"

	"github.com/tidwall/gjson"
)

// respPlace is where an event belongs: its item, and its part where it has one.
// Providers that give no output_index give an item_id.
func respPlace(v gjson.Result) (item, part string) {
	item = v.Get("output_index").Raw
	if item == "" {
		item = v.Get("item_id").Str
	}
	if item == "" {
		item = v.Get("item.id").Str
	}
	return item, item + "/" + v.Get("content_index").Raw
}

// content reads the events of items and their parts; others say nothing that is needed.
func (d *respStreamDecoder) content(kind string, v gjson.Result) error {
	item, part := respPlace(v)
	switch kind {
	case "response.output_item.added":
		return d.itemAdded(item, v.Get("item"))
	case "response.output_item.done":
		return d.itemDone(item, v.Get("item"))

	case "response.output_text.delta":
		return d.text(d.at(part, Text), v.Get("delta"))
	case "response.refusal.delta":
		return d.text(d.at(part, Refusal), v.Get("delta"))
	case "response.output_text.done":
		d.whole(d.at(part, Text), v.Get("text"))
	case "response.refusal.done":
		d.whole(d.at(part, Refusal), v.Get("refusal"))

	case "response.reasoning_summary_part.added":
		if l := d.at(item, Thinking); l.any && l.source == "summary" {
			l.waiting = append(l.waiting, "\n\n"...)
		}
	case "response.reasoning_summary_text.delta":
		return d.thought(d.at(item, Thinking), "summary", v.Get("delta"))
	case "response.reasoning_text.delta", "response.reasoning.delta":
		return d.thought(d.at(item, Thinking), "content", v.Get("delta"))

	case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta":
		l := d.parts[item]
		if l == nil || l.part.Kind != ToolCall {
			return errors.New("arguments came for a call that was not announced")
		}
		return d.text(l, v.Get("delta"))
	case "response.function_call_arguments.done":
		if l := d.parts[item]; l != nil && !l.any {
			d.fill(l, v.Get("arguments").Str)
		}
	case "response.custom_tool_call_input.done":
		if l := d.parts[item]; l != nil && !l.any {
			d.fill(l, v.Get("input").Str)
		}
	}
	return nil
}

// at is the part at a place; it begins with the first event there.
func (d *respStreamDecoder) at(place string, kind PartKind) *respLive {
	l := d.parts[place]
	if l == nil {
		l = &respLive{part: Part{Kind: kind}}
		d.parts[place] = l
		d.queue = append(d.queue, l)
	}
	return l
}

func (d *respStreamDecoder) text(l *respLive, delta gjson.Result) error {
	if delta.Type != gjson.String {
		return errors.New("a delta has no text")
	}
	d.fill(l, delta.Str)
	return nil
}

func (d *respStreamDecoder) fill(l *respLive, text string) {
	if text != "" && !l.ended {
		l.any = true
		l.waiting = append(l.waiting, text...)
	}
}

// whole ends a text, which it holds in case that its pieces did not come.
func (d *respStreamDecoder) whole(l *respLive, text gjson.Result) {
	if !l.any {
		d.fill(l, text.Str)
	}
	l.ended = true
}

// thought reads the one of a reasoning item's two texts that came first.
func (d *respStreamDecoder) thought(l *respLive, source string, delta gjson.Result) error {
	if l.source == "" {
		l.source = source
	}
	if l.source != source {
		return nil
	}
	return d.text(l, delta)
}

func (d *respStreamDecoder) itemAdded(place string, item gjson.Result) error {
	switch item.Get("type").Str {
	case "reasoning":
		d.at(place, Thinking).part.ID = item.Get("id").Str
	case "function_call", "custom_tool_call":
		if d.parts[place] != nil {
			return nil
		}
		call, err := respCall(item)
		if err != nil {
			return err
		}
		l := d.at(place, ToolCall)
		l.call = *call
	}
	return nil
}

// itemDone ends an item, and makes up for what did not come in pieces.
func (d *respStreamDecoder) itemDone(place string, item gjson.Result) error {
	switch item.Get("type").Str {
	case "message":
		d.messageDone(place, item.Get("content"))
	case "reasoning":
		l := d.at(place, Thinking)
		p, _ := respThinking(item)
		if !l.any {
			d.fill(l, p.Text)
		}
		l.part.ID, l.part.Signature, l.part.SignedBy = item.Get("id").Str, p.Signature, p.SignedBy
		l.ended = true
	case "function_call", "custom_tool_call":
		if err := d.itemAdded(place, item); err != nil {
			return err
		}
		l := d.parts[place]
		if !l.any {
			input := item.Get("arguments").Str
			if l.call.Freeform {
				input = item.Get("input").Str
			}
			d.fill(l, input)
		}
		l.ended = true
	}
	return nil
}

// messageDone ends the parts of a message. Those that nothing was said of come out now,
// unless the message was numbered in another way than its parts.
func (d *respStreamDecoder) messageDone(place string, content gjson.Result) {
	known := d.parts[place+"/"] != nil
	i := 0
	content.ForEach(func(_, part gjson.Result) bool {
		index := place + "/" + strconv.Itoa(i)
		i++
		kind, text := Text, part.Get("text")
		if part.Get("type").Str == "refusal" {
			kind, text = Refusal, part.Get("refusal")
		}
		if l := d.parts[index]; l != nil && !l.ended || l == nil && !known {
			d.whole(d.at(index, kind), text)
		}
		return true
	})
	if known {
		d.parts[place+"/"].ended = true
	}
}
