package gateway

import "github.com/ringlet/ringlet/routes"

// perMessage is what a message's frame costs, in tokens.
// https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb
const perMessage = 4

// estimate is the prompt's size, in two parts: texts, which are measured, and what
// has a price that does not depend on its bytes.
type estimate struct {
	texts sampler
	fixed int // tokens
}

func (e *estimate) tokens(body []byte) int { return e.texts.tokens(body) + e.fixed }

// most is what tokens is at most.
func (e *estimate) most() int { return e.texts.most() + e.fixed }

// counted reads a value all of which the model sees as JSON: tools, and the input
// of tool calls.
func (f *inspector) counted() {
	start := f.i
	f.value()
	f.size.texts.add(f.b, start, f.i, false)
}

// content reads what a message or the system prompt says: a string, or a list of blocks.
func (f *inspector) content() {
	switch f.peek() {
	case '"':
		start := f.i
		quoted := f.quoted()
		f.size.texts.add(f.b, start+1, start+len(quoted)-1, true)
		f.start.text(quoted)
	case '[':
		f.array(f.content)
	case '{':
		f.block(false)
	default:
		f.value()
	}
}

// quoted reads a string and returns it with its quotes; nothing where it is none.
func (f *inspector) quoted() []byte {
	start := f.i
	f.str()
	if f.err != nil {
		return nil
	}
	return f.b[start:f.i]
}

// inner is a quoted string without its quotes.
func inner(quoted []byte) []byte {
	if len(quoted) < 2 {
		return nil
	}
	return quoted[1 : len(quoted)-1]
}

// block reads a message, one of its content blocks, an item, or an object within
// one, and returns its type and role, "" where it has none. turn says that its
// content is the blocks of a message.
func (f *inspector) block(turn bool) (kind, role string) {
	var m media
	tools := 0
	f.object(func(key []byte, _ int) {
		switch string(key) {
		case "type":
			kind = f.text()
		case "role":
			role = f.text()
		case "source":
			f.source(&m)
		case "image_url", "file", "file_data", "input_audio", "detail":
			f.media(&m)
		case "input":
			f.counted()
		case "tools":
			tools = f.tools()
		case "signature", "data", "encrypted_content":
			f.signature()
		case "content":
			f.turnContent(turn)
		case "id", "tool_use_id", "tool_call_id", "call_id", "cache_control", "media_type", "file_id", "file_url", "status":
			// Not what the model reads, or as good as nothing of it.
			f.value()
		default:
			f.content()
		}
	})
	switch kind {
	case "image":
		f.Images++
		f.size.fixed += imageTokens(m.data)
	case "image_url", "input_image", "computer_screenshot":
		f.Images++
		f.size.fixed += imageTiles(m.data, m.detail)
	case "document", "file", "input_file":
		f.Images++
		f.size.fixed += documentTokens(m)
	case "input_audio":
		f.Images++
		f.size.fixed += len(m.data) / audioBytesPerToken
	case "additional_tools":
		f.Tools += tools
	}
	return kind, role
}

// turnContent reads the content of a message, or of a block within one.
func (f *inspector) turnContent(turn bool) {
	if !turn || f.format != routes.Messages || f.peek() != '[' {
		f.content()
		return
	}
	f.blocks = f.elementsOf(func() (kind string) {
		if f.peek() != '{' {
			f.content()
			return ""
		}
		kind, _ = f.block(false)
		f.calls = f.calls || kind == "tool_use"
		return kind
	})
}
