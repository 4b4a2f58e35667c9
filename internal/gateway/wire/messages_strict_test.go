package wire

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestMessagesStrict(t *testing.T) {
	const closed = `{"type":"object","properties":{"a":{"type":"string","enum":["x"]},"b":{"type":["string","null"]}},"required":["a","b"],"additionalProperties":false}`
	for _, tc := range []struct {
		model, schema string
		strict        bool
	}{
		{"claude-sonnet-4-5", closed, true},
		{"claude-opus-4-8", `{"type":"object","properties":{"a":{"type":"array","items":` + closed + `}},"required":["a"],"additionalProperties":false}`, true},
		{"claude-opus-4-8", `{"type":"object","properties":{},"required":[],"additionalProperties":false}`, true},
		{"claude-opus-4-8", `{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}},"required":["a"],"additionalProperties":false}`, true},
		{"claude-sonnet-4", closed, false},
		{"MiniMax-M2", closed, false},
		{"claude-opus-4-8", `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`, false},
		{"claude-opus-4-8", `{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`, false},
		{"claude-opus-4-8", `{"type":"object","properties":{"a":{"type":"string","pattern":"x"}},"required":["a"],"additionalProperties":false}`, false},
		{"claude-opus-4-8", `{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"],"additionalProperties":false}`, false},
		{"claude-opus-4-8", `{"type":"object","properties":{"a":{"type":"object"}},"required":["a"],"additionalProperties":false}`, false},
		{"claude-opus-4-8", `{"type":"object","properties":{"a":{"type":["object","null"]}},"required":["a"],"additionalProperties":false}`, false},
		{"claude-opus-4-8", `true`, false},
	} {
		yes := true
		r := &Request{Turns: []Turn{{Role: User, Parts: []Part{{Kind: Text, Text: "hi"}}}}, Tools: []Tool{{Name: "t", Schema: json.RawMessage(tc.schema), Strict: &yes}}}
		var drops Drops
		body, err := messagesCodec{}.EncodeRequest(r, Target{Model: tc.model, Provider: "anthropic"}, &drops)
		if err != nil || strings.Contains(string(body), `"strict":true`) != tc.strict || slices.Contains(drops, "tools[].strict") == tc.strict {
			t.Errorf("%s: %v %v\n%s", tc.schema, err, drops, body)
		}
		if tc.strict && !strings.Contains(string(body), tc.schema) {
			t.Errorf("the schema was changed: %s", body)
		}
	}
}

// A request may have so many strict tools, and so many choices between types in them.
func TestMessagesStrictLimits(t *testing.T) {
	yes := true
	for schema, most := range map[string]int{
		`{"type":"object","properties":{},"required":[],"additionalProperties":false}`:                                  20,
		`{"type":"object","properties":{"a":{"type":["string","null"]}},"required":["a"],"additionalProperties":false}`: 16,
	} {
		r := &Request{Turns: []Turn{{Role: User, Parts: []Part{{Kind: Text, Text: "hi"}}}}}
		for i := range 22 {
			r.Tools = append(r.Tools, Tool{Name: fmt.Sprint("t", i), Schema: json.RawMessage(schema), Strict: &yes})
		}
		var drops Drops
		body, err := messagesCodec{}.EncodeRequest(r, Target{Model: "claude-opus-4-8", Provider: "anthropic"}, &drops)
		if n := strings.Count(string(body), `"strict":true`); err != nil || n != most || len(drops) != 1 {
			t.Errorf("%d strict tools, not %d: %v %v", n, most, err, drops)
		}
	}
}
