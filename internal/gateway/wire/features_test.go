package wire

import "encoding/json"

// translationFeature is something that a request can have: base is the request without it,
// where that is more than a greeting.
type translationFeature struct {
	name       string
	base, with func(*Request)
}

// translationFeatures are the rows of the tables in docs/translation.md.
func translationFeatures() []translationFeature {
	say := func(role Role, parts ...Part) func(*Request) {
		return func(r *Request) { r.Turns = append(r.Turns, Turn{Role: role, Parts: parts}) }
	}
	text := func(s string) Part { return Part{Kind: Text, Text: s} }
	media := func(kind PartKind, m Media) func(*Request) { return say(User, Part{Kind: kind, Media: &m}) }
	object := json.RawMessage(`{"type":"object","properties":{"title":{"type":"string"}},"required":["title"],"additionalProperties":false}`)
	tool := func(r *Request) { r.Tools = append(r.Tools, Tool{Name: "read", Schema: object}) }
	search := func(r *Request) {
		r.Tools = append(r.Tools, Tool{Name: "look_up", Server: "look_up", Raw: json.RawMessage(`{"type":"look_up"}`)})
	}
	call := Part{Kind: ToolCall, Call: &Call{ID: "call_1", Name: "read", Input: `{"title":"a"}`}}
	result := func(isError bool, parts ...Part) Part {
		return Part{Kind: ToolResult, Result: &Result{ID: "call_1", IsError: isError, Parts: parts}}
	}
	called := func(r *Request) {
		tool(r)
		say(Assistant, call)(r)
		say(User, result(false, text("b")))(r)
	}
	yes, no, f03, f15, f09, five := true, false, 0.3, 1.5, 0.9, 5
	return []translationFeature{
		{"a system prompt", nil, func(r *Request) {
			r.Turns = append([]Turn{{Role: System, Parts: []Part{text("Be brief.")}}}, r.Turns...)
		}},
		{"instructions between turns", nil, say(System, text("Plan mode is on."))},
		{"an answer begun by the client", nil, say(Assistant, text("The answer is"))},
		{"an image", nil, media(Image, Media{MIME: "image/png", Data: "iVBORw0KGgo="})},
		{"an image by URL", nil, media(Image, Media{URL: "https://example.com/a.png"})},
		{"an image of another type (BMP)", nil, media(Image, Media{MIME: "image/bmp", Data: "Qk0="})},
		{"a PDF", nil, media(Document, Media{MIME: "application/pdf", Data: "JVBERi0xLjQ=", Filename: "a.pdf"})},
		{"a PDF by URL", nil, media(Document, Media{MIME: "application/pdf", URL: "https://example.com/a.pdf"})},
		{"a text document", nil, media(Document, Media{MIME: "text/plain", Text: "line"})},
		{"a tool", nil, tool},
		{"a strict tool", tool, func(r *Request) { r.Tools[0].Strict = &yes }},
		{"a tool of text", nil, func(r *Request) { r.Tools = append(r.Tools, Tool{Name: "patch", Freeform: true}) }},
		{"its grammar", func(r *Request) { r.Tools = append(r.Tools, Tool{Name: "patch", Freeform: true}) }, func(r *Request) {
			r.Tools[0].Grammar = json.RawMessage(`{"type":"grammar","syntax":"lark","definition":"start: \"x\""}`)
		}},
		{"another provider's server tool, beside others", tool, search},
		{"another provider's server tool, alone", nil, search},
		{"another provider's server tool, forced", tool, func(r *Request) {
			search(r)
			r.ToolChoice = ToolChoice{Mode: ToolOne, Name: "look_up"}
		}},
		{"tool choice: one tool", tool, func(r *Request) { r.ToolChoice = ToolChoice{Mode: ToolOne, Name: "read"} }},
		{"tool choice: any", tool, func(r *Request) { r.ToolChoice.Mode = ToolAny }},
		{"tool choice: none", tool, func(r *Request) { r.ToolChoice.Mode = ToolNone }},
		{"one call at a time", tool, func(r *Request) { r.ParallelTools = &no }},
		{"a call and its result", nil, called},
		{"a result that is an error", called, func(r *Request) { r.Turns[2].Parts[0].Result.IsError = true }},
		{"an image in a result", called, func(r *Request) {
			res := r.Turns[2].Parts[0].Result
			res.Parts = append(res.Parts, Part{Kind: Image, Media: &Media{MIME: "image/png", Data: "iVBORw0KGgo="}})
		}},
		{"a result without its call", nil, say(User, result(false, text("b")))},
		{"thinking signed in Messages", called, func(r *Request) {
			r.Turns[1].Parts = append([]Part{{Kind: Thinking, Text: "Hm.", Signature: "c2ln", SignedBy: Messages}}, r.Turns[1].Parts...)
		}},
		{"thinking signed in Responses", called, func(r *Request) {
			r.Turns[1].Parts = append([]Part{{Kind: Thinking, ID: "rs_1", Text: "Hm.", Signature: "c2ln", SignedBy: Responses}}, r.Turns[1].Parts...)
		}},
		{"thinking without a signature", called, func(r *Request) {
			r.Turns[1].Parts = append([]Part{{Kind: Thinking, Text: "Hm."}}, r.Turns[1].Parts...)
		}},
		{"thinking: adaptive", nil, func(r *Request) { r.Reasoning = Reasoning{Mode: "adaptive", Show: true, Encrypted: true} }},
		{"thinking: a budget", nil, func(r *Request) { r.Reasoning = Reasoning{Mode: "enabled", Budget: 4000, Show: true, Encrypted: true} }},
		{"thinking: an effort", nil, func(r *Request) { r.Reasoning.Effort = "high" }},
		{"thinking: off", nil, func(r *Request) { r.Reasoning.Mode = "disabled" }},
		{"a cap on the answer above the model's", func(r *Request) { r.MaxOutput = 64000 }, func(r *Request) { r.MaxOutput = 1000000 }},
		{"temperature", nil, func(r *Request) { r.Temperature = &f03 }},
		{"temperature above 1", nil, func(r *Request) { r.Temperature = &f15 }},
		{"top_p", nil, func(r *Request) { r.TopP = &f09 }},
		{"top_k", nil, func(r *Request) { r.TopK = &five }},
		{"stop sequences", nil, func(r *Request) { r.Stop = []string{"END"} }},
		{"an answer in JSON", nil, func(r *Request) { r.Output.Kind = "json" }},
		{"an answer by schema", nil, func(r *Request) { r.Output = Output{Kind: "schema", Name: "title", Schema: object} }},
		{"verbosity", nil, func(r *Request) { r.Output.Verbosity = "low" }},
		{"the end user's identifier", nil, func(r *Request) { r.User = "u1" }},
		{"a prompt cache key", nil, func(r *Request) { r.CacheKey = "k" }},
		{"cache_control", nil, func(r *Request) { r.Turns[0].Parts[0].Cache = json.RawMessage(`{"type":"ephemeral"}`) }},
		{"service tier: standard_only", nil, func(r *Request) { r.ServiceTier = "standard_only" }},
		{"service tier: flex", nil, func(r *Request) { r.ServiceTier = "flex" }},
	}
}
