package wire

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"
)

// readTools reads tools, the older functions, and which of them may be called.
func (d *chatReader) readTools() error {
	r := d.r
	if !chatIsNull(d.tools) && !d.tools.IsArray() {
		return chatInvalid("tools", "Invalid type for 'tools': expected an array.")
	}
	var failed error
	i := -1
	d.tools.ForEach(func(_, v gjson.Result) bool {
		i++
		failed = d.readTool(i, v)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	if !chatIsNull(d.funcs) {
		if !d.funcs.IsArray() {
			return chatInvalid("functions", "Invalid type for 'functions': expected an array.")
		}
		d.funcs.ForEach(func(_, v gjson.Result) bool {
			r.Tools = append(r.Tools, chatFunction(v))
			return true
		})
		// A client of the older form takes one call at a time.
		one := false
		r.LegacyFunctions, r.ParallelTools = true, &one
	}
	for i, t := range r.Tools {
		if t.Name == "" {
			return chatInvalid("tools", "Missing required parameter: the name of tool %d.", i)
		}
	}
	if !chatIsNull(d.choice) {
		return d.readChoice(d.choice)
	}
	if !chatIsNull(d.funcCall) {
		if name := d.funcCall.Get("name"); d.funcCall.IsObject() {
			return d.chooseOne("function_call", name.String())
		}
		return d.chooseMode("function_call", d.funcCall.String())
	}
	return nil
}

func (d *chatReader) readTool(i int, v gjson.Result) error {
	switch kind := v.Get("type").String(); kind {
	case "function", "":
		t := chatFunction(v.Get("function"))
		if c := v.Get("cache_control"); c.IsObject() { // OpenRouter's, for Anthropic's models
			t.Cache = json.RawMessage(c.Raw)
		}
		d.r.Tools = append(d.r.Tools, t)
	case "custom":
		c := v.Get("custom")
		t := Tool{Name: c.Get("name").String(), Description: c.Get("description").String(), Freeform: true}
		if g := c.Get("format.grammar"); g.IsObject() {
			t.Grammar = chatGrammarIn(g)
		}
		d.r.Tools = append(d.r.Tools, t)
	default:
		return chatInvalid("tools", "tools[%d] is a %q, which its provider runs itself; the model that this request was routed to is reached in another format and has no such tool. "+
			"Leave it out, or route the request to a provider that has it.", i, kind)
	}
	return nil
}

func chatFunction(f gjson.Result) Tool {
	t := Tool{Name: f.Get("name").String(), Description: f.Get("description").String()}
	if p := f.Get("parameters"); p.IsObject() {
		t.Schema = json.RawMessage(p.Raw)
	}
	if s := f.Get("strict"); s.IsBool() {
		strict := s.Bool()
		t.Strict = &strict
	}
	return t
}

// chatGrammarIn turns Chat's {"grammar":{syntax,definition}} into the flat form
// that Responses has and Tool.Grammar keeps.
func chatGrammarIn(g gjson.Result) json.RawMessage {
	b := appendString([]byte(`{"type":"grammar","syntax":`), g.Get("syntax").String())
	b = appendString(append(b, `,"definition":`...), g.Get("definition").String())
	return append(b, '}')
}

// readChoice reads tool_choice:
// https://platform.openai.com/docs/guides/function-calling#tool-choice
func (d *chatReader) readChoice(v gjson.Result) error {
	if v.Type == gjson.String {
		return d.chooseMode("tool_choice", v.Str)
	}
	switch kind := v.Get("type").String(); kind {
	case "function", "":
		return d.chooseOne("tool_choice", v.Get("function.name").String())
	case "custom":
		return d.chooseOne("tool_choice", v.Get("custom.name").String())
	case "allowed_tools":
		allowed := v.Get("allowed_tools")
		names := map[string]bool{}
		for _, t := range allowed.Get("tools").Array() {
			name := t.Get("function.name").String()
			if name == "" {
				name = t.Get("custom.name").String()
			}
			names[name] = true
		}
		// No other format can say it; without the others the model cannot call them either.
		d.r.Tools = slices.DeleteFunc(d.r.Tools, func(t Tool) bool { return !names[t.Name] })
		return d.chooseMode("tool_choice", allowed.Get("mode").String())
	default:
		return chatInvalid("tool_choice", "Invalid value for 'tool_choice.type': %q.", kind)
	}
}

func (d *chatReader) chooseMode(param, mode string) error {
	switch mode {
	case "none":
		d.r.ToolChoice.Mode = ToolNone
	case "auto":
		d.r.ToolChoice.Mode = ToolAuto
	case "required", "any": // "any" is Mistral's word
		d.r.ToolChoice.Mode = ToolAny
	default:
		return chatInvalid(param, "Invalid value for '%s': %q.", param, mode)
	}
	return nil
}

func (d *chatReader) chooseOne(param, name string) error {
	if !slices.ContainsFunc(d.r.Tools, func(t Tool) bool { return t.Name == name }) {
		return chatInvalid(param, "Invalid value for '%s': there is no tool %q in this request.", param, name)
	}
	d.r.ToolChoice = ToolChoice{Mode: ToolOne, Name: name}
	return nil
}
