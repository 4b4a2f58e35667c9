package wire

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// DecodeError implements [Codec]. OpenAI's errors are {"error":{message,type,param,code}}
// (https://platform.openai.com/docs/guides/error-codes); others that speak its formats
// have {"error":"…"}, {"detail":"…"}, {"message":"…"} or a page of HTML.
func (responsesCodec) DecodeError(status int, body []byte) *Error {
	root, ok := respParse(body)
	if !ok {
		return respTextError(status, string(body))
	}
	v := root.Get("error")
	switch {
	case respGiven(v):
	case respGiven(root.Get("response.error")):
		v = root.Get("response.error")
	case root.Get("message").Type == gjson.String: // the fields stand in the body itself
		v = root
	default:
		v = root.Get("detail")
		if v.IsArray() { // of a server made with FastAPI
			v = v.Get("0.msg")
		}
	}
	return respErrorOf(status, v)
}

// respTextError is the error in a body that is not JSON. A page is for browsers.
func respTextError(status int, body string) *Error {
	text := strings.TrimSpace(strings.ToValidUTF8(body, "\ufffd"))
	if text == "" || text[0] == '<' || len(text) > 500 {
		text = fmt.Sprintf("The provider answered with the status %d and no explanation.", status)
	}
	return &Error{Status: status, Kind: KindOf(status), Message: text}
}

// respErrorOf reads an error's object, or its text.
func respErrorOf(status int, v gjson.Result) *Error {
	e := &Error{Status: status, Message: v.Get("message").Str, Code: v.Get("code").String(), Param: v.Get("param").Str}
	if v.Type == gjson.String {
		e.Message = v.Str
	}
	kind := v.Get("type").Str
	if e.Kind = respKind(e.Code); e.Kind == "" {
		e.Kind = respKind(kind)
	}
	switch {
	case e.Kind == KindAPI && KindOf(status) == KindOverloaded: // "server_error" is all that OpenAI says of a 503
		e.Kind = KindOverloaded
	case e.Kind != "" && !(e.Kind == KindInvalid && status >= 400):
	case status >= 400:
		e.Kind = KindOf(status)
	case e.Kind == "":
		e.Kind = KindAPI
	}
	if e.Message == "" {
		e.Message = fmt.Sprintf("The provider failed without a message (status %d).", status)
		if e.Code != "" {
			e.Message = "The provider failed: " + e.Code + "."
		}
	}
	respOverflow(e)
	return e
}

// respKind is what an error's code or type says; "" where nothing.
func respKind(word string) ErrorKind {
	switch word {
	case "rate_limit_exceeded", "rate_limit_error", "requests", "tokens":
		return KindRateLimit
	case "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "usage_limit_reached":
		return KindBilling
	case "context_length_exceeded", "invalid_prompt", "invalid_request_error", "string_above_max_length", "invalid_encrypted_content":
		return KindInvalid
	case "model_not_found", "not_found_error":
		return KindNotFound
	case "invalid_api_key", "authentication_error":
		return KindAuth
	case "permission_error", "unsupported_country_region_territory":
		return KindPermission
	case "server_is_overloaded", "slow_down", "overloaded_error", "service_unavailable_error":
		return KindOverloaded
	case "server_error", "api_error":
		return KindAPI
	case "timeout_error", "request_timeout":
		return KindTimeout
	}
	return ""
}

// respOverflow recognises that the prompt is too long, and reads how long it was. Providers
// that copy OpenAI's formats copy the sentence, and not always the code.
func respOverflow(e *Error) {
	text := strings.ToLower(e.Message)
	if e.Code != "context_length_exceeded" {
		if e.Kind != KindInvalid && e.Kind != KindTooLarge {
			return
		}
		if !strings.Contains(text, "maximum context length") && !strings.Contains(text, "context window") &&
			!strings.Contains(text, "input tokens exceed") && !strings.Contains(text, "prompt is too long") {
			return
		}
	}
	e.Overflow, e.Kind = true, KindInvalid
	e.Limit = respNumberAfter(text, "maximum context length is ", "configured limit of ", "context window of ", "tokens > ")
	e.Tokens = respNumberAfter(text, "resulted in ", "you requested ", "your request has ", "prompt contains ", "prompt is too long: ")
}

// respNumberAfter is the number that follows the first of the words which has one.
func respNumberAfter(text string, words ...string) int {
	for _, word := range words {
		_, rest, ok := strings.Cut(text, word)
		if !ok {
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != ',' })
		if end < 0 {
			end = len(rest)
		}
		if n, err := strconv.Atoi(strings.ReplaceAll(rest[:end], ",", "")); err == nil {
			return n
		}
	}
	return 0
}

// EncodeError implements [Codec].
func (responsesCodec) EncodeError(e *Error) (int, []byte) {
	status := e.HTTPStatus()
	if status == 529 { // Anthropic's own
		status = http.StatusServiceUnavailable
	}
	dst := appendString([]byte(`{"error":{"message":`), e.Message)
	dst = respField(dst, "type", respErrorType(e))
	dst = respNullable(dst, "param", e.Param)
	dst = respNullable(dst, "code", respHTTPCode(e))
	return status, append(dst, "}}"...)
}

// respNullable is respField with null for nothing.
func respNullable(dst []byte, name, value string) []byte {
	if value == "" {
		return append(append(append(dst, ',', '"'), name...), `":null`...)
	}
	return respField(dst, name, value)
}

func respErrorType(e *Error) string {
	switch e.Kind {
	case KindBilling:
		return "insufficient_quota"
	case KindRateLimit:
		return "rate_limit_error"
	case KindAPI, KindTimeout:
		return "server_error"
	case KindOverloaded:
		return "service_unavailable_error"
	case KindAuth:
		return "authentication_error"
	case KindPermission:
		return "permission_error"
	}
	return "invalid_request_error"
}

// respHTTPCode is the code of an error answer: OpenAI gives one only where a program
// can act on it. With server_is_overloaded Codex tries 5 times, without it 30 times.
func respHTTPCode(e *Error) string {
	switch {
	case e.Overflow:
		return "context_length_exceeded"
	case e.Code != "":
		return e.Code
	}
	switch e.Kind {
	case KindBilling:
		return "insufficient_quota"
	case KindRateLimit:
		return "rate_limit_exceeded"
	case KindNotFound:
		return "model_not_found"
	case KindAuth:
		return "invalid_api_key"
	}
	return ""
}

// respFailureCode is the code of a failed response, which is never null. Codex 0.169 was
// asked what it does: it gives up on context_length_exceeded, insufficient_quota,
// invalid_prompt and server_is_overloaded, waits as long as the message says on
// rate_limit_exceeded ("try again in 1.5s"), and tries all others again. A busy provider
// is worth another try, and a refused key is not.
func respFailureCode(e *Error) string {
	switch {
	case e.Overflow:
		return "context_length_exceeded"
	case e.Kind == KindRateLimit:
		return "rate_limit_exceeded"
	case e.Kind == KindBilling:
		return "insufficient_quota"
	case e.Kind == KindAPI, e.Kind == KindTimeout, e.Kind == KindOverloaded:
		return "server_error"
	}
	return "invalid_prompt"
}
