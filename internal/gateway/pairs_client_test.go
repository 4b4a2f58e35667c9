package gateway

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/routes"
)

// called is a tool call as a client understands it.
type called struct{ ID, Name, Input string }

// said is what a client of any format understands of an answer.
type said struct {
	text, thought string
	calls         []called
	stop          string // in the format's own word
	ended         bool   // the format's last event came, or the whole answer
	failed        string // the message of an error
	usage         bool   // tokens were reported
}

// talk is a client of one format: what it asks, and how it reads answers.
type talk struct {
	format string
	ask    func(model string, stream bool, turns []turn) string
	whole  func(t *testing.T, body string) said
	event  func(t *testing.T, s *said, name, data string)
}

// turn is a step of the conversation: a user's words, or calls and what they returned.
type turn struct {
	user    string
	calls   []called
	results string // of each call
}

func talks() []talk {
	return []talk{
		{routes.Messages, askMessages, readMessages, messagesEvent},
		{routes.Chat, askChat, readChat, chatEvent},
		{routes.Responses, askResponses, readResponses, responsesEvent},
	}
}

// hear reads an answer, whole or a stream.
func (k talk) hear(t *testing.T, a answer) said {
	t.Helper()
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		return k.whole(t, a.body)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("content type %q: %s", a.header.Get("Content-Type"), a.body)
	}
	var s said
	events, rest := split(a.body, len(a.body)+1)
	if rest != "" {
		t.Errorf("the stream ends within an event: %q", rest)
	}
	for _, raw := range events {
		e := parseEvent([]byte(raw))
		if len(e.data) == 0 {
			continue
		}
		if s.ended {
			t.Errorf("after the last event: %q", raw)
		}
		k.event(t, &s, e.name, string(e.data))
	}
	return s
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func decode(t *testing.T, data string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(data), into); err != nil {
		t.Errorf("%v: %s", err, data)
	}
}

type object = map[string]any

func shellSchema() object {
	return object{"type": "object", "properties": object{"command": object{"type": "string"}}, "required": []string{"command"}}
}

// Messages.

func askMessages(model string, stream bool, turns []turn) string {
	var messages []any
	for _, t := range turns {
		if t.user != "" {
			messages = append(messages, object{"role": "user", "content": []any{object{"type": "text", "text": t.user}}})
			continue
		}
		var calls, results []any
		for _, c := range t.calls {
			calls = append(calls, object{"type": "tool_use", "id": c.ID, "name": c.Name, "input": json.RawMessage(c.Input)})
			results = append(results, object{"type": "tool_result", "tool_use_id": c.ID, "content": t.results})
		}
		messages = append(messages, object{"role": "assistant", "content": calls}, object{"role": "user", "content": results})
	}
	return jsonText(object{"model": model, "stream": stream, "max_tokens": 1000, "system": "Be brief.", "messages": messages,
		"tools": []any{object{"name": "Bash", "description": "Runs a command.", "input_schema": shellSchema()}}})
}

type messagesPart struct {
	Type, Text, Thinking, ID, Name string
	Input                          json.RawMessage
	PartialJSON                    string `json:"partial_json"`
}

type messagesAnswer struct {
	Type       string
	Role       string
	Content    []messagesPart
	StopReason string `json:"stop_reason"`
	Usage      *struct {
		Output int `json:"output_tokens"`
	}
	Error struct{ Type, Message string }
}

func (s *said) part(p messagesPart) {
	switch p.Type {
	case "text":
		s.text += p.Text
	case "thinking":
		s.thought += p.Thinking
	case "tool_use":
		s.calls = append(s.calls, called{p.ID, p.Name, string(p.Input)})
	}
}

func readMessages(t *testing.T, body string) said {
	t.Helper()
	var m messagesAnswer
	decode(t, body, &m)
	s := said{stop: m.StopReason, ended: m.Type == "message", failed: m.Error.Message, usage: m.Usage != nil && m.Usage.Output > 0}
	for _, p := range m.Content {
		s.part(p)
	}
	return s
}

func messagesEvent(t *testing.T, s *said, name, data string) {
	t.Helper()
	var e struct {
		Type         string
		Index        int
		ContentBlock messagesPart `json:"content_block"`
		Delta        struct {
			messagesPart
			StopReason string `json:"stop_reason"`
		}
		Usage struct {
			Output int `json:"output_tokens"`
		}
		Error struct{ Message string }
	}
	decode(t, data, &e)
	if e.Type != name {
		t.Errorf("an event is named %q and says %q", name, e.Type)
	}
	switch name {
	case "content_block_start":
		e.ContentBlock.Input = nil
		s.part(e.ContentBlock)
	case "content_block_delta":
		s.text += e.Delta.Text
		s.thought += e.Delta.Thinking
		if e.Delta.PartialJSON != "" {
			s.calls[len(s.calls)-1].Input += e.Delta.PartialJSON
		}
	case "message_delta":
		s.stop, s.usage = e.Delta.StopReason, e.Usage.Output > 0
	case "message_stop":
		s.ended = true
	case "error":
		s.failed = e.Error.Message
	}
}

// Chat.

func askChat(model string, stream bool, turns []turn) string {
	messages := []any{object{"role": "system", "content": "Be brief."}}
	for _, t := range turns {
		if t.user != "" {
			messages = append(messages, object{"role": "user", "content": t.user})
			continue
		}
		var calls, results []any
		for _, c := range t.calls {
			calls = append(calls, object{"id": c.ID, "type": "function", "function": object{"name": c.Name, "arguments": c.Input}})
			results = append(results, object{"role": "tool", "tool_call_id": c.ID, "content": t.results})
		}
		messages = append(append(messages, object{"role": "assistant", "content": nil, "tool_calls": calls}), results...)
	}
	body := object{"model": model, "stream": stream, "messages": messages,
		"tools": []any{object{"type": "function", "function": object{"name": "Bash", "description": "Runs a command.", "parameters": shellSchema()}}}}
	if stream {
		body["stream_options"] = object{"include_usage": true}
	}
	return jsonText(body)
}

type chatMessage struct {
	Content   string
	Reasoning string `json:"reasoning_content"`
	Calls     []struct {
		Index    int
		ID       string
		Function struct{ Name, Arguments string }
	} `json:"tool_calls"`
}

type chatAnswer struct {
	Choices []struct {
		Message, Delta chatMessage
		FinishReason   string `json:"finish_reason"`
	}
	Usage *struct {
		Output int `json:"completion_tokens"`
	}
	Error struct{ Message, Type string }
}

func (s *said) chat(m chatMessage) {
	s.text += m.Content
	s.thought += m.Reasoning
	for _, c := range m.Calls {
		if c.ID != "" {
			s.calls = append(s.calls, called{ID: c.ID, Name: c.Function.Name})
		}
		at := len(s.calls) - 1
		s.calls[at].Input += c.Function.Arguments
	}
}

func readChat(t *testing.T, body string) said {
	t.Helper()
	var c chatAnswer
	decode(t, body, &c)
	s := said{failed: c.Error.Message, usage: c.Usage != nil && c.Usage.Output > 0}
	for _, choice := range c.Choices {
		s.ended, s.stop = true, choice.FinishReason
		s.chat(choice.Message)
	}
	return s
}

func chatEvent(t *testing.T, s *said, name, data string) {
	t.Helper()
	if data == "[DONE]" {
		s.ended = true
		return
	}
	var c chatAnswer
	decode(t, data, &c)
	s.failed += c.Error.Message
	s.usage = s.usage || c.Usage != nil && c.Usage.Output > 0
	for _, choice := range c.Choices {
		s.chat(choice.Delta)
		s.stop += choice.FinishReason
	}
}

// Responses.

func askResponses(model string, stream bool, turns []turn) string {
	input := []any{object{"role": "developer", "content": "Be brief."}}
	for _, t := range turns {
		if t.user != "" {
			input = append(input, object{"role": "user", "content": []any{object{"type": "input_text", "text": t.user}}})
			continue
		}
		for _, c := range t.calls {
			input = append(input, object{"type": "function_call", "call_id": c.ID, "name": c.Name, "arguments": c.Input})
		}
		for _, c := range t.calls {
			input = append(input, object{"type": "function_call_output", "call_id": c.ID, "output": t.results})
		}
	}
	return jsonText(object{"model": model, "stream": stream, "store": false, "input": input, "reasoning": object{"effort": "high", "summary": "auto"},
		"tools": []any{object{"type": "function", "name": "Bash", "description": "Runs a command.", "strict": false, "parameters": shellSchema()}}})
}

type responsesItem struct {
	Type    string
	Content []struct{ Type, Text string }
	Summary []struct{ Text string }
	CallID  string `json:"call_id"`
	Name    string
	Args    string `json:"arguments"`
}

type responsesAnswer struct {
	Status string
	Output []responsesItem
	Usage  *struct {
		Output int `json:"output_tokens"`
	}
	Error *struct{ Message, Code string }
}

func (s *said) item(i responsesItem) {
	switch i.Type {
	case "message":
		for _, c := range i.Content {
			s.text += c.Text
		}
	case "reasoning":
		for _, c := range i.Summary {
			s.thought += c.Text
		}
	case "function_call":
		s.calls = append(s.calls, called{i.CallID, i.Name, i.Args})
	}
}

func (r responsesAnswer) read() said {
	s := said{stop: r.Status, ended: r.Status == "completed" || r.Status == "incomplete", usage: r.Usage != nil && r.Usage.Output > 0}
	if r.Error != nil {
		s.failed = r.Error.Message
	}
	for _, i := range r.Output {
		s.item(i)
	}
	return s
}

func readResponses(t *testing.T, body string) said {
	t.Helper()
	var r responsesAnswer
	decode(t, body, &r)
	return r.read()
}

// responsesEvent holds the deltas against the items, as both are read by clients.
func responsesEvent(t *testing.T, s *said, name, data string) {
	t.Helper()
	var e struct {
		Type     string
		Delta    string
		Item     responsesItem
		Response responsesAnswer
		Message  string
	}
	decode(t, data, &e)
	if e.Type != name {
		t.Errorf("an event is named %q and says %q", name, e.Type)
	}
	switch name {
	case "response.output_item.done":
		s.item(e.Item)
	case "response.completed", "response.incomplete":
		end := e.Response.read()
		if fmt.Sprint(end.text, end.thought, end.calls) != fmt.Sprint(s.text, s.thought, s.calls) {
			t.Errorf("the last event has %+v, the items before it %+v", end, *s)
		}
		*s = end
	case "response.failed":
		s.failed = e.Response.read().failed
	case "error":
		s.failed = e.Message
	}
}
