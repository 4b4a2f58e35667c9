package gateway

// chat reads the fields of a Chat Completions request.
// https://platform.openai.com/docs/api-reference/chat/create
func (f *inspector) chat(name []byte, at int) {
	switch key := string(name); key {
	case "max_tokens":
		// The older name; the newer one counts where both are given.
		if f.once(seenMaxTokens, key, at) {
			if n := f.whole(); f.seen&seenMaxCompletion == 0 {
				f.MaxTokens = n
			}
		}
	case "max_completion_tokens":
		if f.once(seenMaxCompletion, key, at) {
			f.MaxTokens = f.whole()
		}
	case "reasoning_effort":
		if f.once(seenReasoningEffort, key, at) {
			f.effort(f.text())
		}
	case "reasoning": // OpenRouter's: https://openrouter.ai/docs/use-cases/reasoning-tokens
		f.reasoning(key, at)
	case "thinking":
		f.thinkingMode(key, at)
	case "tools":
		if f.once(seenTools, key, at) {
			f.Tools += f.elements(func() { f.counted() })
		}
	case "functions": // what tools were before
		if f.once(seenFunctions, key, at) {
			f.Tools += f.elements(func() { f.counted() })
		}
	case "messages":
		if f.once(seenMessages, key, at) {
			f.Messages = f.elements(func() { f.turn() })
		}
	default:
		f.common(key, at)
	}
}

// effort takes a reasoning effort as OpenAI's formats have it: any but "none" is
// thinking, and there is no adaptive mode.
func (f *inspector) effort(effort string) {
	if effort == "" {
		return
	}
	f.Effort = effort
	if f.seen&seenThinkingType != 0 {
		return // said in so many words
	}
	f.ThinkingMode, f.Thinking = "enabled", true
	if effort == "none" {
		f.ThinkingMode, f.Thinking = "disabled", false
	}
}

// reasoning reads the object that Responses and OpenRouter have.
func (f *inspector) reasoning(key string, at int) {
	if !f.once(seenReasoning, key, at) {
		return
	}
	f.members(func(key []byte, at int) {
		if string(key) == "effort" && f.once(seenEffort, "reasoning.effort", at) {
			f.effort(f.text())
			return
		}
		f.value()
	})
}
