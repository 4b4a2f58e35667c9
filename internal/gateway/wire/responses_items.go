package wire

import "strings"

// The items of an answer. Texts come escaped already: a stream writes each four
// times, and escapes it once.

func respAppendContent(dst []byte, refusal bool, text []byte) []byte {
	if refusal {
		return append(append(append(dst, `{"type":"refusal","refusal":"`...), text...), `"}`...)
	}
	return append(append(append(dst, `{"type":"output_text","annotations":[],"logprobs":[],"text":"`...), text...), `"}`...)
}

func respAppendMessage(dst []byte, id, status string, refusal bool, text []byte) []byte {
	dst = respField(append(dst, `{"type":"message"`...), "id", id)
	dst = append(dst, `,"status":"`+status+`","role":"assistant","content":[`...)
	if status != "in_progress" {
		dst = respAppendContent(dst, refusal, text)
	}
	return append(dst, "]}"...)
}

func respAppendSummary(dst, text []byte) []byte {
	return append(append(append(dst, `{"type":"summary_text","text":"`...), text...), `"}`...)
}

func respAppendReasoning(dst []byte, id string, summary []byte, sealed string) []byte {
	dst = append(respField(append(dst, `{"type":"reasoning"`...), "id", id), `,"summary":[`...)
	if len(summary) > 0 {
		dst = respAppendSummary(dst, summary)
	}
	dst = append(dst, ']')
	if sealed != "" {
		dst = respField(dst, "encrypted_content", sealed)
	}
	return append(dst, '}')
}

// respCallItem is a call as the client knows its tool.
type respCallItem struct {
	kind      string // of the item
	id        string
	callID    string
	name      string // "" where the kind says all
	namespace string
	field     string // where the input stands
	event     string // of its stream, without ".delta"; "" where the input comes whole
	object    bool   // the input is an object, not a text
}

// call finds out what item a call is, for the n-th item of the answer.
func (a *respAnswer) call(c *Call, n int) respCallItem {
	it := respCallItem{kind: "function_call", callID: c.ID, field: "arguments", event: "response.function_call_arguments"}
	prefix := "fc_"
	if client, ok := a.tools.client(c.Name); ok {
		it.kind, it.field, it.event, it.object = client.call, client.field, "", true
		prefix = client.prefix
	} else {
		it.name, it.namespace = a.tools.names(c.Name)
		if c.Freeform || a.tools.freeform(c.Name) {
			it.kind, it.field, it.event = "custom_tool_call", "input", "response.custom_tool_call_input"
			prefix = "ctc_"
		}
	}
	it.id = a.itemID(prefix, c.ItemID, n)
	if it.callID == "" {
		it.callID = a.itemID("call_", "", n)
	}
	return it
}

// input is a call's input as its item holds it.
func (a *respAnswer) input(c *Call) string {
	switch {
	case c.Freeform:
		return c.Input
	case a.tools.freeform(c.Name):
		return respUnwrap(c.Input)
	case strings.TrimSpace(c.Input) == "":
		return "{}"
	}
	return c.Input
}

// append writes the item. Its input is escaped, as the inside of a string.
func (it *respCallItem) append(dst []byte, status string, input []byte) []byte {
	dst = respField(append(dst, `{"type":"`+it.kind+`"`...), "id", it.id)
	if it.kind != "custom_tool_call" || status == "completed" {
		dst = respField(dst, "status", status)
	}
	dst = respField(dst, "call_id", it.callID)
	if it.name != "" {
		dst = respField(dst, "name", it.name)
	}
	if it.namespace != "" {
		dst = respField(dst, "namespace", it.namespace)
	}
	if it.kind == "tool_search_call" {
		dst = append(dst, `,"execution":"client"`...)
	}
	dst = append(append(append(dst, ',', '"'), it.field...), '"', ':')
	if it.object {
		dst = append(dst, respObject(it.kind, input)...)
	} else {
		dst = append(append(append(dst, '"'), input...), '"')
	}
	return append(dst, '}')
}

// respObject is the escaped text of an object, as the object. What a model wrote that is
// none becomes an empty one: the client says that it lacks what it needs.
func respObject(kind string, escaped []byte) []byte {
	quoted, ok := respParse(append(append([]byte(`{"x":"`), escaped...), `"}`...))
	if !ok {
		return []byte("{}")
	}
	text := []byte(strings.TrimSpace(quoted.Get("x").Str))
	root, ok := respParse(text)
	if !ok {
		return []byte("{}")
	}
	if kind != "local_shell_call" {
		return text
	}
	// What the format demands and models leave out.
	head := "{"
	if !root.Get("type").Exists() {
		head += `"type":"exec",`
	}
	if !root.Get("env").Exists() {
		head += `"env":{},`
	}
	rest := strings.TrimSpace(string(text[1:]))
	if rest == "}" {
		head = strings.TrimSuffix(head, ",")
	}
	return []byte(head + rest)
}
