package wire

import (
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

// respStreamDecoder reads an upstream's events. Their order is OpenAI's; what others
// leave out (content_part.added, the pieces of a text) is made up for from what comes later.
type respStreamDecoder struct {
	started bool
	over    bool
	parts   map[string]*respLive // by where they stand
	queue   []*respLive          // those that have not ended, in the order in which they began
	next    int                  // the index of the next part
	seen    respSeen
}

// respLive is a part that is being read. Only the first in the queue goes out at once;
// the others wait for it to end.
type respLive struct {
	part    Part
	call    Call
	begun   bool   // its PartStart went out
	index   int    // since then
	waiting []byte // text that has not gone out
	any     bool   // text came
	ended   bool
	source  string // which of a reasoning item's two texts is read
}

// NewStreamDecoder implements [Codec].
func (responsesCodec) NewStreamDecoder() StreamDecoder {
	return &respStreamDecoder{parts: map[string]*respLive{}}
}

// Event implements [StreamDecoder].
func (d *respStreamDecoder) Event(name string, data []byte, yield func(*Event)) error {
	if d.over || len(data) == 0 || string(data) == "[DONE]" {
		return nil
	}
	v, ok := respParse(data)
	if !ok {
		return errors.New("an event is not a JSON object")
	}
	kind := v.Get("type").Str
	if kind == "" {
		kind = name
	}
	switch kind {
	case "response.created", "response.in_progress":
		d.start(v.Get("response"), yield)
		return nil
	case "response.completed", "response.incomplete", "response.done":
		return d.finish(v.Get("response"), yield)
	case "response.failed", "response.cancelled":
		e := respFailed(v.Get("response"))
		if e == nil {
			e = &Error{Kind: KindAPI, Message: "The provider failed and did not say why."}
		}
		d.fail(e, yield)
		return nil
	case "error":
		inner := v
		if respGiven(v.Get("error")) {
			inner = v.Get("error")
		}
		d.fail(respErrorOf(0, inner), yield)
		return nil
	}
	if err := d.content(kind, v); err != nil {
		return err
	}
	d.flush(yield)
	return nil
}

func (d *respStreamDecoder) start(response gjson.Result, yield func(*Event)) {
	if d.started {
		return
	}
	d.started = true
	yield(&Event{Kind: Start, ID: response.Get("id").Str, Model: response.Get("model").Str, Usage: respUsage(response.Get("usage"))})
}

func (d *respStreamDecoder) fail(e *Error, yield func(*Event)) {
	d.over = true
	yield(&Event{Kind: Failure, Err: e})
}

func (d *respStreamDecoder) finish(response gjson.Result, yield func(*Event)) error {
	if !response.IsObject() {
		return errors.New("the last event has no response")
	}
	if e := respFailed(response); e != nil {
		d.fail(e, yield)
		return nil
	}
	if d.next == 0 && len(d.queue) == 0 { // a provider that sends only the whole
		i := 0
		var err error
		response.Get("output").ForEach(func(_, item gjson.Result) bool {
			err = d.itemDone(fmt.Sprint(i), item)
			i++
			return err == nil
		})
		if err != nil {
			return err
		}
	}
	for _, l := range d.queue {
		l.ended = true
	}
	d.start(response, yield)
	d.flush(yield)
	d.over = true
	yield(&Event{Kind: Finish, Stop: Stop{Reason: d.seen.stop(response)}, Usage: respUsage(response.Get("usage"))})
	return nil
}

// Close implements [StreamDecoder].
func (d *respStreamDecoder) Close(yield func(*Event)) error {
	if d.over {
		return nil
	}
	d.over = true
	d.flush(yield)
	return errors.New("the stream ended before response.completed")
}

// flush lets out what may go out: all of the first part, and the next ones once
// it has ended.
func (d *respStreamDecoder) flush(yield func(*Event)) {
	for len(d.queue) > 0 {
		l := d.queue[0]
		d.emit(l, yield)
		if !l.ended {
			return
		}
		d.queue = d.queue[1:]
	}
}

func (d *respStreamDecoder) emit(l *respLive, yield func(*Event)) {
	if !l.begun {
		// A reasoning item is only known for what it is when its text or its end comes.
		reasoning := l.part.Kind == Thinking
		if reasoning && !l.any {
			if !l.ended || l.part.Signature == "" {
				return
			}
			l.part.Kind = Redacted
		}
		if !d.started {
			d.start(gjson.Result{}, yield)
		}
		l.begun, l.index = true, d.next
		d.next++
		d.seen.add(l.part.Kind)
		begun := Part{Kind: l.part.Kind, ID: l.part.ID}
		if l.part.Kind == ToolCall {
			call := l.call
			call.Input = ""
			begun.Call = &call
		}
		yield(&Event{Kind: PartStart, Index: l.index, Part: &begun})
	}
	if len(l.waiting) > 0 {
		text := string(l.waiting)
		l.waiting = l.waiting[:0]
		yield(&Event{Kind: PartDelta, Index: l.index, Text: text})
	}
	if l.ended {
		if l.part.Signature != "" {
			yield(&Event{Kind: PartSign, Index: l.index, Text: l.part.Signature, Part: &Part{Kind: l.part.Kind, SignedBy: l.part.SignedBy}})
		}
		yield(&Event{Kind: PartEnd, Index: l.index})
	}
}
