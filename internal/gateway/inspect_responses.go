package gateway

import "strings"

// responses reads the fields of a Responses request.
// https://platform.openai.com/docs/api-reference/responses/create
func (f *inspector) responses(name []byte, at int) {
	switch key := string(name); key {
	case "max_output_tokens":
		if f.once(seenMaxTokens, key, at) {
			f.MaxTokens = f.whole()
		}
	case "reasoning":
		f.reasoning(key, at)
	case "tools":
		if f.once(seenTools, key, at) {
			f.Tools += f.tools()
		}
	case "instructions":
		if f.once(seenSystem, key, at) {
			f.start.prompt(f.content)
		}
	case "input":
		if f.once(seenMessages, key, at) {
			f.input()
		}
	default:
		f.common(key, at)
	}
}

// input reads the conversation: one text of the user's, or a list of items. Of
// these, messages and the outputs of tools count as messages, as they do in the
// other formats; tool calls and reasoning are parts of an answer.
func (f *inspector) input() {
	if f.peek() == '"' {
		f.Messages = 1
		f.size.fixed += perMessage
		f.start.message(func() string { f.content(); return "user" })
		return
	}
	if f.peek() != '[' {
		f.value()
		return
	}
	f.elementsOf(func() string {
		kind, role := f.turn()
		if role != "" || strings.HasSuffix(kind, "_output") {
			f.Messages++
		}
		return kind
	})
}

// tools reads a list of tools, all of which the model sees, and counts them.
func (f *inspector) tools() (n int) {
	start := f.i
	n = f.countTools()
	f.size.texts.add(f.b, start, f.i, false)
	return n
}

// countTools counts a namespace, which Codex sends for each MCP server, by the tools in it.
func (f *inspector) countTools() int {
	more := 0
	n := f.elements(func() {
		kind, inner := "", -1
		f.members(func(key []byte, _ int) {
			switch string(key) {
			case "type":
				kind = f.text()
			case "tools":
				inner = f.countTools()
			default:
				f.value()
			}
		})
		if kind == "namespace" && inner >= 0 {
			more += inner - 1
		}
	})
	return n + more
}
