package wire

import (
	"fmt"

	"github.com/tidwall/gjson"
)

// respMaxDepth bounds how deep a body may be nested: gjson's validation recurses.
const respMaxDepth = 1000

// respParse reads a JSON object, which it checks first: gjson itself believes all.
func respParse(body []byte) (gjson.Result, bool) {
	if respTooDeep(body) || !gjson.ValidBytes(body) {
		return gjson.Result{}, false
	}
	root := gjson.ParseBytes(body)
	return root, root.IsObject()
}

// respTooDeep counts brackets outside of strings, in one pass.
func respTooDeep(body []byte) bool {
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '[', '{':
			if depth++; depth > respMaxDepth {
				return true
			}
		case ']', '}':
			depth--
		case '"':
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
		}
	}
	return false
}

// respInvalid is an error about a field of the client's request.
func respInvalid(param, format string, args ...any) *Error {
	return &Error{Status: 400, Kind: KindInvalid, Param: param, Message: fmt.Sprintf(format, args...)}
}

// respType says in OpenAI's words that a field has the wrong type.
func respType(param, want string) *Error {
	return respInvalid(param, "Invalid type for '%s': expected %s.", param, want)
}

// respGiven is false for null, which OpenAI takes for a field that is not there.
func respGiven(v gjson.Result) bool { return v.Exists() && v.Type != gjson.Null }

// respString reads a string that may be null or missing.
func respString(v gjson.Result, param string) (string, error) {
	switch {
	case !respGiven(v):
		return "", nil
	case v.Type != gjson.String:
		return "", respType(param, "a string")
	}
	return v.Str, nil
}
