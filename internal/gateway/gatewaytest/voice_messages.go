package gatewaytest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// messagesVoice is Anthropic Messages.
type messagesVoice struct{}

type messagesBody struct {
	Model     string `json:"model"`
	Stream    bool   `json:"stream"`
	MaxTokens *int   `json:"max_tokens"`
	Messages  []struct {
		Role    string `json:"role"`
		Content blocks `json:"content"`
	} `json:"messages"`
	Tools []struct {
		Name        string `json:"name"`
		Type        string `json:"type"`
		InputSchema schema `json:"input_schema"`
	} `json:"tools"`
	OutputConfig struct {
		Format *format `json:"format"`
	} `json:"output_config"`
	OutputFormat *format `json:"output_format"`
}

type format struct {
	Type   string `json:"type"`
	Schema schema `json:"schema"`
}

type block struct {
	Type      string `json:"type"`
	Text      string `json:"text"`
	ID        string `json:"id"`
	ToolUseID string `json:"tool_use_id"`
	Thinking  string `json:"thinking"`
	Signature string `json:"signature"`
	Content   texts  `json:"content"` // of a tool_result
}

// blocks are content: a string or a list.
type blocks []block

// UnmarshalJSON takes both forms of content.
func (b *blocks) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*b = blocks{{Type: "text", Text: text}}
		return nil
	}
	var list []block
	err := json.Unmarshal(data, &list)
	*b = list
	return err
}

func (messagesVoice) read(body []byte) conversation {
	var b messagesBody
	_ = json.Unmarshal(body, &b) // what does not fit is answered like an empty conversation
	c := conversation{Model: b.Model, Stream: b.Stream}
	for _, f := range []*format{b.OutputConfig.Format, b.OutputFormat} {
		if f != nil && f.Type == "json_schema" && c.Schema == nil {
			c.Schema = &f.Schema
		}
	}
	for _, t := range b.Tools {
		c.Tools = append(c.Tools, offered{name: t.Name, schema: t.InputSchema})
	}
	// The last message that is not the system's: Claude Code puts system messages among the others.
	for _, m := range slices.Backward(b.Messages) {
		if m.Role != "user" {
			continue
		}
		var said, results []string
		for _, x := range m.Content {
			if x.Type == "tool_result" {
				c.HasResult = true
				results = append(results, string(x.Content))
			} else if x.Text != "" {
				said = append(said, x.Text)
			}
		}
		c.LastUser, c.Result = strings.Join(said, "\n"), strings.Join(results, "\n")
		break
	}
	return c
}

func (v messagesVoice) stream(a Answer, upTo stage, pieces []string) []Event {
	events := []Event{MessageStart(a.model, a.input), Ping()}
	if upTo == opening {
		return events
	}
	index := 0
	if a.Thought != "" {
		events = append(events, ThinkingBlock(0, a.Thought, Signature(a.path, a.Thought))...)
		index++
	}
	if upTo == half {
		return append(events, TextBlock(index, "half an ")[:2]...)
	}
	if a.Command == "" {
		events = append(events, TextBlock(index, pieces...)...)
		return append(events, MessageEnd("end_turn", max(a.outputTokens(), len(pieces)))...)
	}
	for call := range a.Calls {
		events = append(events, ToolBlock(index+call, a.toolID(call), a.tool.name, a.commandOf(call))...)
	}
	return append(events, MessageEnd("tool_use", a.outputTokens())...)
}

func (messagesVoice) whole(a Answer) []byte {
	content := []any{}
	if a.Thought != "" {
		content = append(content, map[string]any{"type": "thinking", "thinking": a.Thought, "signature": Signature(a.path, a.Thought)})
	}
	stop := "end_turn"
	if a.Command == "" {
		content = append(content, map[string]any{"type": "text", "text": a.Text})
	} else {
		stop = "tool_use"
		for call := range a.Calls {
			content = append(content, map[string]any{"type": "tool_use", "id": a.toolID(call), "name": a.tool.name, "input": a.commandOf(call)})
		}
	}
	return mustJSON(message(a.model, content, stop, usage(a.input, a.outputTokens())))
}

func (messagesVoice) errorEvent(kind, text string) Event { return ErrorEvent(kind, text) }

func (messagesVoice) failure(status int, text string) []byte { return Error(status, text).Body }

// Signature is how the upstream at a path signs its thinking; it refuses any other.
func Signature(path, thought string) string {
	sum := sha256.Sum256([]byte(path + "\n" + thought))
	return "scripted-" + hex.EncodeToString(sum[:])
}

// ThinkingBlock is a content block of signed thinking.
func ThinkingBlock(index int, thought, signature string) []Event {
	return []Event{
		NewEvent("content_block_start", map[string]any{"type": "content_block_start", "index": index,
			"content_block": map[string]any{"type": "thinking", "thinking": "", "signature": ""}}),
		NewEvent("content_block_delta", map[string]any{"type": "content_block_delta", "index": index,
			"delta": map[string]any{"type": "thinking_delta", "thinking": thought}}),
		NewEvent("content_block_delta", map[string]any{"type": "content_block_delta", "index": index,
			"delta": map[string]any{"type": "signature_delta", "signature": signature}}),
		NewEvent("content_block_stop", map[string]any{"type": "content_block_stop", "index": index}),
	}
}

// continues reports whether a request goes on with a message thread and brings only
// what is new: https://platform.claude.com/docs/en/build-with-claude/message-threads
func continues(r *Request) bool {
	var b struct {
		Thread struct {
			Type string `json:"type"`
		} `json:"thread"`
	}
	return strings.HasSuffix(r.Path, "/v1/messages") && json.Unmarshal(r.Body, &b) == nil && b.Thread.Type == "continue"
}

// lostThread is the answer to it: no thread is held here for long.
func lostThread() Reply {
	return Reply{Status: 404, Body: []byte(`{"type":"error","error":{"type":"not_found_error","message":"Thread not found.","details":{"error_code":"thread_not_found"}}}`)}
}

func (messagesVoice) refuse(r *Request) (int, string) {
	if r.Header.Get("Anthropic-Version") == "" {
		return 400, "anthropic-version: header is required"
	}
	var given map[string]json.RawMessage
	_ = json.Unmarshal(r.Body, &given) // it is an object, or what follows says so
	switch {
	case r.Model == "":
		return 400, "model: Field required"
	case given["messages"] == nil:
		return 400, "messages: Field required"
	case given["max_tokens"] == nil && strings.HasSuffix(r.Path, "/v1/messages"):
		return 400, "max_tokens: Field required"
	}
	var b messagesBody
	if err := json.Unmarshal(r.Body, &b); err != nil {
		return 400, "messages: " + err.Error()
	}
	return b.refuse(r.Path)
}

// refuse checks the order of turns, calls and results, and the signatures.
func (b *messagesBody) refuse(path string) (int, string) {
	var open []string // calls that wait for a result
	for i, m := range b.Messages {
		if !slices.Contains([]string{"user", "assistant", "system"}, m.Role) {
			return 400, fmt.Sprintf("messages.%d.role: Input should be 'user' or 'assistant'", i)
		}
		var calls, results []string
		for j, x := range m.Content {
			at := fmt.Sprintf("messages.%d.content.%d", i, j)
			switch x.Type {
			case "text":
				if x.Text == "" {
					return 400, at + ".text: text content blocks must be non-empty"
				}
			case "tool_use":
				calls = append(calls, x.ID)
			case "tool_result":
				results = append(results, x.ToolUseID)
			case "thinking":
				if x.Signature != Signature(path, x.Thinking) {
					return 400, at + ": Invalid `signature` in `thinking` block"
				}
			}
		}
		if m.Role == "system" {
			continue
		}
		for _, id := range open {
			if !slices.Contains(results, id) {
				return 400, fmt.Sprintf("messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: %s", i, id)
			}
		}
		for _, id := range results {
			if !slices.Contains(open, id) {
				return 400, fmt.Sprintf("messages.%d: unexpected `tool_use_id` found in `tool_result` blocks: %s", i, id)
			}
		}
		open = calls
	}
	return 0, ""
}
