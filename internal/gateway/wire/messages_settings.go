package wire

import (
	"slices"
	"strconv"
	"strings"
)

// messagesMaxTokens is max_tokens, which the API requires, where neither the client
// nor the model's data say how much: every Claude since 3.5 can do as much.
const messagesMaxTokens = 8192

// messagesMinBudget is the least budget_tokens that the API takes.
const messagesMinBudget = 1024

// settings decides and writes the members that depend on each other: max_tokens,
// thinking, effort, sampling and the choice of tools.
func (w *messagesWriter) settings() {
	r, m := w.r, w.model
	limit := r.MaxOutput
	switch {
	case limit <= 0 && w.t.MaxOutput > 0:
		limit = w.t.MaxOutput
	case limit <= 0:
		limit = messagesMaxTokens
	case w.t.MaxOutput > 0:
		limit = min(limit, w.t.MaxOutput)
	}
	mode, effort := w.mode()
	budget := 0
	if mode == "enabled" {
		if budget = w.budget(effort, limit); budget == 0 {
			mode = ""
		}
	}
	w.dst = strconv.AppendInt(append(w.dst, `,"max_tokens":`...), int64(limit), 10)
	w.thinks = mode == "enabled" || mode == "adaptive"
	switch {
	case mode == "enabled":
		w.dst = append(strconv.AppendInt(append(w.dst, `,"thinking":{"type":"enabled","budget_tokens":`...), int64(budget), 10), '}')
	case mode == "adaptive":
		// What is shown unless asked for differs between models, so it is always said.
		display := "omitted"
		if r.Reasoning.Show {
			display = "summarized"
		}
		w.dst = append(appendString(append(w.dst, `,"thinking":{"type":"adaptive","display":`...), display), '}')
	case mode != "":
		w.dst = append(append(append(w.dst, `,"thinking":{"type":"`...), mode...), `"}`...)
	}
	if !m.effort && effort != "" && mode != "enabled" {
		w.drops.Add("reasoning effort")
	}
	if !m.effort || effort == "none" {
		effort = ""
	}
	w.outputConfig(effort)
	w.sampling()
}

// mode is the type of thinking and the effort, in the model's words.
func (w *messagesWriter) mode() (mode, effort string) {
	q, m := w.r.Reasoning, w.model
	switch effort = q.Effort; {
	case effort == "minimal":
		effort = "low"
	case effort == "max" && !m.max, effort == "xhigh" && !m.xhigh:
		effort = "high"
	case !slices.Contains([]string{"", "none", "low", "medium", "high", "xhigh", "max"}, effort):
		w.drops.Add("reasoning effort")
		effort = ""
	}
	switch mode = q.Mode; {
	case mode == "disabled", mode == "" && effort == "none":
		if m.always || !m.thinks || m.claude && !m.adaptive {
			return "", effort // what does not think unless told needs not be told
		}
		return "disabled", effort
	case mode == "" && effort == "":
		return "", ""
	case !m.thinks:
		w.drops.Add("thinking")
		return "", effort
	case w.forced:
		// "Thinking may not be enabled when tool_choice forces tool use."
		w.drops.Add("thinking, as the tool choice forces a call")
		return "", effort
	case m.adaptive:
		return "adaptive", effort
	case w.loop:
		w.drops.Add("thinking, as the last turn with calls has none")
		return "", effort
	}
	return "enabled", effort
}

// budget is budget_tokens: at least 1024 and below max_tokens, which counts thinking too.
func (w *messagesWriter) budget(effort string, limit int) int {
	budget := w.r.Reasoning.Budget
	if budget <= 0 {
		switch effort {
		case "low":
			budget = 2048
		case "high":
			budget = 16384
		case "xhigh", "max":
			budget = 32000
		default:
			budget = 8192
		}
		budget = max(min(budget, limit/2), messagesMinBudget)
	}
	budget = min(max(budget, messagesMinBudget), limit-1)
	if budget < messagesMinBudget {
		w.drops.Add("thinking, as max_tokens leaves no room for it")
		return 0
	}
	return budget
}

// sampling writes temperature, top_p and top_k where the model takes them. With
// thinking none but a high top_p is allowed:
// https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility
func (w *messagesWriter) sampling() {
	r, m := w.r, w.model
	if t := r.Temperature; t != nil {
		switch {
		case !m.sampling, w.thinks && *t != 1:
			w.drops.Add("temperature")
		default:
			if *t > 1 || *t < 0 {
				w.drops.Add("temperature outside of 0 to 1")
			}
			w.dst = appendNumber(append(w.dst, `,"temperature":`...), min(max(*t, 0), 1))
		}
	}
	if p := r.TopP; p != nil {
		switch {
		case !m.sampling, w.thinks && *p < 0.95, r.Temperature != nil && !m.both:
			w.drops.Add("top_p")
		default:
			w.dst = appendNumber(append(w.dst, `,"top_p":`...), min(max(*p, 0), 1))
		}
	}
	if k := r.TopK; k != nil {
		if !m.sampling || w.thinks {
			w.drops.Add("top_k")
		} else {
			w.dst = strconv.AppendInt(append(w.dst, `,"top_k":`...), int64(max(*k, 0)), 10)
		}
	}
}

func appendNumber(dst []byte, f float64) []byte { return strconv.AppendFloat(dst, f, 'g', -1, 64) }

// outputConfig writes effort and the form of the answer.
func (w *messagesWriter) outputConfig(effort string) {
	schema := w.schema != nil
	if w.r.Output.Verbosity != "" {
		w.drops.Add("verbosity")
	}
	switch {
	case w.r.Output.Kind == "json":
		w.drops.Add("a JSON answer, asked for in words instead")
	case w.r.Output.Kind == "schema" && !schema:
		w.drops.Add("an answer by schema, asked for in words instead")
	}
	if effort == "" && !schema {
		return
	}
	w.dst = append(w.dst, `,"output_config":{`...)
	if effort != "" {
		w.dst = appendString(append(w.dst, `"effort":`...), effort)
	}
	if schema {
		if effort != "" {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(w.dst, `"format":{"type":"json_schema","schema":`...)
		w.dst = append(append(w.dst, w.schema...), '}')
	}
	w.dst = append(w.dst, '}')
}

// wish is what the system prompt says of the answer's form where the model has
// no field for it.
func (w *messagesWriter) wish() string {
	switch o := &w.r.Output; {
	case o.Kind == "json":
		return "Answer with a single JSON object and nothing else."
	case o.Kind == "schema" && w.schema == nil:
		return "Answer with a single JSON value that is valid against this JSON Schema, and nothing else:\n" + string(o.Schema)
	}
	return ""
}

// rest writes what depends on nothing.
func (w *messagesWriter) rest() {
	r := w.r
	var stops []string
	for _, s := range r.Stop {
		if strings.TrimSpace(s) == "" {
			// "stop_sequences: each stop sequence must contain non-whitespace"
			w.drops.Add("stop sequences of white space")
			continue
		}
		stops = append(stops, s)
	}
	for i, s := range stops {
		w.dst = append(w.dst, []string{`,"stop_sequences":[`, `,`}[min(i, 1)]...)
		w.dst = appendString(w.dst, s)
	}
	if len(stops) > 0 {
		w.dst = append(w.dst, ']')
	}
	switch {
	case len(r.User) > 256:
		w.drops.Add("user")
	case r.User != "":
		w.dst = append(appendString(append(w.dst, `,"metadata":{"user_id":`...), r.User), '}')
	}
	switch r.ServiceTier {
	case "", "auto": // the default of all
	case "standard_only":
		w.dst = append(w.dst, `,"service_tier":"standard_only"`...)
	default:
		w.drops.Add("service_tier")
	}
	if r.CacheKey != "" {
		w.drops.Add("prompt_cache_key")
	}
}
