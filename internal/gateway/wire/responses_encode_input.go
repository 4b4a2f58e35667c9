package wire

import (
	"strings"

	"github.com/tidwall/gjson"
)

// input writes the instructions and the conversation. The system turns that come
// before everything else are the instructions; later ones stay where they are.
func (w *respWriter) input() error {
	turns := w.r.Turns
	var lead []string
	for len(turns) > 1 && turns[0].Role == System {
		for i := range turns[0].Parts {
			if p := &turns[0].Parts[i]; p.Text != "" {
				lead = append(lead, p.Text)
			}
			w.noteCache(&turns[0].Parts[i])
		}
		turns = turns[1:]
	}
	if len(lead) > 0 {
		w.field("instructions", strings.Join(lead, "\n\n"))
	}
	w.raw(`,"input":[`)
	for i := range turns {
		if err := w.turn(&turns[i]); err != nil {
			return err
		}
	}
	w.raw("]")
	if w.items == 0 {
		return respInvalid("messages", "The conversation is empty.")
	}
	return nil
}

func (w *respWriter) noteCache(p *Part) {
	if len(p.Cache) > 0 {
		w.drops.Add("cache_control")
	}
}

// item begins an item of the input.
func (w *respWriter) item(head string) {
	if w.items++; w.items > 1 {
		w.raw(",")
	}
	w.raw(head)
}

// turn writes a turn as items: neighbouring texts and media are one message, while calls,
// results and reasoning are items of their own.
func (w *respWriter) turn(t *Turn) error {
	open := false // a message, whose content is being written
	var pending *Part
	end := func() {
		if open {
			w.raw("]}")
			open = false
		}
	}
	for i := range t.Parts {
		p := &t.Parts[i]
		w.noteCache(p)
		switch p.Kind {
		case Thinking, Redacted:
			// Reasoning must be followed by what it led to: "Item 'rs_…' of type
			// 'reasoning' was provided without its required following item."
			end()
			w.reasonings(pending)
			pending = w.own(p)
		case ToolCall:
			end()
			w.reasonings(pending)
			pending = nil
			w.call(p.Call)
		case ToolResult:
			end()
			if err := w.result(p.Result); err != nil {
				return err
			}
		default:
			if p.Kind == Text && p.Text == "" {
				continue
			}
			if open {
				w.raw(",")
			} else {
				w.reasonings(pending)
				pending = nil
				w.item(`{"type":"message","role":"` + string(t.Role) + `","content":[`)
				open = true
			}
			if err := w.part(p, t.Role == Assistant); err != nil {
				return err
			}
		}
	}
	end()
	if pending != nil {
		w.drops.Add("thinking")
	}
	return nil
}

// own is the part if it is this format's: what another one signed means nothing here.
func (w *respWriter) own(p *Part) *Part {
	if p.SignedBy != Responses || p.Signature == "" || !w.model.reasons {
		w.drops.Add("thinking")
		return nil
	}
	return p
}

func (w *respWriter) reasonings(p *Part) {
	if p == nil {
		return
	}
	w.item(`{"type":"reasoning"`)
	if strings.HasPrefix(p.ID, "rs_") && len(p.ID) <= 64 {
		w.field("id", p.ID)
	}
	w.raw(`,"summary":[`)
	if p.Text != "" {
		w.raw(`{"type":"summary_text"`)
		w.field("text", p.Text)
		w.raw("}")
	}
	w.raw("]")
	w.field("encrypted_content", p.Signature)
	w.raw("}")
}

// call writes a call without an id of the item: with one, OpenAI would look for the
// reasoning that it has stored before it ("without its required 'reasoning' item").
func (w *respWriter) call(c *Call) {
	w.freeform[c.ID] = c.Freeform
	kind, field := "function_call", "arguments"
	if c.Freeform {
		kind, field = "custom_tool_call", "input"
	}
	w.item(`{"type":"` + kind + `"`)
	w.field("call_id", respCallID(c.ID))
	w.field("name", c.Name)
	input := c.Input
	if input == "" && !c.Freeform {
		input = "{}"
	}
	w.field(field, input)
	w.raw("}")
}

// result writes what a tool returned: as a text where it is one, which every
// provider takes, else as a list.
func (w *respWriter) result(r *Result) error {
	kind := "function_call_output"
	if freeform, called := w.freeform[r.ID]; freeform || !called && r.Freeform {
		kind = "custom_tool_call_output"
	}
	if r.IsError {
		w.drops.Add("tool_result.is_error") // its text says so
	}
	w.item(`{"type":"` + kind + `"`)
	w.field("call_id", respCallID(r.ID))
	w.raw(`,"output":`)
	text := true
	for i := range r.Parts {
		text = text && r.Parts[i].Kind == Text
		w.noteCache(&r.Parts[i])
	}
	if text {
		w.raw(`"`)
		for i := range r.Parts {
			if i > 0 {
				w.raw(`\n`)
			}
			w.dst = appendInner(w.dst, r.Parts[i].Text)
		}
		w.raw(`"}`)
		return nil
	}
	w.raw("[")
	for i := range r.Parts {
		if i > 0 {
			w.raw(",")
		}
		if err := w.part(&r.Parts[i], false); err != nil {
			return err
		}
	}
	w.raw("]}")
	return nil
}

// part writes a piece of content.
func (w *respWriter) part(p *Part, output bool) error {
	switch p.Kind {
	case Text:
		if output {
			w.raw(`{"type":"output_text"`)
		} else {
			w.raw(`{"type":"input_text"`)
		}
		w.field("text", p.Text)
	case Refusal:
		if output {
			w.raw(`{"type":"refusal"`)
			w.field("refusal", p.Text)
		} else {
			w.raw(`{"type":"input_text"`)
			w.field("text", p.Text)
		}
	case Image, Document:
		if p.Media == nil {
			return respInvalid("input", "An image or document is empty.")
		}
		if output {
			return respInvalid("input", "A message of the assistant cannot hold an image or a document here.")
		}
		w.media(p.Kind, p.Media)
	default:
		return respInvalid("input", "A message holds what this provider does not know.")
	}
	w.raw("}")
	return nil
}

func (w *respWriter) media(kind PartKind, m *Media) {
	mime := m.MIME
	if kind == Image {
		w.raw(`{"type":"input_image"`)
		switch {
		case m.Data != "":
			if mime == "" {
				mime = "image/png"
			}
			w.raw(`,"image_url":"data:`)
			w.dst = appendInner(append(appendInner(w.dst, mime), ";base64,"...), m.Data)
			w.raw(`"`)
		case m.FileID != "":
			w.field("file_id", m.FileID)
		default:
			w.field("image_url", m.URL)
		}
		detail := m.Detail
		if detail == "" {
			detail = "auto"
		}
		w.field("detail", detail)
		return
	}
	name := m.Filename
	if m.Text != "" { // every model reads text; not every provider reads files of it
		text := m.Text
		if name != "" {
			text = name + ":\n\n" + text
		}
		w.raw(`{"type":"input_text"`)
		w.field("text", text)
		return
	}
	w.raw(`{"type":"input_file"`)
	switch {
	case m.Data != "":
		if mime == "" {
			mime = "application/pdf"
		}
		if name == "" {
			name = "document.pdf"
		}
		w.field("filename", name)
		w.raw(`,"file_data":"data:`)
		w.dst = appendInner(append(appendInner(w.dst, mime), ";base64,"...), m.Data)
		w.raw(`"`)
	case m.FileID != "":
		w.field("file_id", m.FileID)
	default:
		w.field("file_url", m.URL)
	}
}

// respGrammar is a freeform tool's format in this format's words: Chat has the same with
// one object more (https://platform.openai.com/docs/guides/function-calling#custom-tools).
func respGrammar(raw []byte) []byte {
	inner := gjson.GetBytes(raw, "grammar")
	if !inner.IsObject() {
		return raw
	}
	out := appendString([]byte(`{"type":"grammar","syntax":`), inner.Get("syntax").Str)
	return append(respField(out, "definition", inner.Get("definition").Str), '}')
}
