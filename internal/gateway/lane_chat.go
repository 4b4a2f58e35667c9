package gateway

import (
	"net/http"

	"github.com/ringlet/ringlet/internal/gateway/wire"
	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// chatLane is OpenAI Chat Completions:
// https://platform.openai.com/docs/api-reference/chat/streaming
type chatLane struct{}

func (chatLane) format() string { return routes.Chat }

// mark: a stream ends with "[DONE]", but some servers leave that out, so it is
// complete from its finish_reason on. Its usage, where it was asked for, comes in
// a chunk of its own between the two.
func (chatLane) mark(e sseEvent, _ bool, u *usage) mark {
	switch {
	case len(e.data) == 0:
		return nothing
	case string(e.data) == "[DONE]":
		return last
	}
	u.readOpenAI(gjson.GetBytes(e.data, "usage"))
	if gjson.GetBytes(e.data, "error").IsObject() {
		return broken
	}
	choice := gjson.GetBytes(e.data, "choices.0")
	switch {
	case choice.Get("finish_reason").Type == gjson.String:
		return enough
	case says(choice.Get("delta")):
		return content
	}
	return nothing
}

// says reports whether a delta has content: anything but a role and what is empty.
func says(delta gjson.Result) (yes bool) {
	delta.ForEach(func(key, value gjson.Result) bool {
		if key.Str != "role" && value.Type != gjson.Null && value.Raw != `""` && value.Raw != "[]" && value.Raw != "{}" {
			yes = true
		}
		return !yes
	})
	return yes
}

func (chatLane) failure(data []byte) (int, []byte) {
	status := openAIStatus(gjson.GetBytes(data, "error"))
	if !gjson.ValidBytes(data) {
		return status, nil
	}
	return status, append([]byte(nil), data...)
}

func (chatLane) whole(body []byte, u *usage) (int, []byte) {
	if e := gjson.GetBytes(body, "error"); e.IsObject() && !gjson.GetBytes(body, "choices").Exists() {
		return openAIStatus(e), body
	}
	u.readOpenAI(gjson.GetBytes(body, "usage"))
	return 0, nil
}

func (chatLane) errorBody(e *apiError) []byte { return openAIError(wire.Chat, e) }

func (chatLane) errorEvent(body []byte) []byte { return formatEvent("", body) }

func (chatLane) ping(http.Header, bool) string { return pingComment }

// openAIError is an error of our own as OpenAI's formats have it:
// https://platform.openai.com/docs/guides/error-codes
func openAIError(format wire.Format, e *apiError) []byte {
	codec, err := wire.For(format)
	if err != nil { // there is one
		return nil
	}
	_, body := codec.EncodeError(&wire.Error{Status: e.status, Kind: wire.ErrorKind(e.kind), Message: e.message})
	return body
}

// openAIStatus is the HTTP status that goes with an error of OpenAI's formats
// that came without one. Some servers put the status into code.
func openAIStatus(e gjson.Result) int {
	if code := e.Get("code"); code.Type == gjson.Number && code.Int() >= 400 && code.Int() < 600 {
		return int(code.Int())
	}
	for _, word := range []string{e.Get("code").Str, e.Get("type").Str} {
		switch word {
		case "rate_limit_exceeded", "insufficient_quota", "rate_limit_error", "tokens", "requests":
			return http.StatusTooManyRequests
		case "server_is_overloaded", "slow_down", "service_unavailable", overloaded:
			return http.StatusServiceUnavailable
		case "invalid_api_key", authentication:
			return http.StatusUnauthorized
		case "model_not_found", notFound:
			return http.StatusNotFound
		case "context_length_exceeded", "invalid_prompt", invalidRequest:
			return http.StatusBadRequest
		}
	}
	return http.StatusInternalServerError
}
