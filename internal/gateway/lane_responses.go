package gateway

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/ringlet/ringlet/internal/gateway/wire"
	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// responsesLane is OpenAI Responses:
// https://platform.openai.com/docs/api-reference/responses-streaming
type responsesLane struct{}

func (responsesLane) format() string { return routes.Responses }

func (responsesLane) mark(e sseEvent, passing bool, u *usage) mark {
	if e.name == "" && len(e.data) > 0 {
		e.name = gjson.GetBytes(e.data, "type").Str
	}
	switch e.name {
	case "response.completed", "response.incomplete":
		u.readOpenAI(gjson.GetBytes(e.data, "response.usage"))
		return last
	case "response.failed", "error":
		return broken
	case "response.output_item.added":
		return content
	}
	if passing || strings.HasPrefix(e.name, "response.output_") || strings.HasSuffix(e.name, ".delta") {
		return content // servers that leave output_item.added out
	}
	return nothing
}

// failure reads both forms: an "error" event, which has the error's members at
// its top, and "response.failed".
func (responsesLane) failure(data []byte) (int, []byte) {
	if !gjson.ValidBytes(data) {
		return http.StatusInternalServerError, nil
	}
	e := gjson.GetBytes(data, "response.error")
	if !e.IsObject() {
		if e = gjson.GetBytes(data, "error"); !e.IsObject() {
			e = gjson.ParseBytes(data)
		}
	}
	return responsesFailure(e)
}

func responsesFailure(e gjson.Result) (int, []byte) {
	status := openAIStatus(e)
	kind := e.Get("type").Str
	if kind == "" || kind == "error" || strings.HasPrefix(kind, "response.") {
		kind = typeOf(status)
	}
	param, code := e.Get("param"), e.Get("code")
	return status, []byte(`{"error":{"message":` + rawOr(e.Get("message"), `"the upstream reported an error"`) + `,"type":` + quote(kind) +
		`,"param":` + rawOr(param, "null") + `,"code":` + rawOr(code, "null") + `}}`)
}

func rawOr(v gjson.Result, other string) string {
	if v.Raw == "" || v.Type == gjson.Null {
		return other
	}
	return v.Raw
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // strings always encode
		return `""`
	}
	return string(b)
}

// typeOf is OpenAI's error type for a status.
func typeOf(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status >= 500:
		return "server_error"
	}
	return invalidRequest
}

func (responsesLane) whole(body []byte, u *usage) (int, []byte) {
	if e := gjson.GetBytes(body, "error"); e.IsObject() {
		return responsesFailure(e)
	}
	u.readOpenAI(gjson.GetBytes(body, "usage"))
	return 0, nil
}

func (responsesLane) errorBody(e *apiError) []byte { return openAIError(wire.Responses, e) }

// errorEvent is what the codec writes, in the words on which Codex and OpenAI's
// libraries act.
func (responsesLane) errorEvent(body []byte) []byte {
	codec, err := wire.For(wire.Responses)
	if err != nil { // there is one
		return formatEvent("error", body)
	}
	return codec.NewStreamEncoder(&wire.Request{}).Append(nil, &wire.Event{Kind: wire.Failure, Err: codec.DecodeError(0, body)})
}

// keepalive is the event that OpenAI itself sends on long silences
// (https://github.com/openai/openai-node/issues/1964); clients want the number.
const keepalive = "event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":0}\n\n"

// ping: only an event with data resets Codex's timer of 300 s, whatever its type.
// OpenAI's libraries want response.created before any other event, so as long as
// that is not out, a client that is not Codex gets a comment.
func (responsesLane) ping(client http.Header, begun bool) string {
	if begun || client.Get("Originator") != "" || strings.HasPrefix(strings.ToLower(client.Get("User-Agent")), "codex") {
		return keepalive
	}
	return pingComment
}
