package wire

import (
	"strings"

	"github.com/tidwall/gjson"
)

// What one request may have of strict tools:
// https://platform.claude.com/docs/en/build-with-claude/structured-outputs#schema-complexity-limits
const (
	messagesStrictTools  = 20
	messagesStrictUnions = 16
)

// strict reports whether a tool can be told to be strict. A schema that is refused
// would be the end of the whole request, so it is only what OpenAI's strict mode
// asks for as well that is trusted here: closed objects, nothing optional, and none
// of the keywords that one of the two does not have.
func (w *messagesWriter) strict(t *Tool) bool {
	if !w.model.schema || strings.Contains(w.t.Provider, "vertex") || t.Freeform { // Vertex refuses it unless an organization allows it
		return false
	}
	unions, ok := messagesStrictSchema(gjson.ParseBytes(t.Schema), true)
	if !ok || w.strictTools == messagesStrictTools || w.strictUnions+unions > messagesStrictUnions {
		return false
	}
	w.strictTools++
	w.strictUnions += unions
	return true
}

// messagesStrictSchema counts the choices between types in a schema that is strict.
func messagesStrictSchema(v gjson.Result, top bool) (unions int, ok bool) {
	if !v.IsObject() || top && v.Get("type").Str != "object" {
		return 0, false
	}
	ok = true
	inner := func(v gjson.Result) {
		n, fine := messagesStrictSchema(v, false)
		unions, ok = unions+n, ok && fine
	}
	properties, required, closed := 0, 0, false
	v.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "description", "title", "enum", "const", "format":
		case "type":
			if value.IsArray() {
				unions++
			}
		case "anyOf":
			unions++
			ok = ok && !top && value.IsArray()
			value.ForEach(func(_, choice gjson.Result) bool { inner(choice); return ok })
		case "items":
			inner(value)
		case "properties":
			value.ForEach(func(_, property gjson.Result) bool { properties++; inner(property); return ok })
		case "required":
			required = int(value.Get("#").Int())
		case "additionalProperties":
			closed = value.Type == gjson.False
		default:
			ok = false
		}
		return ok
	})
	if kind := v.Get("type"); kind.Str == "object" || strings.Contains(kind.Raw, `"object"`) || properties > 0 {
		ok = ok && closed && properties == required
	}
	return unions, ok
}
