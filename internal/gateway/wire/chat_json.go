package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/tidwall/gjson"
)

// chatMaxDepth is how deep a body may be nested, as in encoding/json: gjson
// recurses, and a body of brackets only would exhaust the stack.
const chatMaxDepth = 10000

// chatParse checks body and reads it without decoding what is in it. What is not
// an object is no message of this format.
func chatParse(body []byte) (gjson.Result, error) {
	depth, inString, escaped := 0, false, false
	for _, c := range body {
		switch {
		case inString:
			switch {
			case escaped:
				escaped = false
			case c == '\\':
				escaped = true
			case c == '"':
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > chatMaxDepth {
				return gjson.Result{}, fmt.Errorf("the JSON is nested more than %d levels deep", chatMaxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	if !gjson.ValidBytes(body) {
		return gjson.Result{}, fmt.Errorf("it is not valid JSON")
	}
	root := gjson.ParseBytes(body)
	if !root.IsObject() {
		return gjson.Result{}, fmt.Errorf("it is no JSON object")
	}
	return root, nil
}

// chatText is a string field; anything else is "".
func chatText(v gjson.Result) string {
	if v.Type == gjson.String {
		return v.Str
	}
	return ""
}

// chatIsNull is true for null and for what is not there: clients and providers
// write null for a field that they do not use.
func chatIsNull(v gjson.Result) bool { return v.Type == gjson.Null }

// chatID makes an identifier out of what identifies a thing, as this package
// has no randomness: the same answer always gets the same identifiers.
func chatID(prefix string, size int, of ...string) string {
	h := sha256.New()
	for _, s := range of {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	sum := hex.EncodeToString(h.Sum(nil))
	return prefix + sum[:size]
}

// chatInvalid is a request that cannot be understood or translated.
func chatInvalid(param, format string, args ...any) *Error {
	return &Error{Kind: KindInvalid, Param: param, Message: fmt.Sprintf(format, args...)}
}
