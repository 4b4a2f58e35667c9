package wire

import "strings"

func (w *chatWriter) messages() error {
	list := chatArrange(w.r, w.q)
	schema := w.r.Output.Kind == "schema" && w.q.noSchema
	if schema && (len(list) == 0 || list[0].role != "system") {
		list = append([]chatOut{{role: "system"}}, list...)
	}
	for i := range list {
		m := &list[i]
		switch m.role {
		case "system":
			w.system(m, schema && i == 0)
		case "user":
			if err := w.user(m); err != nil {
				return err
			}
		case "assistant":
			w.assistant(m)
		case "tool":
			w.result(m.result)
		}
	}
	return nil
}

// begin opens a message, up to and without its content.
func (w *chatWriter) begin(role string) {
	if w.role != "" {
		w.raw(",")
	}
	if w.q.shortIDs && w.role == "tool" && role == "user" {
		w.raw(`{"role":"assistant","content":"OK."},`)
	}
	w.role = role
	w.raw(`{"role":"` + role + `"`)
}

// texts writes parts as one string, with blank lines between them, and tells
// whether there was any text.
func (w *chatWriter) texts(parts []Part) bool {
	any := false
	for _, p := range parts {
		s := p.Text
		if p.Kind == Document && p.Media != nil {
			s = chatPlain(p.Media)
		}
		if p.Cache != nil {
			w.drops.Add("cache_control")
		}
		if s == "" || p.Kind == Thinking || p.Kind == Redacted {
			continue
		}
		if any {
			w.raw(`\n\n`)
		}
		w.dst = appendInner(w.dst, s)
		any = true
	}
	return any
}

func (w *chatWriter) system(m *chatOut, schema bool) {
	w.begin("system")
	w.raw(`,"content":"`)
	some := w.texts(m.parts)
	if schema {
		if some {
			w.raw(`\n\n`)
		}
		w.raw(`Answer with one JSON object and nothing else. It must be valid against this JSON Schema:\n`)
		w.dst = appendInner(w.dst, string(w.r.Output.Schema))
	}
	w.raw(`"}`)
}

func (w *chatWriter) user(m *chatOut) error {
	w.begin("user")
	plain := true
	for _, p := range m.parts {
		plain = plain && (p.Kind == Text || p.Kind == Refusal || p.Kind == Document && p.Media != nil && p.Media.Text != "")
	}
	if plain { // a string is what every provider takes
		w.raw(`,"content":"`)
		w.texts(m.parts)
		w.raw(`"}`)
		return nil
	}
	w.raw(`,"content":[`)
	first := true
	for i := range m.parts {
		if m.parts[i].Cache != nil {
			w.drops.Add("cache_control")
		}
		if m.parts[i].Kind != Image && m.parts[i].Kind != Document && m.parts[i].Text == "" {
			continue
		}
		if !first {
			w.raw(",")
		}
		first = false
		if err := w.part(&m.parts[i]); err != nil {
			return err
		}
	}
	w.raw("]}")
	return nil
}

// part writes one part of a user message.
func (w *chatWriter) part(p *Part) error {
	m := p.Media
	switch {
	case p.Kind != Image && p.Kind != Document || m == nil:
		w.raw(`{"type":"text","text":`)
		w.str(p.Text)
		w.raw("}")
	case m.Text != "":
		w.raw(`{"type":"text","text":`)
		w.str(chatPlain(m))
		w.raw("}")
	case p.Kind == Image:
		if m.URL == "" && m.Data == "" {
			return chatInvalid("messages", "An image is given by the id of a file at its provider (%s), where the model that this request was routed to cannot read it. Send the image itself.", m.FileID)
		}
		w.raw(`{"type":"image_url","image_url":{"url":`)
		w.media(m, "image/png")
		if m.Detail != "" {
			w.field("detail", m.Detail)
		}
		w.raw("}}")
	default:
		return w.file(m)
	}
	return nil
}

// file writes a document: https://platform.openai.com/docs/guides/pdf-files?api-mode=chat
func (w *chatWriter) file(m *Media) error {
	switch {
	case m.Data != "":
		name := m.Filename
		if name == "" {
			name = "document.pdf" // OpenAI wants a name
		}
		w.raw(`{"type":"file","file":{"filename":`)
		w.str(name)
		w.raw(`,"file_data":`)
		w.media(m, "application/pdf")
		w.raw("}}")
	case m.FileID != "" && w.q.openAI:
		w.raw(`{"type":"file","file":{"file_id":`)
		w.str(m.FileID)
		w.raw("}}")
	case m.URL != "" && w.t.Provider == "openrouter": // https://openrouter.ai/docs/features/multimodal/pdfs
		w.raw(`{"type":"file","file":{"filename":"document.pdf","file_data":`)
		w.str(m.URL)
		w.raw("}}")
	case m.FileID != "":
		return chatInvalid("messages", "A document is given by the id of a file at its provider (%s), where the model that this request was routed to cannot read it. Send the document itself.", m.FileID)
	default:
		return chatInvalid("messages", "A document is given by its address, which Chat Completions cannot say. Send the document itself, in base64.")
	}
	return nil
}

// media writes a URL: its own, or one that holds the data.
func (w *chatWriter) media(m *Media, mime string) {
	if m.Data == "" {
		w.str(m.URL)
		return
	}
	if m.MIME != "" {
		mime = m.MIME
	}
	w.raw(`"data:`)
	w.dst = appendInner(w.dst, mime)
	w.raw(`;base64,`)
	w.dst = appendInner(w.dst, m.Data)
	w.raw(`"`)
}

// chatPlain is a plain-text document as text.
func chatPlain(m *Media) string {
	if m.Filename == "" || m.Text == "" {
		return m.Text
	}
	return m.Filename + ":\n" + m.Text
}

// assistant writes what the model said and called. Thinking goes back only where
// the provider wants it, and only what no other provider signed.
func (w *chatWriter) assistant(m *chatOut) {
	var thoughts []string
	spoken := false
	for _, p := range m.parts {
		switch {
		case p.Kind == Redacted:
			w.drops.Add("redacted_thinking")
		case p.Kind != Thinking:
			spoken = spoken || p.Text != ""
		case w.q.thoughts == "" || p.SignedBy != "":
			w.drops.Add("thinking")
		case p.Text != "":
			thoughts = append(thoughts, p.Text)
		}
	}
	if !spoken && len(m.calls) == 0 {
		return
	}
	w.begin("assistant")
	if spoken {
		w.raw(`,"content":"`)
		w.texts(m.parts)
		w.raw(`"`)
	} else {
		w.raw(`,"content":null`)
	}
	missing := w.q.needThoughtsAlways || w.q.needThoughts && len(m.calls) > 0
	if len(thoughts) > 0 || missing && chatEffort(w.r.Reasoning) != "none" {
		w.field(w.q.thoughts, strings.Join(thoughts, "\n\n"))
	}
	for i, c := range m.calls {
		if i == 0 {
			w.raw(`,"tool_calls":[`)
		} else {
			w.raw(",")
		}
		w.call(c)
	}
	if len(m.calls) > 0 {
		w.raw("]")
	}
	w.raw("}")
}

func (w *chatWriter) call(c *Call) {
	w.raw(`{"id":`)
	w.str(w.id(c.ID))
	if c.Freeform && w.custom {
		w.raw(`,"type":"custom","custom":{"name":`)
		w.str(c.Name)
		w.field("input", c.Input)
		w.raw("}}")
		return
	}
	w.raw(`,"type":"function","function":{"name":`)
	w.str(c.Name)
	input := c.Input
	switch {
	case c.Freeform:
		input = chatWrap(input)
	case strings.TrimSpace(input) == "":
		input = "{}"
	case !w.q.openAI:
		// Servers that hand arguments to a template parse them first, and refuse the whole
		// request for a call that the model got wrong turns ago.
		if _, err := chatParse([]byte(input)); err != nil {
			input = chatWrap(input)
		}
	}
	w.field("arguments", input)
	w.raw("}}")
}

// chatWrap is a text as the arguments of a function with the one property "input".
func chatWrap(text string) string {
	return string(append(appendString([]byte(`{"input":`), text), '}'))
}

// id is a call's identifier as the provider takes it.
func (w *chatWriter) id(id string) string {
	switch {
	case w.q.shortIDs && !chatShort(id):
		return chatID("", 9, id)
	case w.q.openAI && len(id) > 40: // "string too long. Expected a string with maximum length 40"
		return chatID("call_", 24, id)
	}
	return id
}

func chatShort(id string) bool {
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(id) == 9
}

// result writes what a tool returned, as text. There is no field for a failure.
func (w *chatWriter) result(r *Result) {
	w.begin("tool")
	w.field("tool_call_id", w.id(r.ID))
	w.raw(`,"content":"`)
	if r.IsError {
		w.raw("Error: ")
	}
	if !w.texts(r.Parts) && len(r.Parts) > 0 && chatMedia(r) != nil {
		w.raw("(the result follows in the next user message)")
	}
	w.raw(`"}`)
}
