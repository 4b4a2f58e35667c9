package wire

import (
	"strings"

	"github.com/tidwall/gjson"
)

// chatOverflow notices that the prompt does not fit the model's context window, and
// how large both are. Hardly any provider has a code for it, so it is read out of
// their wordings, which chat_overflow_test.go lists.
func chatOverflow(e *Error, body gjson.Result) {
	if e.Kind != KindInvalid && e.Kind != KindTooLarge && e.Kind != KindAPI {
		return // "too many tokens per minute" is something else
	}
	text := strings.ToLower(e.Message)
	is := e.Code == "context_length_exceeded" || e.Code == "1261" /* Z.AI's */ || chatText(body.Get("type")) == "exceed_context_size_error" // llama.cpp's
	for _, words := range [...]string{
		"maximum context length", "context_length_exceeded", "exceeds the context window", "context window exceeds limit", "exceeded model token limit",
		"maximum prompt length is", "maximum allowed input length", "exceeds the maximum number of tokens", "exceeds the available context size",
		"greater than the context length", "longer than the model's context length", "context length of only", "longer than the maximum model length",
		"reduce the length of the messages", "prompt is too long", "input is too long", "range of input length should be", "prompt exceeds max length",
		"prompt token count", "input tokens exceed the configured limit", "context size has been exceeded",
	} {
		if strings.Contains(text, words) {
			is = true
			break
		}
	}
	if !is {
		return
	}
	e.Kind, e.Overflow = KindInvalid, true
	if n, limit := body.Get("n_prompt_tokens").Int(), body.Get("n_ctx").Int(); n > 0 && limit > 0 { // llama.cpp's
		e.Tokens, e.Limit = int(n), int(limit)
		return
	}
	for _, before := range [...]string{
		"maximum context length is ", "maximum context length of ", "maximum context length (", "with ", "maximum prompt length is ",
		"maximum allowed input length of ", "tokens allowed (", "exceeds the limit of ", "configured limit of ", "available context size (",
		"model token limit: ", "maximum model length of ", "context length of only ", "context length (", "tokens > ", "should be [1, ",
	} {
		if _, rest, ok := strings.Cut(text, before); ok {
			if n, _ := chatNumber(rest); n > 0 {
				e.Limit = n
				break
			}
		}
	}
	if e.Limit == 0 {
		return
	}
	// The largest number in the text is what was asked for, the output cap included where
	// the provider counts it; one that fits is no size of this prompt.
	for i := 0; i < len(text); {
		n, size := chatNumber(text[i:])
		if size > 0 && (i == 0 || !chatInName(text[i-1])) && n > e.Limit {
			e.Tokens = max(e.Tokens, n)
		}
		i += max(size, 1)
	}
}

// chatInName tells that a number is the tail of a name, as in "claude-4-20250514".
func chatInName(c byte) bool {
	return c >= 'a' && c <= 'z' || c == '-' || c == '.' || c == '_' || c == '/' || c == ':'
}

// chatNumber is the number that s begins with, and how many bytes it has: "128,000" too.
func chatNumber(s string) (n, size int) {
	for ; size < len(s) && n < 1<<31; size++ {
		switch c := s[size]; {
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case c == ',' && size > 0 && size+1 < len(s) && s[size+1] >= '0' && s[size+1] <= '9':
		default:
			return n, size
		}
	}
	return n, size
}
