package agents

import "github.com/ringlet/ringlet/routes"

// What the agents other than Claude Code sent, measured in November 2026 with
// the versions that their files name: the first turn's size and tools, and from
// there conversations that grow to the model's context.

// usual makes an agent's requests out of one: longer conversations, other
// models, hours and days, an image, a small request for a title.
func usual(first routes.Request, models ...string) []routes.Request {
	first.Hour, first.Weekday, first.Messages = 10, "mon", max(first.Messages, 2)
	var out []routes.Request
	for _, model := range models {
		for _, grown := range []struct{ tokens, messages int }{{first.Tokens, first.Messages}, {45_000, 40}, {150_000, 300}} {
			r := first
			r.Model, r.Tokens, r.Messages = model, grown.tokens, grown.messages
			out = append(out, r)
		}
	}
	for i, day := range []string{"tue", "wed", "thu", "fri", "sat", "sun"} {
		r := out[0]
		r.Weekday, r.Hour = day, 4*i
		out = append(out, r)
	}
	image := out[0]
	image.Images = 1
	sub := out[0]
	sub.Subagent = true
	return append(out, image, sub)
}

// Typical implements [Agent]: 39 KB at first, reasoning asked for by every model that it knows.
func (Codex) Typical() []routes.Request {
	first := routes.Request{Tokens: 9_700, Tools: 12, Stream: true, Thinking: true, ThinkingMode: "adaptive", Effort: "medium", Messages: 3}
	out := usual(first, "gpt-5.5", "gpt-6.1-sol", "gpt-5.5-codex")
	unknown := out[0] // a model that it does not know gets no reasoning
	unknown.Model, unknown.Thinking, unknown.ThinkingMode, unknown.Effort = "glm-4.7", false, "", ""
	return append(out, unknown)
}

// Typical implements [Agent]: 31 KB and 10 tools at first.
func (OpenCode) Typical() []routes.Request {
	out := usual(routes.Request{Tokens: 7_800, Tools: 10, Stream: true, MaxTokens: 32_000}, "claude-sonnet-4-5", "gpt-5.5", "glm-4.7")
	title := routes.Request{Model: "claude-haiku-4-5", Tokens: 600, Messages: 2, Stream: true, MaxTokens: 32_000, Hour: 10, Weekday: "mon"}
	return append(out, title)
}

// Typical implements [Agent]: 34 KB and 6 tools at first.
func (Droid) Typical() []routes.Request {
	return usual(routes.Request{Tokens: 8_500, Tools: 6, Stream: true, MaxTokens: 8_192}, "claude-opus-4-5", "gpt-5.5", "glm-4.7")
}

// Typical implements [Agent]: Grok Build sends 56 KB at first, in a stream; the community's
// grok-cli 8 KB, and asks for whole answers where it is not interactive.
func (Grok) Typical() []routes.Request {
	out := usual(routes.Request{Tokens: 14_000, Tools: 25, Stream: true}, "grok-4.6", "grok-code-fast-1", "glm-4.7")
	small := routes.Request{Model: "grok-code-fast-1", Tokens: 2_000, Tools: 9, Messages: 2, Hour: 10, Weekday: "mon"}
	return append(out, small)
}
