package wire

import "strconv"

// messagesStreamEncoder writes a stream as Anthropic's SDKs and Claude Code read it:
// message_start, the blocks one after the other, message_delta, message_stop. A block of text or
// thinking begins with its first piece, so that none is empty: an agent sends back what it got, and
// the API refuses empty text.
type messagesStreamEncoder struct {
	names     map[string]string
	id, model string
	usage     Usage

	started, closed bool
	part            bool // a part has begun
	open            bool // and its block has been written
	kind            PartKind
	call            Call
	raw             Part // of a Redacted part
	signed          bool
	index           int // of the block
	calls           bool
	scratch         []byte
}

func (s *messagesStreamEncoder) Append(dst []byte, e *Event) []byte {
	if s.closed {
		return dst
	}
	switch e.Kind {
	case Start:
		s.usage.Merge(e.Usage)
		if e.ID != "" {
			s.id = messagesID(e.ID, nil)
		}
		return s.start(dst)
	case PartStart:
		dst = s.end(s.start(dst), nil)
		s.begin(e)
		if s.kind == ToolCall {
			dst = s.openBlock(dst)
		}
		return dst
	case PartDelta:
		return s.delta(dst, e.Text)
	case PartSign:
		if s.part && s.kind == Thinking {
			p := Part{}
			if e.Part != nil {
				p = *e.Part
			}
			p.Signature = e.Text
			return s.sign(dst, &p)
		}
		if s.kind == Redacted {
			s.raw.Signature = e.Text
		}
	case PartEnd:
		return s.end(dst, e.Part)
	case UsageReport:
		s.usage.Merge(e.Usage)
	case Finish:
		s.usage.Merge(e.Usage)
		return s.finish(s.end(s.start(dst), nil), e.Stop)
	case Failure:
		s.closed = true
		dst = append(dst, "event: error\ndata: "...)
		err := e.Err
		if err == nil {
			err = &Error{Kind: KindAPI, Message: "the upstream failed"}
		}
		return append(messagesAppendError(dst, err), "\n\n"...)
	}
	return dst
}

func (s *messagesStreamEncoder) start(dst []byte) []byte {
	if s.started {
		return dst
	}
	s.started = true
	dst = append(dst, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":"...)
	dst = appendString(dst, s.id)
	dst = appendString(append(dst, `,"type":"message","role":"assistant","model":`...), s.model)
	dst = append(dst, `,"content":[],"stop_reason":null,"stop_sequence":null,"usage":`...)
	return append(messagesAppendUsage(dst, s.usage), "}}\n\n"...)
}

func (s *messagesStreamEncoder) begin(e *Event) {
	s.part, s.open, s.signed, s.kind, s.raw = true, false, false, 0, Part{}
	if e.Part == nil {
		s.part = false
		return
	}
	switch s.kind = e.Part.Kind; s.kind {
	case Text, Refusal, Thinking:
	case Redacted:
		s.raw = *e.Part
	case ToolCall:
		if e.Part.Call == nil {
			s.part, s.kind = false, 0
			return
		}
		s.call, s.calls = *e.Part.Call, true
	default:
		s.part = false
	}
}

// openBlock writes content_block_start for the part that has begun.
func (s *messagesStreamEncoder) openBlock(dst []byte) []byte {
	s.open = true
	dst = append(dst, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"...)
	dst = append(strconv.AppendInt(dst, int64(s.index), 10), `,"content_block":`...)
	switch s.kind {
	case Thinking:
		dst = append(dst, `{"type":"thinking","thinking":"","signature":""}`...)
	case Redacted:
		dst = messagesAppendOutput(dst, &s.raw, nil)
	case ToolCall:
		dst = append(messagesAppendCall(dst, &s.call, s.names), `,"input":{}}`...)
	default:
		dst = append(dst, `{"type":"text","text":""}`...)
	}
	dst = append(dst, "}\n\n"...)
	if s.kind == ToolCall && s.call.Freeform {
		dst = s.piece(dst, `"type":"input_json_delta","partial_json":`, `{"input":"`)
	}
	return dst
}

// piece writes content_block_delta; members is its delta up to the text.
func (s *messagesStreamEncoder) piece(dst []byte, members, text string) []byte {
	dst = append(dst, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	dst = append(strconv.AppendInt(dst, int64(s.index), 10), `,"delta":{`...)
	return append(appendString(append(dst, members...), text), "}}\n\n"...)
}

func (s *messagesStreamEncoder) delta(dst []byte, text string) []byte {
	if !s.part || text == "" || s.kind == Redacted {
		return dst
	}
	if !s.open {
		dst = s.openBlock(dst)
	}
	switch {
	case s.kind == Thinking:
		return s.piece(dst, `"type":"thinking_delta","thinking":`, text)
	case s.kind == ToolCall && s.call.Freeform:
		s.scratch = appendInner(s.scratch[:0], text)
		return s.piece(dst, `"type":"input_json_delta","partial_json":`, string(s.scratch))
	case s.kind == ToolCall:
		return s.piece(dst, `"type":"input_json_delta","partial_json":`, text)
	}
	return s.piece(dst, `"type":"text_delta","text":`, text)
}

func (s *messagesStreamEncoder) sign(dst []byte, p *Part) []byte {
	signature := messagesSignature(p)
	if signature == "" || s.signed {
		return dst
	}
	s.signed = true
	if !s.open {
		dst = s.openBlock(dst)
	}
	return s.piece(dst, `"type":"signature_delta","signature":`, signature)
}

// end closes the part that has begun, if one has. whole is the part, where it is known.
func (s *messagesStreamEncoder) end(dst []byte, whole *Part) []byte {
	if !s.part {
		return dst
	}
	if whole != nil && s.kind == Thinking {
		dst = s.sign(dst, whole)
	}
	if s.kind == Redacted {
		if whole != nil && whole.Signature != "" {
			s.raw = *whole
		}
		if s.raw.Signature != "" {
			s.raw.Kind = Redacted
			dst = s.openBlock(dst)
		}
	}
	s.part = false
	if !s.open {
		return dst
	}
	if s.kind == ToolCall && s.call.Freeform {
		dst = s.piece(dst, `"type":"input_json_delta","partial_json":`, `"}`)
	}
	s.open = false
	dst = append(dst, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"...)
	dst = append(strconv.AppendInt(dst, int64(s.index), 10), "}\n\n"...)
	s.index++
	return dst
}

func (s *messagesStreamEncoder) finish(dst []byte, stop Stop) []byte {
	s.closed = true
	dst = append(dst, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"...)
	dst = appendString(dst, messagesReason(stop, s.calls))
	dst = append(messagesAppendSequence(append(dst, ','), stop), `},"usage":`...)
	dst = append(messagesAppendUsage(dst, s.usage), "}\n\n"...)
	return append(dst, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"...)
}
