package wire

// chatStreamEncoder writes chat.completion.chunk events as the official clients
// and the AI SDK read them:
// https://platform.openai.com/docs/api-reference/chat-streaming/streaming
type chatStreamEncoder struct {
	chatClient
	id, name string
	usage    Usage
	begun    bool
	calls    int      // calls so far
	open     PartKind // of the part that is open
	call     Call     // the open call, its input where that is kept back
	custom   bool
	input    []byte
	some     bool // the open call had input
}

func (s *chatStreamEncoder) Append(dst []byte, e *Event) []byte {
	switch e.Kind {
	case Start:
		s.id, s.name = chatAnswerID(e.ID, s.created), s.known(e.Model)
		s.usage.Merge(e.Usage)
		return s.begin(dst)
	case PartStart:
		return s.partStart(s.begin(dst), e.Part)
	case PartDelta:
		return s.partDelta(s.begin(dst), e.Text)
	case PartEnd:
		return s.partEnd(dst)
	case UsageReport:
		s.usage.Merge(e.Usage)
	case Finish:
		s.usage.Merge(e.Usage)
		return s.finish(s.begin(dst), e.Stop)
	case Failure:
		_, body := chatEncodeError(e.Err)
		dst = append(append(append(dst, "data: "...), body...), "\n\n"...)
	}
	return dst
}

// begin writes the first chunk, which names the role.
func (s *chatStreamEncoder) begin(dst []byte) []byte {
	if s.begun {
		return dst
	}
	s.begun = true
	if s.id == "" {
		s.id, s.name = chatAnswerID("", s.created), s.model
	}
	return s.end(append(s.delta(dst), `"role":"assistant","content":""`...))
}

// delta opens a chunk up to the inside of its delta; end closes it.
func (s *chatStreamEncoder) delta(dst []byte) []byte {
	dst = s.head(append(dst, "data: "...), "chat.completion.chunk", s.id, s.name)
	return append(dst, `,"choices":[{"index":0,"delta":{`...)
}

func (s *chatStreamEncoder) end(dst []byte) []byte {
	return append(dst, "},\"finish_reason\":null}]}\n\n"...)
}

func (s *chatStreamEncoder) partStart(dst []byte, p *Part) []byte {
	s.open = 0
	if p == nil {
		return dst
	}
	s.open = p.Kind
	if p.Kind != ToolCall || p.Call == nil {
		return dst
	}
	s.calls++
	s.call, s.custom, s.input, s.some = *p.Call, s.isCustom(p.Call), nil, false
	switch {
	case s.legacy && s.calls > 1:
		return dst // the client can read one
	case s.legacy:
		dst = appendString(append(s.delta(dst), `"function_call":{"name":`...), s.call.Name)
		return s.end(append(dst, `,"arguments":""}`...))
	case s.custom:
		dst = appendString(append(s.callDelta(dst), `,"id":`...), s.call.ID)
		dst = appendString(append(dst, `,"type":"custom","custom":{"name":`...), s.call.Name)
		return s.end(append(dst, `,"input":""}}]`...))
	}
	dst = appendString(append(s.callDelta(dst), `,"id":`...), s.call.ID)
	dst = appendString(append(dst, `,"type":"function","function":{"name":`...), s.call.Name)
	return s.end(append(dst, `,"arguments":""}}]`...))
}

func (s *chatStreamEncoder) callDelta(dst []byte) []byte {
	return chatIndex(append(s.delta(dst), `"tool_calls":[{"index":`...), s.calls-1)
}

func (s *chatStreamEncoder) partDelta(dst []byte, text string) []byte {
	if text == "" {
		return dst
	}
	switch s.open {
	case Text:
		return s.text(dst, "content", text)
	case Thinking:
		return s.text(dst, "reasoning_content", text)
	case Refusal:
		return s.text(dst, "refusal", text)
	case ToolCall:
		s.some = true
		if s.custom && !s.call.Freeform { // to be unwrapped when it is complete
			s.input = append(s.input, text...)
			return dst
		}
		return s.callInput(dst, text)
	}
	return dst
}

func (s *chatStreamEncoder) text(dst []byte, field, text string) []byte {
	dst = append(append(append(s.delta(dst), '"'), field...), `":`...)
	return s.end(appendString(dst, text))
}

func (s *chatStreamEncoder) callInput(dst []byte, text string) []byte {
	switch {
	case s.legacy && s.calls > 1:
		return dst
	case s.legacy:
		dst = appendString(append(s.delta(dst), `"function_call":{"arguments":`...), text)
		return s.end(append(dst, '}'))
	case s.custom:
		dst = appendString(append(s.callDelta(dst), `,"custom":{"input":`...), text)
	default:
		dst = appendString(append(s.callDelta(dst), `,"function":{"arguments":`...), text)
	}
	return s.end(append(dst, `}}]`...))
}

func (s *chatStreamEncoder) partEnd(dst []byte) []byte {
	kind := s.open
	s.open = 0
	if kind != ToolCall {
		return dst
	}
	if s.custom {
		if len(s.input) > 0 {
			dst = s.callInput(dst, chatUnwrap(string(s.input)))
		}
		return dst
	}
	if !s.some {
		return s.callInput(dst, "{}") // clients parse what they get
	}
	return dst
}

func (s *chatStreamEncoder) finish(dst []byte, stop Stop) []byte {
	dst = append(append(append(s.delta(dst), "},\"finish_reason\":\""...), s.reason(stop, s.calls > 0)...), "\"}]}\n\n"...)
	if s.wantsUsage && s.usage != NoUsage() {
		dst = s.head(append(dst, "data: "...), "chat.completion.chunk", s.id, s.name)
		dst = appendChatUsage(append(dst, `,"choices":[],"usage":`...), s.usage)
		dst = append(dst, "}\n\n"...)
	}
	return append(dst, "data: [DONE]\n\n"...)
}
