package wire

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// chatDecodeError reads an error. OpenAI has {"error":{message,type,param,code}}
// (https://platform.openai.com/docs/guides/error-codes); the others have that with a
// number for a code, a plain string, an array, {"message":…}, FastAPI's
// {"detail":…}, Z.AI's and MiniMax's codes of their own, or a page of HTML.
func chatDecodeError(status int, body []byte) *Error {
	e := &Error{Status: status}
	root, err := chatParse(body)
	if err != nil {
		root = chatUnparsed(body)
	}
	if root.IsArray() { // Google's
		root = root.Get("0")
	}
	inner := root.Get("error")
	switch {
	case inner.IsObject():
	case inner.Type == gjson.String: // xAI's and Ollama's
		e.Message = inner.Str
		inner = root
	default:
		inner = root
	}
	kind := chatText(inner.Get("type"))
	code := inner.Get("code")
	if chatText(inner.Get("code")) == "" && inner.Get("base_resp").IsObject() { // MiniMax's
		inner = inner.Get("base_resp")
		e.Message = inner.Get("status_msg").String()
	}
	if e.Message == "" {
		e.Message = chatMessageOf(inner)
	}
	if raw := chatText(inner.Get("metadata.raw")); raw != "" && !strings.Contains(e.Message, raw) { // OpenRouter: what its provider said
		e.Message += ": " + chatCut(raw, 1000)
	}
	if e.Message == "" {
		e.Message = chatCut(strings.TrimSpace(string(body)), 500)
	}
	if e.Message == "" {
		e.Message = "The provider answered with an error and did not say which."
	}
	e.Param = chatText(inner.Get("param"))
	e.Code = chatText(code)
	if n := int(code.Int()); status == 0 && n >= 400 && n < 600 && (code.Type == gjson.Number || strconv.Itoa(n) == code.Str) {
		status = n // in a stream the code may be the status: OpenRouter's, llama.cpp's
	}
	e.Kind = chatKind(status, kind, e.Code)
	chatOverflow(e, inner)
	return e
}

// chatUnparsed reads the array that Google's endpoint puts around its errors.
func chatUnparsed(body []byte) gjson.Result {
	text := strings.TrimSpace(string(body))
	if inside, ok := strings.CutPrefix(text, "["); ok {
		if root, err := chatParse([]byte(strings.TrimSuffix(inside, "]"))); err == nil {
			return root
		}
	}
	return gjson.Result{}
}

// chatMessageOf finds the text of an error.
func chatMessageOf(v gjson.Result) string {
	for _, name := range []string{"message", "msg", "detail", "error_msg", "error", "errors"} {
		x := v.Get(name)
		switch {
		case chatText(x) != "":
			return x.Str
		case x.IsObject():
			if s := chatMessageOf(x); s != "" {
				return s
			}
		case x.IsArray(): // FastAPI's: [{"loc":["body","n"],"msg":"…"}]
			var all []string
			for _, item := range x.Array() {
				s := chatText(item)
				if s == "" {
					s = chatMessageOf(item)
				}
				if loc := item.Get("loc"); s != "" && loc.IsArray() {
					var path []string
					for _, l := range loc.Array() {
						path = append(path, l.String())
					}
					s = strings.Join(path, ".") + ": " + s
				}
				if s != "" {
					all = append(all, s)
				}
			}
			if len(all) > 0 {
				return strings.Join(all, "; ")
			}
		}
	}
	return ""
}

// chatCut is at most n bytes of s.
func chatCut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + " …"
}

// chatKind tells what went wrong: by the code and the type where they say it, else by the status.
func chatKind(status int, kind, code string) ErrorKind {
	for _, word := range [...]string{code, kind} {
		switch word {
		case "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance", "1113": // 1113: Z.AI's
			return KindBilling
		case "invalid_api_key", "authentication_error", "invalid_authentication_error", "unauthorized", "1000", "1002":
			return KindAuth
		case "permission_error", "permission_denied", "PERMISSION_DENIED":
			return KindPermission
		case "model_not_found", "not_found_error", "NOT_FOUND":
			return KindNotFound
		case "rate_limit_exceeded", "rate_limit_error", "rate_limit_reached_error", "RESOURCE_EXHAUSTED", "too_many_requests", "1302", "1303", "1308":
			return KindRateLimit
		case "overloaded_error", "engine_overloaded_error", "engine_overloaded", "UNAVAILABLE", "service_unavailable", "1305":
			return KindOverloaded
		case "request_too_large":
			return KindTooLarge
		case "timeout", "timeout_error", "DEADLINE_EXCEEDED":
			return KindTimeout
		case "context_length_exceeded", "exceed_context_size_error":
			return KindInvalid
		}
	}
	if status == 0 && strings.HasPrefix(kind, "invalid_request") {
		return KindInvalid
	}
	return KindOf(status)
}

// chatEncodeError writes an error in OpenAI's words.
func chatEncodeError(e *Error) (int, []byte) {
	if e == nil {
		e = &Error{Kind: KindAPI, Message: "unknown error"}
	}
	status := e.HTTPStatus()
	kind, code := "invalid_request_error", e.Code
	preset := func(s string) {
		if code == "" {
			code = s
		}
	}
	switch e.Kind {
	case KindAuth:
		preset("invalid_api_key")
	case KindBilling:
		kind, code = "insufficient_quota", "insufficient_quota"
	case KindRateLimit:
		kind = "rate_limit_error"
		preset("rate_limit_exceeded")
	case KindNotFound:
		preset("model_not_found")
	case KindOverloaded:
		kind = "server_error"
		preset("overloaded")
		if status == 529 { // Anthropic's own; OpenAI's is 503
			status = http.StatusServiceUnavailable
		}
	case KindTimeout, KindAPI:
		kind = "server_error"
	}
	if e.Overflow { // a client that compacts looks for this code
		kind, code, status = "invalid_request_error", "context_length_exceeded", http.StatusBadRequest
	}
	dst := appendString([]byte(`{"error":{"message":`), e.Message)
	dst = append(append(append(dst, `,"type":"`...), kind...), `","param":`...)
	dst = appendOrNull(dst, e.Param)
	dst = appendOrNull(append(dst, `,"code":`...), code)
	return status, append(dst, "}}"...)
}

func appendOrNull(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s)
}
