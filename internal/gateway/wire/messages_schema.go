package wire

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// messagesObject is the schema of a tool's input as the API takes it: an object at
// the top, and no choice between schemas there.
func messagesObject(schema json.RawMessage, drops *Drops) json.RawMessage {
	v := gjson.ParseBytes(schema)
	if !v.IsObject() {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	typed, bad := v.Get("type").String() == "object", false
	v.ForEach(func(key, _ gjson.Result) bool {
		switch key.String() {
		case "oneOf", "anyOf", "allOf":
			bad = true
		}
		return true
	})
	if typed && !bad {
		return schema
	}
	if bad {
		drops.Add("tools[]: a choice between schemas for the whole input")
	}
	out := []byte(`{"type":"object"`)
	v.ForEach(func(key, value gjson.Result) bool {
		switch k := key.String(); k {
		case "oneOf", "anyOf", "allOf", "type":
		default:
			out = append(append(appendString(append(out, ','), k), ':'), value.Raw...)
		}
		return true
	})
	return append(out, '}')
}

// messagesSchema is the schema of an answer as the API takes it: objects are closed,
// and limits that its grammar cannot hold stand in the description instead, as the
// official SDKs do. Maps, which its grammar cannot have at all, make it nil: https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
func messagesSchema(schema json.RawMessage) json.RawMessage {
	var v any
	d := json.NewDecoder(strings.NewReader(string(schema)))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	if v, closed := messagesClosed(v); closed {
		if out, err := json.Marshal(v); err == nil {
			return out
		}
	}
	return nil
}

// messagesLimits are the keywords that the grammar does not have.
func messagesLimits() []string {
	return []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems", "uniqueItems"}
}

// messagesClosed changes a decoded schema in place; false: it cannot be closed.
func messagesClosed(v any) (any, bool) {
	closed := true
	each := func(v any) any {
		out, ok := messagesClosed(v)
		closed = closed && ok
		return out
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = each(v[i])
		}
	case map[string]any:
		var limits []string
		for _, k := range messagesLimits() {
			if text, err := json.Marshal(v[k]); err == nil && v[k] != nil {
				limits = append(limits, k+": "+string(text))
				delete(v, k)
			}
		}
		if len(limits) > 0 {
			said, _ := v["description"].(string)
			v["description"] = strings.TrimSpace(said + " {" + strings.Join(limits, ", ") + "}")
		}
		if v["type"] == "object" {
			_, mapped := v["additionalProperties"].(map[string]any)
			closed = !mapped
			v["additionalProperties"] = false
		}
		for k, inner := range v {
			switch k {
			case "properties", "$defs", "definitions":
				if named, ok := inner.(map[string]any); ok {
					for name := range named {
						named[name] = each(named[name])
					}
				}
			case "items", "anyOf", "allOf", "oneOf":
				v[k] = each(inner)
			}
		}
	}
	return v, closed
}
