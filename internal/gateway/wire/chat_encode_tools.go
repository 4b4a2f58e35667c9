package wire

import (
	"github.com/tidwall/gjson"
)

// tools writes the tools and which of them may be called.
func (w *chatWriter) tools() error {
	choice := w.r.ToolChoice
	if choice.Mode == ToolNone && w.q.onlyAuto {
		return nil // the model calls nothing where it is given nothing
	}
	tools, err := withoutServerTools(w.r, func(*Tool) bool { return false }, w.drops)
	if err != nil {
		return err
	}
	if len(tools) == 0 {
		if choice.Mode == ToolAny || choice.Mode == ToolOne {
			return chatInvalid("tool_choice", "tool_choice asks for a tool call, but the request has no tools.")
		}
		return nil
	}
	freeform := false
	for i, t := range tools {
		if t.Cache != nil {
			w.drops.Add("cache_control")
		}
		if i == 0 {
			w.raw(`,"tools":[`)
		} else {
			w.raw(",")
		}
		freeform = freeform || t.Freeform && t.Name == choice.Name
		w.tool(t)
	}
	w.raw("]")
	if w.q.onlyAuto && (choice.Mode == ToolAny || choice.Mode == ToolOne) {
		w.drops.Add("tool_choice")
		choice.Mode = ToolAuto
	}
	switch choice.Mode {
	case ToolAuto, ToolNone:
		w.field("tool_choice", string(choice.Mode))
	case ToolAny:
		w.field("tool_choice", "required")
	case ToolOne:
		kind := "function"
		if freeform && w.custom {
			kind = "custom"
		}
		w.raw(`,"tool_choice":{"type":"` + kind + `","` + kind + `":{"name":`)
		w.str(choice.Name)
		w.raw("}}")
	}
	if p := w.r.ParallelTools; p != nil && !*p { // true is the default
		w.raw(`,"parallel_tool_calls":false`)
	}
	return nil
}

func (w *chatWriter) tool(t *Tool) {
	description := t.Description
	if t.Freeform {
		g := gjson.ParseBytes(t.Grammar)
		definition := g.Get("definition").String()
		if w.custom { // https://platform.openai.com/docs/guides/function-calling#custom-tools
			w.raw(`{"type":"custom","custom":{"name":`)
			w.str(t.Name)
			w.describe(description)
			if definition != "" {
				w.raw(`,"format":{"type":"grammar","grammar":{"syntax":`)
				w.str(g.Get("syntax").String())
				w.field("definition", definition)
				w.raw("}}")
			}
			w.raw("}}")
			return
		}
		if definition != "" {
			description += "\n\nThe input must follow this " + g.Get("syntax").String() + " grammar:\n" + definition
		}
	}
	w.raw(`{"type":"function","function":{"name":`)
	w.str(t.Name)
	w.describe(description)
	switch {
	case t.Freeform:
		w.raw(`,"parameters":{"type":"object","properties":{"input":{"type":"string","description":"The whole input, as plain text"}},"required":["input"],"additionalProperties":false}`)
	case t.Schema == nil:
		w.raw(`,"parameters":{"type":"object","properties":{}}`)
	default:
		w.raw(`,"parameters":`)
		w.dst = append(w.dst, t.Schema...)
	}
	if t.Strict != nil && *t.Strict {
		if w.q.openAI {
			w.raw(`,"strict":true`)
		} else {
			w.drops.Add("tools[].strict")
		}
	}
	w.raw("}}")
}

func (w *chatWriter) describe(s string) {
	if s != "" {
		w.field("description", s)
	}
}
