package gatewaytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Answer is what the scripted model says to one request.
type Answer struct {
	Text    string // empty where a tool is called
	Command string // for the tool Bash
	model   string
	stream  bool
	input   int // tokens, estimated
	number  int
}

// conversation is the part of a Messages request that the model looks at.
type conversation struct {
	Model    string `json:"model"`
	Stream   bool   `json:"stream"`
	Messages []struct {
		Role    string `json:"role"`
		Content blocks `json:"content"`
	} `json:"messages"`
	Tools []struct {
		Name string `json:"name"`
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
	Type    string `json:"type"`
	Text    string `json:"text"`
	Content blocks `json:"content"` // of a tool_result
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

func (b blocks) text() string {
	var out []string
	for _, x := range b {
		if x.Text != "" {
			out = append(out, x.Text)
		}
	}
	return strings.Join(out, "\n")
}

// Converse reads the request and decides what to say.
func Converse(r *Request) Answer {
	var c conversation
	_ = json.Unmarshal(r.Body, &c) // what does not fit is answered like an empty conversation
	a := Answer{model: c.Model, stream: c.Stream, input: len(r.Body)/4 + 1, number: r.Number}
	a.Text = fmt.Sprintf("This is the scripted upstream: model %s at %s.", c.Model, r.Path)
	if f := c.format(); f != nil && f.Type == "json_schema" {
		a.Text = string(mustJSON(f.Schema.example()))
		return a
	}
	last := c.lastUser()
	for _, b := range last {
		if b.Type == "tool_result" {
			a.Text = fmt.Sprintf("The tool said: %s (model %s at %s)", strings.TrimSpace(b.Content.text()), c.Model, r.Path)
			return a
		}
	}
	bash := slices.ContainsFunc(c.Tools, func(t struct {
		Name string `json:"name"`
	}) bool {
		return t.Name == "Bash"
	})
	if _, command, ok := strings.Cut(last.text(), "run-tool:"); ok && bash {
		command, _, _ = strings.Cut(command, "\n")
		a.Text, a.Command = "", strings.TrimSpace(command)
	}
	return a
}

func (c *conversation) format() *format {
	if c.OutputConfig.Format != nil {
		return c.OutputConfig.Format
	}
	return c.OutputFormat
}

// lastUser is the content of the last message that is not the system's:
// Claude Code puts system messages among the others.
func (c *conversation) lastUser() blocks {
	for _, m := range slices.Backward(c.Messages) {
		if m.Role == "user" {
			return m.Content
		}
	}
	return nil
}

func (a Answer) opening() []Event { return []Event{MessageStart(a.model, a.input), Ping()} }

func (a Answer) toolID() string { return fmt.Sprintf("toolu_scripted_%d", a.number) }

func (a Answer) toolInput() map[string]any {
	return map[string]any{"command": a.Command, "description": "Run what the prompt asks for"}
}

// reply speaks the answer in the form the client asked for.
func (a Answer) reply() Reply {
	stop, out := "end_turn", len(a.Text)/4+1
	if a.Command != "" {
		stop = "tool_use"
	}
	if a.stream {
		events := a.opening()
		if a.Command != "" {
			events = append(events, ToolBlock(0, a.toolID(), "Bash", a.toolInput())...)
		} else {
			events = append(events, TextBlock(0, words(a.Text)...)...)
		}
		return Reply{Events: append(events, MessageEnd(stop, out)...)}
	}
	content := map[string]any{"type": "text", "text": a.Text}
	if a.Command != "" {
		content = map[string]any{"type": "tool_use", "id": a.toolID(), "name": "Bash", "input": a.toolInput()}
	}
	return Reply{Body: mustJSON(message(a.model, []any{content}, stop, usage(a.input, out)))}
}

func (a Answer) count() Reply {
	return Reply{Body: mustJSON(map[string]any{"input_tokens": a.input})}
}

// words splits text so that a stream has more than one delta.
func words(s string) []string { return strings.SplitAfter(s, " ") }

// schema is the part of JSON Schema that agents use for titles and the like.
type schema struct {
	Type       string            `json:"type"`
	Properties map[string]schema `json:"properties"`
	Enum       []any             `json:"enum"`
}

// example is a value that fits the schema.
func (s schema) example() any {
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	switch s.Type {
	case "object":
		out := map[string]any{}
		for name, p := range s.Properties {
			out[name] = p.example()
		}
		return out
	case "array":
		return []any{}
	case "boolean":
		return false
	case "integer", "number":
		return 1
	case "null":
		return nil
	}
	return "Scripted title"
}
