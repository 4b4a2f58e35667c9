package gateway

import (
	"encoding/json"
	"net/http"

	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// messagesLane is Anthropic Messages:
// https://docs.claude.com/en/docs/build-with-claude/streaming
type messagesLane struct{}

func (messagesLane) format() string { return routes.Messages }

func (messagesLane) mark(e sseEvent, _ bool, u *usage) mark {
	if e.name == "" && len(e.data) > 0 {
		e.name = gjson.GetBytes(e.data, "type").Str
	}
	switch e.name {
	case "message_start":
		u.read(gjson.GetBytes(e.data, "message.usage"))
	case "message_delta":
		u.read(gjson.GetBytes(e.data, "usage"))
		return content // an answer without any content is an answer
	case "message_stop":
		return last
	case "content_block_start", "content_block_delta":
		return content
	case "error":
		return broken
	}
	return nothing
}

func (messagesLane) failure(data []byte) (int, []byte) {
	status := statusOf(gjson.GetBytes(data, "error.type").Str)
	if !gjson.ValidBytes(data) {
		return status, nil
	}
	return status, append([]byte(nil), data...)
}

func (messagesLane) whole(body []byte, u *usage) (int, []byte) {
	if gjson.GetBytes(body, "type").Str == "error" {
		return statusOf(gjson.GetBytes(body, "error.type").Str), body
	}
	u.read(gjson.GetBytes(body, "usage"))
	return 0, nil
}

func (messagesLane) errorBody(e *apiError) []byte {
	type inner struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}
	b, err := json.Marshal(struct {
		Type  string `json:"type"`
		Error inner  `json:"error"`
	}{"error", inner{e.kind, e.message}})
	if err != nil { // strings always encode
		return []byte(`{"type":"error","error":{"type":"api_error","message":"internal error"}}`)
	}
	return b
}

func (messagesLane) errorEvent(body []byte) []byte { return formatEvent("error", body) }

func (messagesLane) ping(http.Header, bool) string { return pingComment }
