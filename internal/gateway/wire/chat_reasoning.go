package wire

import (
	"strings"

	"github.com/tidwall/gjson"
)

// readReasoning reads how much the model is to think. OpenAI has reasoning_effort
// (https://platform.openai.com/docs/guides/reasoning); OpenRouter has an object
// "reasoning" (https://openrouter.ai/docs/use-cases/reasoning-tokens); DeepSeek,
// Z.AI and Moonshot have an object "thinking"
// (https://api-docs.deepseek.com/guides/thinking_mode); Alibaba has enable_thinking.
// Clients send what the provider wants that they believe to talk to.
func (d *chatReader) readReasoning(name string, v gjson.Result) {
	x := &d.r.Reasoning
	switch name {
	case "reasoning_effort":
		x.effort(v.String())
	case "include_reasoning":
		x.Show = v.Bool()
	case "enable_thinking":
		x.switched(v.Bool())
	case "thinking_budget":
		x.Budget = int(v.Int())
	case "thinking":
		switch kind := v.Get("type").String(); kind {
		case "enabled", "adaptive", "disabled":
			x.Mode = kind
		case "auto":
			x.Mode = "adaptive"
		}
		if n := v.Get("budget_tokens").Int(); n > 0 {
			x.Budget = int(n)
		}
		x.Show = x.Mode != "disabled"
	case "reasoning":
		if e := v.Get("effort"); e.Type == gjson.String {
			x.effort(e.Str)
		}
		if n := v.Get("max_tokens").Int(); n > 0 {
			x.Mode, x.Budget = "enabled", int(n)
		}
		if on := v.Get("enabled"); on.IsBool() {
			x.switched(on.Bool())
		}
		x.Show = x.Mode != "disabled" && !v.Get("exclude").Bool()
	}
}

func (x *Reasoning) effort(s string) {
	x.Effort = strings.ToLower(s)
	if x.Effort == "none" {
		x.Mode = "disabled"
	}
}

func (x *Reasoning) switched(on bool) {
	switch {
	case !on:
		x.Mode = "disabled"
	case x.Mode == "":
		x.Mode = "adaptive" // on, and how much is the model's business
	}
}

// chatEffort is the reasoning_effort that stands for what the client said, or ""
// where the model's own default does:
//
//	effort        itself; "max" is "xhigh", the most that Chat knows
//	budget        up to 4,095 tokens low, up to 16,383 medium, above high
//	adaptive      the model's default
//	disabled      "none"
func chatEffort(x Reasoning) string {
	switch {
	case x.Mode == "disabled" || x.Effort == "none":
		return "none"
	case x.Effort == "max":
		return "xhigh"
	case x.Effort != "":
		return x.Effort
	case x.Mode != "enabled" || x.Budget <= 0:
		return ""
	case x.Budget < 4096:
		return "low"
	case x.Budget < 16384:
		return "medium"
	}
	return "high"
}

// appendReasoning appends the fields that ask for thinking, as the provider
// takes them, each with a comma before it.
func (w *chatWriter) appendReasoning() {
	x := w.r.Reasoning
	effort := chatEffort(x)
	if effort == "" {
		return
	}
	switch w.q.thinking {
	case chatThinkObject:
		if effort == "none" {
			w.raw(`,"thinking":{"type":"disabled"}`)
			return
		}
		// DeepSeek takes high and max, and maps the others to them; Z.AI's older models ignore it.
		if effort == "xhigh" {
			effort = "max"
		}
		w.field("reasoning_effort", effort)
	case chatThinkSwitch:
		if effort == "none" {
			w.raw(`,"thinking":{"type":"disabled"}`)
			return
		}
		w.drops.Add("reasoning_effort")
	case chatThinkRouter:
		switch {
		case effort == "none":
			w.raw(`,"reasoning":{"enabled":false}`)
		case x.Effort == "" && x.Budget > 0:
			w.raw(`,"reasoning":{"max_tokens":`)
			w.int(x.Budget)
			w.raw("}")
		default:
			w.raw(`,"reasoning":{"effort":`)
			w.str(effort)
			w.raw("}")
		}
	case chatThinkOpenAI:
		if w.q.byModel && !chatReasons(w.t.Model) {
			w.drops.Add("reasoning_effort") // gpt-4.1 and its like refuse the field
			return
		}
		if effort == "none" && x.Effort != "none" {
			// The client switched thinking off in a format where that is usual. Here only some models take "none".
			w.drops.Add("thinking")
			return
		}
		w.field("reasoning_effort", effort)
	case chatThinkNone:
		w.drops.Add("reasoning_effort")
	default:
		switch effort {
		case "none":
			if x.Effort != "none" {
				w.drops.Add("thinking")
				return
			}
		case "minimal":
			effort = "low"
		case "xhigh":
			effort = "high"
		}
		w.field("reasoning_effort", effort)
	}
}
