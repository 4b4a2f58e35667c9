package routes

// Request is what a condition can ask about one request: the facts, each read
// off the request itself, but for the clock, which the caller reads. The expr
// tags are the names that conditions use.
type Request struct {
	Model        string `expr:"model"`         // the model name that the client asked for
	Tokens       int    `expr:"tokens"`        // estimated size of the whole prompt, in tokens: system, tools and messages, cached parts included
	Tools        int    `expr:"tools"`         // number of tool definitions
	Thinking     bool   `expr:"thinking"`      // extended thinking is asked for, be it enabled or adaptive
	ThinkingMode string `expr:"thinking_mode"` // "enabled", "adaptive", "disabled" or ""
	Effort       string `expr:"effort"`        // "low", "medium", "high", … or ""
	Stream       bool   `expr:"stream"`        // the client wants a stream
	Images       int    `expr:"images"`        // number of images and documents
	MaxTokens    int    `expr:"max_tokens"`    // the output cap, in tokens; not the prompt's size
	Messages     int    `expr:"messages"`      // number of messages
	Subagent     bool   `expr:"subagent"`      // the request comes from a subagent
	Hour         int    `expr:"hour"`          // local hour of the day, 0 to 23
	Weekday      string `expr:"weekday"`       // "mon", "tue", "wed", "thu", "fri", "sat", "sun"
	Always       bool   `expr:"always"`        // set by Match; true
}

// facts lists the names that conditions may use, in the order of the help text.
func facts() []string {
	return []string{"always", "thinking", "tokens", "tools", "stream", "images", "model", "max_tokens",
		"messages", "subagent", "thinking_mode", "effort", "hour", "weekday"}
}
