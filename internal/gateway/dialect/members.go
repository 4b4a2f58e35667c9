package dialect

import (
	"errors"
	"slices"

	"github.com/tidwall/gjson"
)

// member is a name of a JSON object and its value as JSON.
type member struct{ name, value string }

var errNoObject = errors.New("the body is no JSON object")

// withMembers is the JSON object body with members added in front and others
// left out. The values of the rest stay byte for byte: signatures of thinking
// blocks and prompt caches depend on them.
func withMembers(body []byte, drop []string, add []member) ([]byte, error) {
	doc := gjson.ParseBytes(body)
	if !doc.IsObject() {
		return nil, errNoObject
	}
	out := make([]byte, 0, len(body)+128)
	out = append(out, '{')
	next := func() {
		if len(out) > 1 {
			out = append(out, ',')
		}
	}
	for _, m := range add {
		next()
		out = append(append(append(append(out, '"'), m.name...), '"', ':'), m.value...)
	}
	doc.ForEach(func(key, value gjson.Result) bool {
		if !slices.Contains(drop, key.String()) {
			next()
			out = append(append(append(out, key.Raw...), ':'), value.Raw...)
		}
		return true
	})
	return append(out, '}'), nil
}
