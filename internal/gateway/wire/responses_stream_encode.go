package wire

import "strconv"

// respStreamEncoder writes the events of a stream in the order in which OpenAI sends
// them: https://platform.openai.com/docs/api-reference/responses-streaming
type respStreamEncoder struct {
	*respAnswer
	dst    []byte
	seq    int
	begun  bool
	over   bool
	items  int    // begun so far
	output []byte // the items that are done, with commas between them
	seen   respSeen
	part   respOpenPart
}

// respOpenPart is the part that is being written.
type respOpenPart struct {
	open      bool
	kind      PartKind
	id        string
	index     int  // of its item in the output
	added     bool // its item has been announced
	streamed  bool // there is text in it
	call      respCallItem
	source    Call
	unwrap    *respUnwrapper
	text      []byte // all so far, escaped
	piece     []byte // a piece that was unwrapped
	signature string
	signedBy  Format
}

// NewStreamEncoder implements [Codec].
func (responsesCodec) NewStreamEncoder(r *Request) StreamEncoder {
	return &respStreamEncoder{respAnswer: newRespAnswer(r)}
}

// Append implements [StreamEncoder].
func (s *respStreamEncoder) Append(dst []byte, e *Event) []byte {
	if s.over {
		return dst
	}
	s.dst = dst
	switch e.Kind {
	case Start:
		s.usage.Merge(e.Usage)
		s.start(e.ID, e.Model)
	case PartStart:
		s.start("", e.Model)
		s.open(e.Part)
	case PartDelta:
		s.delta(e.Text)
	case PartSign:
		s.part.signature += e.Text
		if e.Part != nil {
			s.part.signedBy = e.Part.SignedBy
		}
	case PartEnd:
		s.close(e.Part)
	case UsageReport:
		s.usage.Merge(e.Usage)
	case Finish:
		s.start("", e.Model)
		s.close(nil)
		s.usage.Merge(e.Usage)
		status, reason := respStatus(e.Stop, s.seen)
		s.last("response."+status, status, reason, nil)
	case Failure:
		s.fail(e.Err)
	}
	dst, s.dst = s.dst, nil
	return dst
}

// event begins an event; whoever calls it appends its fields and end.
func (s *respStreamEncoder) event(kind string) { s.eventOf(kind, "") }

// eventOf is event for a name in two pieces: joining them would cost an allocation for
// each word of an answer.
func (s *respStreamEncoder) eventOf(kind, verb string) {
	s.raw("event: ")
	s.raw(kind)
	s.raw(verb)
	s.raw("\ndata: {\"type\":\"")
	s.raw(kind)
	s.raw(verb)
	s.raw("\",\"sequence_number\":")
	s.dst = strconv.AppendInt(s.dst, int64(s.seq), 10)
	s.seq++
}

func (s *respStreamEncoder) raw(text string) { s.dst = append(s.dst, text...) }

func (s *respStreamEncoder) str(text string) { s.dst = appendString(s.dst, text) }

func (s *respStreamEncoder) end() { s.raw("}\n\n") }

func (s *respStreamEncoder) start(id, model string) {
	if s.begun {
		return
	}
	s.begun = true
	s.begin(id, model)
	for _, kind := range [...]string{"response.created", "response.in_progress"} {
		s.event(kind)
		s.raw(`,"response":`)
		s.dst = s.append(s.dst, "in_progress", "", nil, nil)
		s.end()
	}
}

func (s *respStreamEncoder) last(kind, status, reason string, failure *Error) {
	s.over = true
	s.event(kind)
	s.raw(`,"response":`)
	s.dst = s.append(s.dst, status, reason, failure, s.output)
	s.end()
	s.output = nil
}

// fail ends the stream as failed. Codex reads response.failed; OpenAI's own libraries throw
// on an event with an error in it, which so comes last. The reference has the error's
// fields in the event itself, and the service sends them within "error": both are there.
func (s *respStreamEncoder) fail(e *Error) {
	if e == nil {
		e = &Error{Kind: KindAPI, Message: "The provider failed."}
	}
	if !s.begun {
		s.begun = true
		s.begin("", "")
	}
	s.last("response.failed", "failed", "", e)
	s.event("error")
	s.dst = respField(s.dst, "code", respFailureCode(e))
	s.dst = respField(s.dst, "message", e.Message)
	s.dst = respNullable(s.dst, "param", e.Param)
	s.raw(`,"error":{"type":`)
	s.str(respErrorType(e))
	s.dst = respField(s.dst, "code", respFailureCode(e))
	s.dst = respField(s.dst, "message", e.Message)
	s.dst = respNullable(s.dst, "param", e.Param)
	s.raw("}")
	s.end()
}

func (s *respStreamEncoder) open(p *Part) {
	s.close(nil)
	if p == nil {
		p = &Part{Kind: Text}
	}
	s.part = respOpenPart{open: true, kind: p.Kind, id: p.ID, signature: p.Signature, signedBy: p.SignedBy, text: s.part.text[:0], piece: s.part.piece[:0]}
	if p.Kind == ToolCall && p.Call != nil {
		s.part.source = *p.Call
		s.part.call = s.call(p.Call, s.items)
		if !p.Call.Freeform && s.tools.freeform(p.Call.Name) {
			s.part.unwrap = &respUnwrapper{}
		}
		s.add()
		s.delta(p.Call.Input) // empty in a proper stream
	}
}

// add announces the part's item, once there is something in it.
func (s *respStreamEncoder) add() {
	p := &s.part
	if p.added {
		return
	}
	p.added = true
	s.seen.add(p.kind)
	switch p.kind {
	case ToolCall:
		p.id = p.call.id
	case Thinking, Redacted:
		p.id = s.itemID("rs_", p.id, s.items)
	default:
		p.id = s.itemID("msg_", p.id, s.items)
	}
	p.index = s.items
	s.items++
	s.event("response.output_item.added")
	s.at("output_index", p.index)
	s.raw(`,"item":`)
	s.item("in_progress")
	s.end()
	switch p.kind {
	case ToolCall, Redacted:
	case Thinking:
		if p.streamed {
			s.inner("response.reasoning_summary_part", ".added", `,"part":`)
			s.dst = respAppendSummary(s.dst, nil)
			s.end()
		}
	default:
		s.inner("response.content_part", ".added", `,"part":`)
		s.dst = respAppendContent(s.dst, p.kind == Refusal, nil)
		s.end()
	}
}

// item appends the part's item as it is now.
func (s *respStreamEncoder) item(status string) {
	p := &s.part
	switch p.kind {
	case ToolCall:
		s.dst = p.call.append(s.dst, status, p.text)
	case Thinking, Redacted:
		sealed := ""
		if status == "completed" {
			sealed = respSeal(&Part{Kind: p.kind, Signature: p.signature, SignedBy: p.signedBy})
		}
		s.dst = respAppendReasoning(s.dst, p.id, p.text, sealed)
	default:
		s.dst = respAppendMessage(s.dst, p.id, status, p.kind == Refusal, p.text)
	}
}

func (s *respStreamEncoder) at(field string, n int) {
	s.raw(`,"`)
	s.raw(field)
	s.raw(`":`)
	s.dst = strconv.AppendInt(s.dst, int64(n), 10)
}

// inner begins an event of the open part, up to a field whose value the caller appends.
func (s *respStreamEncoder) inner(kind, verb, field string) {
	p := &s.part
	s.eventOf(kind, verb)
	s.dst = respField(s.dst, "item_id", p.id)
	s.at("output_index", p.index)
	switch p.kind {
	case ToolCall:
	case Thinking, Redacted:
		s.at("summary_index", 0)
	default:
		s.at("content_index", 0)
	}
	s.raw(field)
}

// words are the names of a part's events, and of the field of the last with the whole of it.
func (p *respOpenPart) words() (event, whole string) {
	switch p.kind {
	case ToolCall:
		return p.call.event, p.call.field
	case Thinking, Redacted:
		return "response.reasoning_summary_text", "text"
	case Refusal:
		return "response.refusal", "refusal"
	}
	return "response.output_text", "text"
}

// delta writes more of the open part.
func (s *respStreamEncoder) delta(text string) {
	p := &s.part
	if !p.open || text == "" {
		return
	}
	if p.unwrap != nil {
		p.piece = p.unwrap.push(p.piece[:0], text)
		text = string(p.piece)
	}
	s.write(text)
}

func (s *respStreamEncoder) write(text string) {
	p := &s.part
	if text == "" {
		return
	}
	p.streamed = true
	s.add()
	from := len(p.text)
	p.text = appendInner(p.text, text)
	event, _ := p.words()
	if event == "" {
		return // a call whose input is an object comes whole
	}
	s.inner(event, ".delta", `,"delta":"`)
	s.dst = append(append(s.dst, p.text[from:]...), '"')
	if p.kind == Text {
		s.raw(`,"logprobs":[]`)
	}
	s.end()
}

// close writes the end of the open part. whole is the part where its decoder knows it.
func (s *respStreamEncoder) close(whole *Part) {
	p := &s.part
	if !p.open {
		return
	}
	s.fill(whole)
	p.open = false
	switch {
	case p.kind == ToolCall:
		if len(p.text) == 0 && p.call.field == "arguments" && !p.call.object {
			s.write("{}")
		}
	case !p.streamed && p.signature == "":
		return // nothing was in it
	}
	s.add()
	s.done()
	s.event("response.output_item.done")
	s.at("output_index", p.index)
	s.raw(`,"item":`)
	from := len(s.dst)
	s.item("completed")
	if len(s.output) > 0 {
		s.output = append(s.output, ',')
	}
	s.output = append(s.output, s.dst[from:]...)
	s.end()
}

// fill adds what came only at the end.
func (s *respStreamEncoder) fill(whole *Part) {
	p := &s.part
	if p.unwrap != nil {
		s.write(string(p.unwrap.end(nil)))
	}
	if whole == nil {
		return
	}
	if whole.Signature != "" {
		p.signature, p.signedBy = whole.Signature, whole.SignedBy
	}
	if p.streamed {
		return
	}
	switch {
	case p.kind != ToolCall:
		s.write(whole.Text)
	case whole.Call != nil && p.unwrap != nil:
		s.write(respUnwrap(whole.Call.Input))
	case whole.Call != nil:
		s.write(whole.Call.Input)
	}
}

// done writes the events that repeat the part as a whole.
func (s *respStreamEncoder) done() {
	p := &s.part
	event, whole := p.words()
	if event == "" || !p.streamed && p.kind != ToolCall {
		return
	}
	s.inner(event, ".done", `,"`+whole+`":"`)
	s.dst = append(append(s.dst, p.text...), '"')
	switch p.kind {
	case ToolCall:
		if p.call.kind == "function_call" {
			s.dst = respField(s.dst, "name", p.call.name)
		}
		s.end()
		return
	case Thinking, Redacted:
		s.end()
		s.inner("response.reasoning_summary_part", ".done", `,"part":`)
		s.dst = respAppendSummary(s.dst, p.text)
	default:
		if p.kind == Text {
			s.raw(`,"logprobs":[]`)
		}
		s.end()
		s.inner("response.content_part", ".done", `,"part":`)
		s.dst = respAppendContent(s.dst, p.kind == Refusal, p.text)
	}
	s.end()
}
