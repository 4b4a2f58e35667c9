package wire

// Response is an answer in one piece.
type Response struct {
	ID    string
	Model string // as the upstream calls it
	Parts []Part // Text, Thinking, Redacted, Refusal, ToolCall, in order
	Stop  Stop
	Usage Usage
}

// StopReason is why the model stopped.
type StopReason string

// The reasons.
const (
	StopEnd      StopReason = "end"      // it was done
	StopLength   StopReason = "length"   // the output cap
	StopSequence StopReason = "sequence" // Stop.Sequence
	StopTools    StopReason = "tools"    // it waits for the results of its calls
	StopRefusal  StopReason = "refusal"  // its provider would not let it go on (refusal, content_filter)
	StopContext  StopReason = "context"  // the context window is full
	StopPause    StopReason = "pause"    // a long turn is paused and can be continued (Messages' pause_turn)
)

// Stop is how an answer ended.
type Stop struct {
	Reason   StopReason
	Sequence string // the stop sequence that was met; "" where the format does not tell
}

// Usage is in tokens; -1 is not reported. It is additive, as in Messages: the
// prompt's size is Input + CacheRead + CacheWrite. OpenAI's formats count cached
// tokens within the input: their codecs subtract and add.
type Usage struct {
	Input      int64 // of the prompt, without what was read from or written to a cache
	CacheRead  int64
	CacheWrite int64
	Output     int64 // thinking included
	Reasoning  int64 // the part of Output that was thinking
}

// NoUsage is a usage of which nothing was reported.
func NoUsage() Usage { return Usage{-1, -1, -1, -1, -1} }

// Merge takes over what u reports of a later report: streams report in pieces,
// as running totals.
func (u *Usage) Merge(later Usage) {
	for _, p := range [...]struct {
		to   *int64
		from int64
	}{{&u.Input, later.Input}, {&u.CacheRead, later.CacheRead}, {&u.CacheWrite, later.CacheWrite}, {&u.Output, later.Output}, {&u.Reasoning, later.Reasoning}} {
		if p.from >= 0 {
			*p.to = p.from
		}
	}
}

// Prompt is the whole prompt's size, or -1 where nothing of it was reported.
func (u Usage) Prompt() int64 {
	if u.Input < 0 && u.CacheRead < 0 && u.CacheWrite < 0 {
		return -1
	}
	return max(u.Input, 0) + max(u.CacheRead, 0) + max(u.CacheWrite, 0)
}
