package gatewaytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Answer is what the scripted model says to one request.
type Answer struct {
	Thought string // before anything else; empty where the model does not think
	Text    string // empty where a tool is called
	Command string // for the shell tool
	Calls   int    // how many times it is called in parallel; 1 unless the model's name asks for more
	tool    offered
	voice   voice
	model   string
	path    string
	stream  bool
	usage   bool // a usage chunk is wanted
	input   int  // tokens, estimated
	number  int
}

// Converse reads the request and decides what to say.
func Converse(r *Request) Answer {
	v := voiceOf(r.Path)
	if v == nil {
		v = messagesVoice{}
	}
	c := v.read(r.Body)
	a := Answer{voice: v, model: c.Model, path: r.Path, stream: c.Stream, usage: c.Usage, input: len(r.Body)/4 + 1, number: r.Number, Calls: 1}
	if strings.Contains(c.Model, "thinks") {
		a.Thought = fmt.Sprintf("Thought number %d.", r.Number)
	}
	if n, ok := number(c.Model, `calls-(\d)`); ok {
		a.Calls = n
	}
	a.Text = fmt.Sprintf("This is the scripted upstream: model %s at %s.", c.Model, r.Path)
	if c.Schema != nil {
		a.Text = string(mustJSON(c.Schema.example()))
		return a
	}
	if c.HasResult {
		a.Text = fmt.Sprintf("The tool said: %s (model %s at %s)", strings.TrimSpace(c.Result), c.Model, r.Path)
		return a
	}
	if _, command, ok := strings.Cut(c.LastUser, "run-tool:"); ok {
		if tool, ok := c.shell(); ok {
			command, _, _ = strings.Cut(command, "\n")
			a.Text, a.Command, a.tool = "", strings.TrimSpace(command), tool
		}
	}
	return a
}

func (a Answer) toolID(call int) string { return fmt.Sprintf("toolu_scripted_%d_%d", a.number, call) }

// commandOf is the command of each of the parallel calls.
func (a Answer) commandOf(call int) map[string]any { return a.tool.input(a.Command) }

func (a Answer) outputTokens() int { return len(a.Text)/4 + 1 }

// reply speaks the answer in the form the client asked for.
func (a Answer) reply() Reply {
	if a.stream {
		return Reply{Events: a.voice.stream(a, all, words(a.Text))}
	}
	return Reply{Body: a.voice.whole(a)}
}

func (a Answer) count() Reply {
	return Reply{Body: mustJSON(map[string]any{"input_tokens": a.input})}
}

// words splits text so that a stream has more than one delta.
func words(s string) []string { return strings.SplitAfter(s, " ") }

// schema is the part of JSON Schema that agents use.
type schema struct {
	Type       typeName          `json:"type"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Enum       []any             `json:"enum"`
}

// typeName is a schema's type: a name, or of a list of names the first.
type typeName string

// UnmarshalJSON takes both forms.
func (t *typeName) UnmarshalJSON(raw []byte) error {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		if len(list) > 0 {
			*t = typeName(list[0])
		}
		return nil
	}
	return json.Unmarshal(raw, (*string)(t))
}

func (s schema) requires(name string) bool { return slices.Contains(s.Required, name) }

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
