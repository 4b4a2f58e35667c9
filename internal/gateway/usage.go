package gateway

import (
	"github.com/ringlet/ringlet/internal/gateway/wire"
	"github.com/tidwall/gjson"
)

// usage is what an upstream reported, in tokens; -1 is not reported.
type usage struct {
	input, output, cacheRead, cacheWrite int64
}

func noUsage() usage { return usage{-1, -1, -1, -1} }

// read takes the figures of a Messages usage object over. A stream reports
// twice, at its start and, as running totals, at its end.
func (u *usage) read(obj gjson.Result) {
	if !obj.IsObject() {
		return
	}
	obj.ForEach(func(key, value gjson.Result) bool {
		if value.Type != gjson.Number {
			return true
		}
		switch key.Str {
		case "input_tokens":
			u.input = value.Int()
		case "output_tokens":
			u.output = value.Int()
		case "cache_read_input_tokens":
			u.cacheRead = value.Int()
		case "cache_creation_input_tokens":
			u.cacheWrite = value.Int()
		}
		return true
	})
}

// readOpenAI takes the figures of a Chat or Responses usage object over: there
// what was read from a cache counts within the prompt.
func (u *usage) readOpenAI(obj gjson.Result) {
	if !obj.IsObject() {
		return
	}
	prompt := int64(-1)
	obj.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "prompt_tokens", "input_tokens":
			prompt = value.Int()
		case "completion_tokens", "output_tokens":
			u.output = value.Int()
		case "prompt_tokens_details", "input_tokens_details":
			if cached := value.Get("cached_tokens"); cached.Type == gjson.Number {
				u.cacheRead = cached.Int()
			}
		}
		return true
	})
	if prompt >= 0 {
		u.input = max(0, prompt-max(0, u.cacheRead))
	}
}

// take takes over what a codec read.
func (u *usage) take(w wire.Usage) {
	all := wire.Usage{Input: u.input, Output: u.output, CacheRead: u.cacheRead, CacheWrite: u.cacheWrite}
	all.Merge(w)
	u.input, u.output, u.cacheRead, u.cacheWrite = all.Input, all.Output, all.CacheRead, all.CacheWrite
}
