package wire

import (
	"strconv"

	"github.com/tidwall/gjson"
)

// chatReadUsage reads usage. Cached tokens are counted within the prompt
// (https://platform.openai.com/docs/guides/prompt-caching); DeepSeek and
// Moonshot name them otherwise, and OpenRouter reports what was written to a
// cache too: https://api-docs.deepseek.com/guides/kv_cache,
// https://openrouter.ai/docs/use-cases/usage-accounting
func chatReadUsage(v gjson.Result) Usage {
	u := NoUsage()
	if !v.IsObject() {
		return u
	}
	prompt, total, hit, cached := int64(-1), int64(-1), int64(-1), int64(-1)
	v.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "prompt_tokens":
			prompt = chatCount(v)
		case "completion_tokens":
			u.Output = chatCount(v)
		case "total_tokens":
			total = chatCount(v)
		case "prompt_cache_hit_tokens", "cached_tokens":
			hit = chatCount(v)
		case "prompt_tokens_details":
			cached = chatCount(v.Get("cached_tokens"))
			if n := chatCount(v.Get("cache_write_tokens")); n > 0 {
				u.CacheWrite = n
			}
		case "completion_tokens_details":
			u.Reasoning = chatCount(v.Get("reasoning_tokens"))
		}
		return true
	})
	if u.CacheRead = cached; cached < 0 {
		u.CacheRead = hit
	}
	if prompt >= 0 {
		u.CacheRead = min(u.CacheRead, prompt)
		u.CacheWrite = min(u.CacheWrite, prompt-max(u.CacheRead, 0))
		u.Input = prompt - max(u.CacheRead, 0) - max(u.CacheWrite, 0)
	}
	// xAI counts thinking beside the completion, where OpenAI counts it within; the total tells.
	if u.Reasoning > 0 && u.Output >= 0 && total == max(prompt, 0)+u.Output+u.Reasoning {
		u.Output += u.Reasoning
	}
	return u
}

// chatCount is a number of tokens; -1 where none is given.
func chatCount(v gjson.Result) int64 {
	if v.Type != gjson.Number || !(v.Num >= 0 && v.Num < 1<<53) {
		return -1
	}
	return int64(v.Num)
}

// appendChatUsage appends the usage object. What was not reported is 0: the
// official clients take these as numbers.
func appendChatUsage(dst []byte, u Usage) []byte {
	prompt, out := max(u.Prompt(), 0), max(u.Output, 0)
	dst = append(dst, `{"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, prompt, 10)
	dst = append(dst, `,"completion_tokens":`...)
	dst = strconv.AppendInt(dst, out, 10)
	dst = append(dst, `,"total_tokens":`...)
	dst = strconv.AppendInt(dst, prompt+out, 10)
	dst = append(dst, `,"prompt_tokens_details":{"cached_tokens":`...)
	dst = strconv.AppendInt(dst, max(u.CacheRead, 0), 10)
	dst = append(dst, `},"completion_tokens_details":{"reasoning_tokens":`...)
	dst = strconv.AppendInt(dst, max(u.Reasoning, 0), 10)
	return append(dst, "}}"...)
}
