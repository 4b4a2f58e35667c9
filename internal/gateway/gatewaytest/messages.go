package gatewaytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// NewEvent is one server-sent event in the form the Messages API uses.
func NewEvent(name string, data any) Event {
	return Event{Raw: fmt.Sprintf("event: %s\ndata: %s\n\n", name, mustJSON(data))}
}

// After gives the event a delay.
func (e Event) After(d time.Duration) Event {
	e.Delay = d
	return e
}

// MessageStart opens a stream; inputTokens goes into its usage.
func MessageStart(model string, inputTokens int) Event {
	return NewEvent("message_start", map[string]any{"type": "message_start", "message": message(model, []any{}, nil, usage(inputTokens, 1))})
}

// Ping is the API's own keep-alive event.
func Ping() Event { return NewEvent("ping", map[string]any{"type": "ping"}) }

// ErrorEvent is an error inside a stream.
func ErrorEvent(kind, text string) Event {
	return NewEvent("error", map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": text}})
}

// TextBlock is a content block of pieces, as three or more events.
func TextBlock(index int, pieces ...string) []Event {
	out := []Event{NewEvent("content_block_start", map[string]any{"type": "content_block_start", "index": index,
		"content_block": map[string]any{"type": "text", "text": ""}})}
	for _, p := range pieces {
		out = append(out, NewEvent("content_block_delta", map[string]any{"type": "content_block_delta", "index": index,
			"delta": map[string]any{"type": "text_delta", "text": p}}))
	}
	return append(out, NewEvent("content_block_stop", map[string]any{"type": "content_block_stop", "index": index}))
}

// ToolBlock is a content block that calls a tool.
func ToolBlock(index int, id, name string, input any) []Event {
	return []Event{
		NewEvent("content_block_start", map[string]any{"type": "content_block_start", "index": index,
			"content_block": map[string]any{"type": "tool_use", "id": id, "name": name, "input": map[string]any{}}}),
		NewEvent("content_block_delta", map[string]any{"type": "content_block_delta", "index": index,
			"delta": map[string]any{"type": "input_json_delta", "partial_json": string(mustJSON(input))}}),
		NewEvent("content_block_stop", map[string]any{"type": "content_block_stop", "index": index}),
	}
}

// MessageEnd closes a stream: message_delta with the usage, and message_stop.
func MessageEnd(stop string, outputTokens int) []Event {
	return []Event{
		NewEvent("message_delta", map[string]any{"type": "message_delta",
			"delta": map[string]any{"stop_reason": stop, "stop_sequence": nil}, "usage": map[string]any{"output_tokens": outputTokens}}),
		NewEvent("message_stop", map[string]any{"type": "message_stop"}),
	}
}

// Stream is a complete streamed answer of text pieces.
func Stream(model string, pieces ...string) Reply {
	events := []Event{MessageStart(model, 10), Ping()}
	events = append(events, TextBlock(0, pieces...)...)
	return Reply{Events: append(events, MessageEnd("end_turn", len(pieces))...)}
}

// JSON is a complete answer in one piece.
func JSON(model, text string) Reply {
	content := []any{map[string]any{"type": "text", "text": text}}
	return Reply{Body: mustJSON(message(model, content, "end_turn", usage(10, 5)))}
}

// Error is an error answer in Anthropic's shape.
func Error(status int, text string) Reply {
	return Reply{Status: status, Body: mustJSON(map[string]any{"type": "error",
		"error": map[string]any{"type": errorKind(status), "message": text}, "request_id": "req_scripted"})}
}

// With adds a header to the reply.
func (p Reply) With(name, value string) Reply {
	h := p.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set(name, value)
	p.Header = h
	return p
}

func message(model string, content []any, stop any, use map[string]any) map[string]any {
	return map[string]any{"id": "msg_scripted", "type": "message", "role": "assistant", "model": model,
		"content": content, "stop_reason": stop, "stop_sequence": nil, "usage": use}
}

func usage(in, out int) map[string]any {
	return map[string]any{"input_tokens": in, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 7, "output_tokens": out}
}

// errorKind is the error type that goes with a status: https://docs.claude.com/en/api/errors
func errorKind(status int) string {
	switch status {
	case 401:
		return "authentication_error"
	case 403:
		return "permission_error"
	case 404:
		return "not_found_error"
	case 413:
		return "request_too_large"
	case 429:
		return "rate_limit_error"
	case 504:
		return "timeout_error"
	case 529:
		return "overloaded_error"
	}
	if status >= 500 {
		return "api_error"
	}
	return "invalid_request_error"
}

// mustJSON encodes what this package itself built, which always can be.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
