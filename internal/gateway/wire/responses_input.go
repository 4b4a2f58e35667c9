package wire

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// input reads the conversation: a text or a list of items.
func (d *respReader) input(v gjson.Result) error {
	if v.Type == gjson.String {
		d.req.Turns = append(d.req.Turns, Turn{Role: User, Parts: []Part{{Kind: Text, Text: v.Str}}})
		return nil
	}
	if !v.IsArray() {
		return respType("input", "a string or an array")
	}
	var err error
	i := 0
	v.ForEach(func(_, item gjson.Result) bool {
		err = d.item(item, i)
		i++
		return err == nil
	})
	return err
}

// add puts parts into the last turn where they continue it: an answer of the model is
// one turn, as are the results of its calls.
func (d *respReader) add(role Role, parts ...Part) {
	if n := len(d.req.Turns); n > 0 && d.req.Turns[n-1].Role == role {
		last := &d.req.Turns[n-1]
		results := last.Parts[len(last.Parts)-1].Kind == ToolResult && parts[0].Kind == ToolResult
		if role == Assistant || results {
			last.Parts = append(last.Parts, parts...)
			return
		}
	}
	d.req.Turns = append(d.req.Turns, Turn{Role: role, Parts: parts})
}

// item reads one item: https://platform.openai.com/docs/api-reference/responses/create,
// "input", and those that Codex sends besides.
func (d *respReader) item(v gjson.Result, i int) error {
	if !v.IsObject() {
		return respType(fmt.Sprintf("input[%d]", i), "an object")
	}
	kind := v.Get("type").Str
	switch kind {
	case "", "message":
		return d.message(v, i)
	case "agent_message": // of one of Codex's agents to another
		parts, err := d.content(v.Get("content"), fmt.Sprintf("input[%d].content", i))
		if err == nil && len(parts) > 0 {
			d.add(User, parts...)
		}
		return err
	case "reasoning":
		if p, ok := respThinking(v); ok {
			d.add(Assistant, p)
		}
		return nil
	case "additional_tools":
		return d.tools(v.Get("tools"), "", fmt.Sprintf("input[%d].tools", i))
	case "item_reference":
		return respStateful("item_reference")
	case "compaction", "context_compaction", "compaction_trigger", "compaction_summary":
		return respInvalid(fmt.Sprintf("input[%d]", i), "This conversation was compacted by OpenAI in a form that only OpenAI can read. "+
			"Start a new one, or route the model to OpenAI.")
	case "function_call", "custom_tool_call":
		return d.call(v, i, kind == "custom_tool_call")
	case "function_call_output", "custom_tool_call_output", "tool_search_output":
		return d.result(v, i, kind)
	}
	return d.clientItem(v, i, kind)
}

// clientItem reads calls and results of tools that the client runs itself. Items
// of tools that OpenAI ran are left out: what came of them stands in the answers.
func (d *respReader) clientItem(v gjson.Result, i int, kind string) error {
	base, output := strings.CutSuffix(kind, "_output")
	tool, ok := respClientToolOf(strings.TrimSuffix(base, "_call"))
	switch {
	case !ok || tool.call != base || v.Get("execution").Str == "server":
		d.req.Drops.Add("input[]." + kind)
		return nil
	case output:
		return d.result(v, i, kind)
	}
	id, err := respID(v, i)
	if err != nil {
		return err
	}
	input := v.Get(tool.field)
	call := &Call{ID: id, Name: d.nameOf("", tool.kind), Input: input.Raw, ItemID: v.Get("id").Str}
	if input.Type == gjson.String { // arguments as text
		call.Input = input.Str
	}
	d.add(Assistant, Part{Kind: ToolCall, Call: call})
	return nil
}

// respID is the call_id of a call or a result. A local_shell_call_output has only an id.
func respID(v gjson.Result, i int) (string, error) {
	for _, key := range [...]string{"call_id", "id"} {
		if id := v.Get(key); id.Type == gjson.String && id.Str != "" {
			return id.Str, nil
		}
	}
	param := fmt.Sprintf("input[%d].call_id", i)
	return "", respInvalid(param, "Missing required parameter: '%s'.", param)
}

func (d *respReader) call(v gjson.Result, i int, freeform bool) error {
	id, err := respID(v, i)
	if err != nil {
		return err
	}
	c := &Call{ID: id, Name: d.nameOf(v.Get("namespace").Str, v.Get("name").Str), Freeform: freeform, ItemID: v.Get("id").Str}
	field := "arguments"
	if freeform {
		field = "input"
	}
	if c.Input, err = respString(v.Get(field), fmt.Sprintf("input[%d].%s", i, field)); err != nil {
		return err
	}
	d.add(Assistant, Part{Kind: ToolCall, Call: c})
	return nil
}

// result reads what a tool returned: a text or a list of content, or what its kind has instead.
func (d *respReader) result(v gjson.Result, i int, kind string) error {
	id, err := respID(v, i)
	if err != nil {
		return err
	}
	r := &Result{ID: id, Freeform: kind == "custom_tool_call_output"}
	switch kind {
	case "tool_search_output":
		if v.Get("execution").Str == "server" {
			d.req.Drops.Add("input[]." + kind)
			return nil
		}
		text, err := d.found(v.Get("tools"), i)
		if err != nil {
			return err
		}
		r.Parts = []Part{{Kind: Text, Text: text}}
	case "shell_call_output":
		r.Parts = []Part{{Kind: Text, Text: respShellText(v.Get("output"))}}
	default:
		if r.Parts, err = d.content(v.Get("output"), fmt.Sprintf("input[%d].output", i)); err != nil {
			return err
		}
	}
	d.add(User, Part{Kind: ToolResult, Result: r})
	return nil
}

// found offers the tools that a search found, and names them to the model.
func (d *respReader) found(tools gjson.Result, i int) (string, error) {
	before := len(d.req.Tools)
	if err := d.tools(tools, "", fmt.Sprintf("input[%d].tools", i)); err != nil {
		return "", err
	}
	if !tools.IsArray() || len(tools.Raw) <= 2 {
		return "No tools were found.", nil
	}
	if len(d.req.Tools) == before {
		return "These tools were there before.", nil
	}
	var text strings.Builder
	text.WriteString("These tools can be called now:")
	for _, t := range d.req.Tools[before:] {
		text.WriteString("\n" + t.Name)
	}
	return text.String(), nil
}

// respShellText writes the outputs of a shell_call as a terminal would show them.
func respShellText(list gjson.Result) string {
	if list.Type == gjson.String {
		return list.Str
	}
	var text strings.Builder
	list.ForEach(func(_, one gjson.Result) bool {
		text.WriteString(one.Get("stdout").Str + one.Get("stderr").Str)
		switch out := one.Get("outcome"); out.Get("type").Str {
		case "timeout":
			text.WriteString("\n(timed out)\n")
		case "exit":
			if code := out.Get("exit_code").Int(); code != 0 {
				fmt.Fprintf(&text, "\n(exit code %d)\n", code)
			}
		}
		return true
	})
	return text.String()
}
