package wire

import (
	"slices"
	"strings"
)

func (w *messagesWriter) writeTurns(a *messagesArranger) {
	w.dst = append(w.dst, `,"messages":[`...)
	for i := range a.turns {
		t := &a.turns[i]
		last := i == len(a.turns)-1
		w.comma()
		w.dst = appendString(append(w.dst, `{"role":`...), string(t.role))
		w.dst = append(w.dst, `,"content":[`...)
		if i > 0 {
			calls := a.turns[i-1].calls
			for j, c := range calls {
				w.comma()
				w.result(c, last && len(t.blocks) == 0 && j == len(calls)-1)
			}
		}
		for j := range t.blocks {
			w.comma()
			w.block(&t.blocks[j], last && t.role == User && j == len(t.blocks)-1)
		}
		w.dst = append(w.dst, "]}"...)
	}
	w.dst = append(w.dst, ']')
}

// block writes a block; last is the end of the conversation, for a cache mark.
func (w *messagesWriter) block(b *messagesBlock, last bool) {
	p := b.part
	if p == nil {
		w.dst = appendString(append(w.dst, `{"type":"text","text":`...), b.text)
		w.cache(nil, last)
		return
	}
	switch p.Kind {
	case Text, Refusal:
		text := p.Text
		if b.text != "" {
			text = b.text
		}
		w.dst = appendString(append(w.dst, `{"type":"text","text":`...), text)
	case Image:
		w.image(p.Media)
	case Document:
		w.document(p.Media)
	case Thinking:
		w.dst = appendString(append(w.dst, `{"type":"thinking","thinking":`...), p.Text)
		w.dst = append(appendString(append(w.dst, `,"signature":`...), p.Signature), '}')
		return // takes no cache mark
	case Redacted:
		w.dst = append(appendString(append(w.dst, `{"type":"redacted_thinking","data":`...), p.Signature), '}')
		return
	case ToolCall:
		w.dst = appendString(append(w.dst, `{"type":"tool_use","id":`...), b.call.id)
		w.dst = appendString(append(w.dst, `,"name":`...), messagesFlat(p.Call.Name))
		w.dst = messagesAppendInput(append(w.dst, `,"input":`...), p.Call)
	}
	w.cache(p.Cache, last)
}

// messagesAppendInput appends a call's input, which must be an object here.
func messagesAppendInput(dst []byte, c *Call) []byte {
	if !c.Freeform {
		if strings.TrimSpace(c.Input) == "" {
			return append(dst, "{}"...)
		}
		if v, ok := messagesParse(c.Input); ok && v.IsObject() {
			return append(dst, c.Input...)
		}
	}
	// Text, or what a model wrote that is no JSON: it must see what it did.
	return append(appendString(append(dst, `{"input":`...), c.Input), '}')
}

// result writes what a call returned. A call without a result was cut off, and the
// API wants one all the same.
func (w *messagesWriter) result(c *messagesCall, last bool) {
	w.dst = appendString(append(w.dst, `{"type":"tool_result","tool_use_id":`...), c.id)
	if c.result == nil {
		w.dst = append(w.dst, `,"content":[{"type":"text","text":"The call was interrupted and has no result."}],"is_error":true`...)
		w.cache(nil, last)
		return
	}
	r := c.result.Result
	parts := make([]*Part, 0, len(r.Parts))
	for i := range r.Parts {
		switch p := &r.Parts[i]; p.Kind {
		case Text, Refusal:
			if strings.TrimSpace(p.Text) != "" {
				parts = append(parts, p)
			}
		case Image, Document:
			parts = append(parts, p)
		default:
			w.drops.Add("a part of a tool's result that is neither text nor image nor document")
		}
	}
	switch {
	case len(parts) > 0:
		w.dst = append(w.dst, `,"content":[`...)
		for _, p := range parts {
			w.comma()
			inner := *p
			inner.Cache = nil // the mark belongs to the result as a whole
			w.block(&messagesBlock{part: &inner}, false)
		}
		w.dst = append(w.dst, ']')
	case r.IsError:
		w.dst = append(w.dst, `,"content":[{"type":"text","text":"The call failed."}]`...) // refused where empty
	}
	media := slices.ContainsFunc(parts, func(p *Part) bool { return p.Kind == Image || p.Kind == Document })
	switch {
	case r.IsError && media:
		// "all content must be type `text` if `is_error` is true"
		w.drops.Add("is_error of a result with images or documents")
	case r.IsError:
		w.dst = append(w.dst, `,"is_error":true`...)
	}
	w.cache(c.result.Cache, last)
}

// messagesImages are the types of images that the API takes:
// https://platform.claude.com/docs/en/build-with-claude/vision
func messagesImages() []string { return []string{"image/jpeg", "image/png", "image/gif", "image/webp"} }

func (w *messagesWriter) image(m *Media) {
	w.dst = append(w.dst, `{"type":"image","source":`...)
	switch {
	case m.URL != "":
		w.url(m.URL)
	case m.FileID != "":
		w.file(m.FileID)
	case m.MIME == "image/jpg":
		w.base64("image/jpeg", m.Data)
	case !slices.Contains(messagesImages(), m.MIME):
		w.fail("images of the type %q cannot be sent to this model; it takes JPEG, PNG, GIF and WebP", m.MIME)
	default:
		w.base64(m.MIME, m.Data)
	}
}

func (w *messagesWriter) document(m *Media) {
	w.dst = append(w.dst, `{"type":"document","source":`...)
	text, plain := messagesPlain(m)
	switch {
	case plain:
		w.dst = appendString(append(w.dst, `{"type":"text","media_type":"text/plain","data":`...), text)
		w.dst = append(w.dst, '}')
	case m.URL != "":
		w.url(m.URL)
	case m.FileID != "":
		w.file(m.FileID)
	case m.MIME == "application/pdf":
		w.base64(m.MIME, m.Data)
	default:
		w.fail("files of the type %q cannot be sent to this model; it takes PDF and plain text", m.MIME)
	}
	if m.Filename != "" {
		w.dst = appendString(append(w.dst, `,"title":`...), m.Filename)
	}
}

func (w *messagesWriter) base64(kind, data string) {
	w.dst = appendString(append(w.dst, `{"type":"base64","media_type":`...), kind)
	w.dst = append(appendString(append(w.dst, `,"data":`...), data), '}')
}

func (w *messagesWriter) url(url string) {
	w.dst = append(appendString(append(w.dst, `{"type":"url","url":`...), url), '}')
}

// file names a file that lies at the provider. Anthropic's identifiers begin with
// "file_", OpenAI's with "file-".
func (w *messagesWriter) file(id string) {
	if !strings.HasPrefix(id, "file_") {
		w.fail("the file %s lies at another provider; send its content instead", id)
	}
	w.dst = append(appendString(append(w.dst, `{"type":"file","file_id":`...), id), '}')
}

func (w *messagesWriter) fail(format string, args ...any) {
	if w.err == nil {
		w.err = messagesInvalid("messages", format, args...)
	}
}
