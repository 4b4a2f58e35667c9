package wire

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// DecodeError reads {"type":"error","error":{"type":…,"message":…}}, and what else
// stands where that should: https://platform.claude.com/docs/en/api/errors
func (messagesCodec) DecodeError(status int, body []byte) *Error {
	e := &Error{Status: status, Kind: KindOf(status)}
	if root, ok := messagesParse(string(body)); ok && root.IsObject() {
		inner := root.Get("error")
		switch {
		case inner.IsObject():
			e.Message = inner.Get("message").String()
			e.Code = inner.Get("code").String()
			e.Param = inner.Get("param").String()
			if kind, ok := messagesKind(inner.Get("type").String()); ok {
				e.Kind = kind
			}
		case inner.Type == gjson.String:
			e.Message = inner.Str
		default:
			e.Message = root.Get("message").String()
		}
	} else {
		e.Message = strings.TrimSpace(string(body[:min(len(body), 500)]))
	}
	if e.Message == "" {
		e.Message = strings.TrimSpace("the upstream answered with an error and said no more " + http.StatusText(status))
	}
	e.overflow()
	return e
}

// messagesKind is an error's type, if it is one.
func messagesKind(kind string) (ErrorKind, bool) {
	switch k := ErrorKind(kind); k {
	case KindInvalid, KindAuth, KindBilling, KindPermission, KindNotFound, KindTooLarge, KindRateLimit, KindTimeout, KindOverloaded, KindAPI:
		return k, true
	}
	return "", false
}

// overflow finds out whether the message says that the prompt is too long. In the API's words:
//
//	prompt is too long: 210000 tokens > 200000 maximum
//	input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000, decrease input length or `max_tokens` and try again
//
// Other providers of the format have other words ("Input is too long for requested model.").
func (e *Error) overflow() {
	lower := strings.ToLower(e.Message)
	for _, words := range []string{"prompt is too long", "exceed context limit", "input is too long", "context window exceeds", "exceeds the context window", "maximum context length", "context_length_exceeded"} {
		if strings.Contains(lower, words) || e.Code == words {
			e.Overflow = true
		}
	}
	if !e.Overflow {
		return
	}
	if e.Status == 0 || e.Status >= 400 && e.Status < 500 {
		e.Kind = KindInvalid
	}
	before, after, ok := strings.Cut(lower, ">")
	if !ok {
		return
	}
	_, before, _ = strings.Cut(before, ":")
	e.Tokens, e.Limit = firstNumber(before), firstNumber(after)
}

// firstNumber is the first whole number in s, or 0.
func firstNumber(s string) int {
	start := strings.IndexAny(s, "0123456789")
	if start < 0 {
		return 0
	}
	end := start
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s[start:end])
	if err != nil {
		return 0 // out of range: a number that nobody means
	}
	return n
}

// EncodeError writes an error. Claude Code shortens the conversation when it reads
// "prompt is too long: A tokens > B maximum" with a status of 400.
func (messagesCodec) EncodeError(e *Error) (int, []byte) {
	status := e.HTTPStatus()
	if e.Overflow {
		status = http.StatusBadRequest
	}
	return status, messagesAppendError(nil, e)
}

func messagesAppendError(dst []byte, e *Error) []byte {
	kind, message := e.Kind, e.Message
	if _, ok := messagesKind(string(kind)); !ok {
		kind = KindOf(e.HTTPStatus())
	}
	if e.Overflow {
		kind = KindInvalid
		switch {
		case e.Limit > 0 && e.Tokens > e.Limit:
			message = "prompt is too long: " + strconv.Itoa(e.Tokens) + " tokens > " + strconv.Itoa(e.Limit) + " maximum"
		case !strings.HasPrefix(message, "prompt is too long"):
			message = "prompt is too long: " + message
		}
	}
	dst = appendString(append(dst, `{"type":"error","error":{"type":`...), string(kind))
	dst = appendString(append(dst, `,"message":`...), message)
	if e.Code == threadNotFound {
		dst = append(dst, `,"details":{"error_code":"`+threadNotFound+`"}`...)
	}
	return append(dst, "}}"...)
}
