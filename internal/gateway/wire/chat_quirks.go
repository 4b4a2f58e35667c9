package wire

import "strings"

// chatThink is how a provider is told how much to think.
type chatThink int

const (
	chatThinkPlain  chatThink = iota // reasoning_effort: low, medium, high
	chatThinkOpenAI                  // reasoning_effort: none to xhigh, only for models that reason
	chatThinkObject                  // thinking: {type}, and reasoning_effort
	chatThinkSwitch                  // thinking: {type} only
	chatThinkRouter                  // reasoning: {effort | max_tokens | enabled}
	chatThinkNone                    // nothing that is documented
)

// chatQuirks is how a provider differs from the plainest form of Chat Completions,
// which is what one that is not in the table gets.
type chatQuirks struct {
	// maxCompletion: the cap is max_completion_tokens. OpenAI's reasoning models refuse
	// max_tokens; most others know nothing else.
	maxCompletion bool
	// openAI: custom tools, strict schemas, verbosity, user and files by id are known.
	openAI bool
	// byModel: names of models tell which of them reason.
	byModel bool
	// cacheKey: prompt_cache_key is known.
	cacheKey bool
	// systemAnywhere: a system message may stand after the first message. The templates of
	// many open models refuse that ("System message must be at the beginning"):
	// https://github.com/ggml-org/llama.cpp/issues/27367
	systemAnywhere bool
	// noUsageOption: stream_options is refused, and usage is reported anyway.
	noUsageOption bool
	// noSchema: response_format has json_object but no json_schema.
	noSchema bool
	// onlyAuto: a call cannot be forced, tool_choice is auto or nothing.
	onlyAuto bool
	// shortIDs: calls have identifiers of 9 letters and digits, and no user message
	// may follow a tool message.
	shortIDs bool
	// thoughts is the field in which thinking of earlier turns goes back; "" where it must not.
	thoughts string
	// needThoughts: the field must be there, if empty, in every assistant message with
	// tool calls; needThoughtsAlways: in every assistant message.
	needThoughts, needThoughtsAlways bool
	thinking                         chatThink
}

// chatQuirksOf is the table of what providers document, or were seen to refuse.
func chatQuirksOf(provider string) chatQuirks {
	switch provider {
	case "openai", "azure":
		// https://platform.openai.com/docs/api-reference/chat/create
		return chatQuirks{maxCompletion: true, openAI: true, byModel: provider == "openai", cacheKey: true, systemAnywhere: true, thinking: chatThinkOpenAI}
	case "deepseek":
		// A turn with tool calls must bring its reasoning_content back, and an empty one does where there
		// was none: https://api-docs.deepseek.com/guides/thinking_mode,
		// https://github.com/openclaw/openclaw/issues/73417. JSON: https://api-docs.deepseek.com/guides/json_mode
		return chatQuirks{noSchema: true, thoughts: "reasoning_content", needThoughts: true, needThoughtsAlways: true, thinking: chatThinkObject}
	case "moonshot", "kimi-coding":
		// "thinking is enabled but reasoning_content is missing in assistant tool call message":
		// https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model
		// tool_choice: https://platform.moonshot.ai/docs/guide/use-kimi-api-to-complete-tool-calls
		return chatQuirks{cacheKey: true, onlyAuto: true, thoughts: "reasoning_content", needThoughts: true, thinking: chatThinkSwitch}
	case "zai", "zhipu", "zhipu-coding":
		// https://docs.z.ai/guides/capabilities/thinking-mode (reasoning_content comes back within a turn),
		// https://docs.z.ai/guides/capabilities/struct-output (json_object only),
		// https://docs.z.ai/api-reference/llm/chat-completion (tool_choice: auto)
		return chatQuirks{noSchema: true, onlyAuto: true, thoughts: "reasoning_content", thinking: chatThinkObject}
	case "opencode-zen", "opencode-go":
		// They pass Chat on to DeepSeek and Moonshot among others: https://github.com/warpdotdev/warp/issues/11587
		return chatQuirks{thoughts: "reasoning_content", needThoughts: true}
	case "openrouter":
		// https://openrouter.ai/docs/use-cases/reasoning-tokens
		return chatQuirks{thoughts: "reasoning", thinking: chatThinkRouter}
	case "mistral":
		// Unknown fields are 422, max_completion_tokens and stream_options among them
		// (https://github.com/dnakov/anon-kode/issues/53, https://github.com/editor-code-assistant/eca/issues/231);
		// identifiers: https://github.com/anomalyco/opencode/issues/1680
		return chatQuirks{noUsageOption: true, shortIDs: true, thinking: chatThinkNone}
	case "minimax", "minimax-china":
		// https://platform.minimax.io/docs/api-reference/text-openai-api has no switch for thinking.
		return chatQuirks{thinking: chatThinkNone}
	case "groq", "cerebras":
		// https://console.groq.com/docs/api-reference#chat, https://inference-docs.cerebras.ai/api-reference/chat-completions
		return chatQuirks{maxCompletion: true}
	case "xai":
		// "You can mix system, user and assistant roles in any sequence": https://docs.x.ai/docs/guides/chat
		return chatQuirks{systemAnywhere: true}
	}
	return chatQuirks{}
}

// chatReasons tells whether one of OpenAI's models reasons before it answers: the
// o-series and gpt-5 and later. These refuse temperature, top_p and stop:
// https://platform.openai.com/docs/guides/latest-model
func chatReasons(model string) bool {
	if i := strings.LastIndexByte(model, '/'); i >= 0 {
		model = model[i+1:]
	}
	if rest, ok := strings.CutPrefix(model, "gpt-"); ok {
		return rest != "" && (rest[0] >= '5' && rest[0] <= '9' || len(rest) > 1 && rest[0] == '1' && rest[1] >= '0' && rest[1] <= '9') &&
			!strings.Contains(rest, "-chat")
	}
	return len(model) > 1 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9' || strings.HasPrefix(model, "codex-")
}
