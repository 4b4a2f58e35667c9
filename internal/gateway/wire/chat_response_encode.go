package wire

// chatEncodeResponse writes a chat.completion:
// https://platform.openai.com/docs/api-reference/chat/object
// Thinking goes out as reasoning_content, which the clients made for
// OpenAI-compatible providers read and OpenAI's own ignores.
func chatEncodeResponse(resp *Response, r *Request) []byte {
	c := chatClientOf(r)
	size := 512
	for _, p := range resp.Parts {
		size += len(p.Text) + len(p.Text)/16
		if p.Call != nil {
			size += 128 + len(p.Call.Input)*5/4
		}
	}
	dst := c.head(make([]byte, 0, size), "chat.completion", chatAnswerID(resp.ID, c.created), c.known(resp.Model))
	dst = append(dst, `,"choices":[{"index":0,"message":{"role":"assistant","content":`...)
	dst = appendChatTexts(dst, resp.Parts, Text)
	dst = append(dst, `,"refusal":`...)
	dst = appendChatTexts(dst, resp.Parts, Refusal)
	for _, p := range resp.Parts {
		if p.Kind == Thinking && p.Text != "" {
			dst = appendChatTexts(append(dst, `,"reasoning_content":`...), resp.Parts, Thinking)
			break
		}
	}
	calls := 0
	for _, p := range resp.Parts {
		if p.Kind != ToolCall || p.Call == nil {
			continue
		}
		if c.legacy {
			dst = appendString(append(dst, `,"function_call":{"name":`...), p.Call.Name)
			dst = append(appendString(append(dst, `,"arguments":`...), chatArguments(p.Call.Input)), '}')
			calls++
			break // the only one that such a client can read
		}
		if calls == 0 {
			dst = append(dst, `,"tool_calls":[`...)
		} else {
			dst = append(dst, ',')
		}
		calls++
		dst = c.appendCall(dst, p.Call)
	}
	if calls > 0 && !c.legacy {
		dst = append(dst, ']')
	}
	dst = append(append(append(dst, `},"logprobs":null,"finish_reason":"`...), c.reason(resp.Stop, calls > 0)...), `"}]`...)
	if resp.Usage != NoUsage() {
		dst = appendChatUsage(append(dst, `,"usage":`...), resp.Usage)
	}
	return append(dst, '}')
}

// appendChatTexts appends all text of a kind as one string, or null where there is none.
func appendChatTexts(dst []byte, parts []Part, kind PartKind) []byte {
	some := false
	for _, p := range parts {
		if p.Kind != kind || p.Text == "" {
			continue
		}
		if !some {
			dst = append(dst, '"')
		}
		some = true
		dst = appendInner(dst, p.Text)
	}
	if !some {
		return append(dst, "null"...)
	}
	return append(dst, '"')
}

func (c *chatClient) appendCall(dst []byte, call *Call) []byte {
	dst = appendString(append(dst, `{"id":`...), call.ID)
	if c.isCustom(call) {
		input := call.Input
		if !call.Freeform {
			input = chatUnwrap(input)
		}
		dst = appendString(append(dst, `,"type":"custom","custom":{"name":`...), call.Name)
		return append(appendString(append(dst, `,"input":`...), input), "}}"...)
	}
	dst = appendString(append(dst, `,"type":"function","function":{"name":`...), call.Name)
	return append(appendString(append(dst, `,"arguments":`...), chatArguments(call.Input)), "}}"...)
}
