package gateway

// messages reads the fields of an Anthropic Messages request.
// https://docs.claude.com/en/api/messages
func (f *inspector) messages(name []byte, at int) {
	switch key := string(name); key {
	case "max_tokens":
		if f.once(seenMaxTokens, key, at) {
			f.MaxTokens = f.whole()
		}
	case "thinking":
		f.thinkingMode(key, at)
	case "thread":
		f.thread(key, at)
	case "context_management":
		f.contextEdits()
	case "output_config":
		if f.once(seenOutputConfig, key, at) {
			f.members(func(key []byte, at int) {
				if string(key) == "effort" && f.once(seenEffort, "output_config.effort", at) {
					f.Effort = f.text()
					return
				}
				f.value()
			})
		}
	case "tools":
		if f.once(seenTools, key, at) {
			f.Tools = f.elements(func() { f.counted() })
		}
	case "system":
		if f.once(seenSystem, key, at) {
			f.start.prompt(f.content)
		}
	case "messages":
		if f.once(seenMessages, key, at) {
			f.Messages = f.elements(func() { f.turn() })
		}
	default:
		f.common(key, at)
	}
}

// thinkingMode reads the field that asks for thinking: Anthropic's own, which
// others have in Chat Completions too. https://docs.z.ai/api-reference/llm/chat-completion
func (f *inspector) thinkingMode(key string, at int) {
	if !f.once(seenThinking, key, at) {
		return
	}
	start := f.i
	defer func() { f.thinkingStart, f.thinkingEnd = start, f.i }()
	f.members(func(key []byte, at int) {
		if string(key) == "type" && f.once(seenThinkingType, "thinking.type", at) {
			f.ThinkingMode = f.text()
			f.Thinking = f.ThinkingMode == "enabled" || f.ThinkingMode == "adaptive"
			return
		}
		f.value()
	})
}

// turn reads one message of Messages or Chat Completions, or an item of
// Responses, and returns its type and role, "" where it has none.
func (f *inspector) turn() (kind, role string) {
	f.size.fixed += perMessage
	f.start.message(func() string {
		if f.peek() != '{' {
			f.value()
			return ""
		}
		f.calls, f.blocks = false, 0
		kind, role = f.block(true)
		return role
	})
	if role == "assistant" {
		f.toolTurn = 0
		if f.calls {
			f.toolTurn = f.blocks
		}
	}
	return kind, role
}
