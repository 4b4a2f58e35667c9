package agents

import "github.com/ringlet/ringlet/routes"

// Typical implements [Agent]: what Claude Code 2.1.330 sent, in print mode and
// interactively, to the models that its names stand for. A first turn with
// nothing in the folder is 48 KB, some 12,000 tokens; from there conversations
// grow to the model's context. Every model that it knows gets adaptive thinking;
// older ones get a budget. Not among them are the small requests for a
// conversation's title, which do none of the work: without tools and without
// thinking, they would let no condition hold for all.
func (Claude) Typical() []routes.Request {
	var out []routes.Request
	turn := func(model, mode, effort string, tokens, tools, maxTokens, messages int, subagent bool) {
		out = append(out, routes.Request{Model: model, Tokens: tokens, Tools: tools, Thinking: true, ThinkingMode: mode, Effort: effort,
			Stream: true, MaxTokens: maxTokens, Messages: messages, Subagent: subagent, Hour: 10, Weekday: "mon"})
	}
	for _, model := range []string{"claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"} {
		turn(model, "adaptive", "medium", 12_000, 12, 128_000, 2, false)
		turn(model, "adaptive", "high", 45_000, 12, 128_000, 40, false)
		turn(model, "adaptive", "medium", 150_000, 25, 128_000, 300, false) // with tools of MCP servers
		turn(model, "adaptive", "medium", 7_000, 8, 128_000, 2, true)
		turn(model, "adaptive", "medium", 60_000, 8, 128_000, 50, true)
	}
	turn("claude-sonnet-4-20250514", "enabled", "", 20_000, 12, 32_000, 1, false)
	turn("glm-4.7", "adaptive", "high", 12_000, 12, 32_000, 2, false) // a model that it does not know
	// The same at other hours and days, with an image, and as the one answer that
	// is not streamed: after a stream that fell silent.
	for i, day := range []string{"tue", "wed", "thu", "fri", "sat", "sun"} {
		r := out[0]
		r.Weekday, r.Hour = day, 4*i
		out = append(out, r)
	}
	image := out[0]
	image.Images = 1
	whole := out[1]
	whole.Stream, whole.MaxTokens = false, 64_000
	return append(out, image, whole)
}
