package gatewaytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// responsesVoice is OpenAI Responses:
// https://platform.openai.com/docs/api-reference/responses
type responsesVoice struct{}

type responsesBody struct {
	Model        string         `json:"model"`
	Stream       bool           `json:"stream"`
	Instructions string         `json:"instructions"`
	Input        responsesInput `json:"input"`
	Tools        []responsesTool
	Text         struct {
		Format format `json:"format"`
	} `json:"text"`
}

type responsesTool struct {
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Parameters schema          `json:"parameters"`
	Tools      []responsesTool `json:"tools"` // of a namespace
}

type responsesItem struct {
	Type             string          `json:"type"`
	Role             string          `json:"role"`
	Content          texts           `json:"content"`
	CallID           string          `json:"call_id"`
	Output           texts           `json:"output"`
	EncryptedContent string          `json:"encrypted_content"`
	Tools            []responsesTool `json:"tools"` // of additional_tools
}

// responsesInput is a string or a list of items.
type responsesInput []responsesItem

// UnmarshalJSON takes both forms.
func (in *responsesInput) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*in = responsesInput{{Type: "message", Role: "user", Content: texts(text)}}
		return nil
	}
	var list []responsesItem
	err := json.Unmarshal(raw, &list)
	*in = list
	return err
}

func (responsesVoice) read(body []byte) conversation {
	var b responsesBody
	_ = json.Unmarshal(body, &b) // what does not fit is answered like an empty conversation
	c := conversation{Model: b.Model, Stream: b.Stream, Usage: true}
	if b.Text.Format.Type == "json_schema" {
		c.Schema = &b.Text.Format.Schema
	}
	c.offer(b.Tools, "")
	for _, item := range b.Input {
		switch {
		case item.Role == "user":
			c.LastUser, c.Result, c.HasResult = string(item.Content), "", false
		case item.Type == "additional_tools":
			c.offer(item.Tools, "")
		case strings.HasSuffix(item.Type, "_output"):
			c.Result, c.HasResult = strings.TrimLeft(c.Result+"\n"+string(item.Output), "\n"), true
		}
	}
	return c
}

func (c *conversation) offer(tools []responsesTool, namespace string) {
	for _, t := range tools {
		if t.Type == "namespace" {
			c.offer(t.Tools, t.Name)
			continue
		}
		c.Tools = append(c.Tools, offered{name: t.Name, namespace: namespace, schema: t.Parameters, freeform: t.Type == "custom"})
	}
}

// responsesStream numbers the events as it makes them.
type responsesStream struct {
	events []Event
	items  []any
}

func (s *responsesStream) add(kind string, fields map[string]any) {
	v := map[string]any{"type": kind, "sequence_number": len(s.events)}
	maps.Copy(v, fields)
	s.events = append(s.events, NewEvent(kind, v))
}

func (s *responsesStream) done(item map[string]any) {
	s.add("response.output_item.done", map[string]any{"output_index": len(s.items), "item": item})
	s.items = append(s.items, item)
}

func (v responsesVoice) stream(a Answer, upTo stage, pieces []string) []Event {
	s := &responsesStream{}
	s.add("response.created", map[string]any{"response": v.response(a, "in_progress", nil)})
	s.add("response.in_progress", map[string]any{"response": v.response(a, "in_progress", nil)})
	if upTo == opening {
		return s.events
	}
	if a.Thought != "" {
		v.think(s, a)
	}
	if a.Command == "" || upTo == half {
		v.say(s, upTo, pieces)
	} else {
		for call := range a.Calls {
			v.call(s, a, call)
		}
	}
	if upTo == half {
		return s.events
	}
	s.add("response.completed", map[string]any{"response": v.response(a, "completed", s.items)})
	return s.events
}

func (responsesVoice) think(s *responsesStream, a Answer) {
	at := map[string]any{"item_id": "rs_scripted", "output_index": len(s.items), "summary_index": 0}
	item := map[string]any{"id": "rs_scripted", "type": "reasoning", "summary": []any{}}
	s.add("response.output_item.added", map[string]any{"output_index": len(s.items), "item": item})
	s.add("response.reasoning_summary_part.added", merge(at, "part", map[string]any{"type": "summary_text", "text": ""}))
	s.add("response.reasoning_summary_text.delta", merge(at, "delta", a.Thought))
	s.add("response.reasoning_summary_text.done", merge(at, "text", a.Thought))
	s.add("response.reasoning_summary_part.done", merge(at, "part", map[string]any{"type": "summary_text", "text": a.Thought}))
	s.done(reasoningItem(a))
}

func reasoningItem(a Answer) map[string]any {
	return map[string]any{"id": "rs_scripted", "type": "reasoning", "summary": []any{map[string]any{"type": "summary_text", "text": a.Thought}},
		"encrypted_content": Signature(a.path, a.Thought)}
}

func (responsesVoice) say(s *responsesStream, upTo stage, pieces []string) {
	at := map[string]any{"item_id": "msg_scripted", "output_index": len(s.items), "content_index": 0}
	s.add("response.output_item.added", map[string]any{"output_index": len(s.items),
		"item": map[string]any{"id": "msg_scripted", "type": "message", "status": "in_progress", "role": "assistant", "content": []any{}}})
	s.add("response.content_part.added", merge(at, "part", textPart("")))
	if upTo == half {
		s.add("response.output_text.delta", merge(at, "delta", "half an "))
		return
	}
	for _, p := range pieces {
		s.add("response.output_text.delta", merge(at, "delta", p))
	}
	text := strings.Join(pieces, "")
	s.add("response.output_text.done", merge(at, "text", text))
	s.add("response.content_part.done", merge(at, "part", textPart(text)))
	s.done(messageItem(text))
}

func (v responsesVoice) call(s *responsesStream, a Answer, call int) {
	item := callItem(a, call)
	args, _ := item["arguments"].(string)
	begun := maps.Clone(item)
	begun["status"], begun["arguments"] = "in_progress", ""
	at := map[string]any{"item_id": item["id"], "output_index": len(s.items)}
	s.add("response.output_item.added", map[string]any{"output_index": len(s.items), "item": begun})
	s.add("response.function_call_arguments.delta", merge(at, "delta", args[:len(args)/2]))
	s.add("response.function_call_arguments.delta", merge(at, "delta", args[len(args)/2:]))
	s.add("response.function_call_arguments.done", merge(at, "arguments", args))
	s.done(item)
}

func merge(m map[string]any, key string, value any) map[string]any {
	out := maps.Clone(m)
	out[key] = value
	return out
}

func textPart(text string) map[string]any {
	return map[string]any{"type": "output_text", "text": text, "annotations": []any{}, "logprobs": []any{}}
}

func messageItem(text string) map[string]any {
	return map[string]any{"id": "msg_scripted", "type": "message", "status": "completed", "role": "assistant", "content": []any{textPart(text)}}
}

func callItem(a Answer, call int) map[string]any {
	item := map[string]any{"id": fmt.Sprintf("fc_scripted_%d", call), "type": "function_call", "status": "completed", "call_id": a.toolID(call),
		"name": a.tool.name, "arguments": string(mustJSON(a.commandOf(call)))}
	if a.tool.namespace != "" {
		item["namespace"] = a.tool.namespace
	}
	return item
}

func (responsesVoice) response(a Answer, status string, items []any) map[string]any {
	if items == nil {
		items = []any{}
	}
	out := map[string]any{"id": "resp_scripted", "object": "response", "created_at": 1750000000, "status": status, "error": nil, "incomplete_details": nil,
		"instructions": nil, "model": a.model, "output": items, "parallel_tool_calls": true, "tool_choice": "auto", "tools": []any{}, "metadata": map[string]any{}, "usage": nil}
	if status == "completed" {
		in, n := a.input+7, a.outputTokens()
		out["usage"] = map[string]any{"input_tokens": in, "input_tokens_details": map[string]any{"cached_tokens": 7},
			"output_tokens": n, "output_tokens_details": map[string]any{"reasoning_tokens": 0}, "total_tokens": in + n}
	}
	return out
}

func (v responsesVoice) whole(a Answer) []byte {
	var items []any
	if a.Thought != "" {
		items = append(items, reasoningItem(a))
	}
	if a.Command == "" {
		items = append(items, messageItem(a.Text))
	} else {
		for call := range a.Calls {
			items = append(items, callItem(a, call))
		}
	}
	return mustJSON(v.response(a, "completed", items))
}

func (responsesVoice) errorEvent(kind, text string) Event {
	return NewEvent("error", map[string]any{"type": "error", "code": kind, "message": text, "param": nil, "sequence_number": 2})
}

func (responsesVoice) failure(status int, text string) []byte { return openAIError(status, text) }

const responsesFields = "model input instructions stream stream_options tools tool_choice parallel_tool_calls max_output_tokens max_tool_calls temperature top_p top_logprobs " +
	"truncation reasoning text include store metadata user safety_identifier prompt_cache_key prompt_cache_retention service_tier previous_response_id conversation background prompt client_metadata"

func (responsesVoice) refuse(r *Request) (int, string) {
	if status, text := unknownField(r.Body, responsesFields); status != 0 {
		return status, text
	}
	var b responsesBody
	if err := json.Unmarshal(r.Body, &b); err != nil {
		return 400, "Invalid body: " + err.Error()
	}
	switch {
	case b.Model == "":
		return 400, "Missing required parameter: 'model'."
	case len(b.Input) == 0:
		return 400, "Missing required parameter: 'input'."
	}
	for i, t := range b.Tools {
		if (t.Type == "function" || t.Type == "custom") && !toolName.MatchString(t.Name) {
			return 400, fmt.Sprintf("Invalid 'tools[%d].name'", i)
		}
	}
	var calls, answered []string
	for i, item := range b.Input {
		switch {
		case item.Type == "" || item.Type == "message":
			if !slices.Contains([]string{"system", "developer", "user", "assistant"}, item.Role) {
				return 400, fmt.Sprintf("Invalid value: '%s' for input[%d].role", item.Role, i)
			}
		case strings.HasSuffix(item.Type, "_call_output"):
			if !slices.Contains(calls, item.CallID) {
				return 400, "No tool call found for function call output with call_id " + item.CallID + "."
			}
			answered = append(answered, item.CallID)
		case strings.HasSuffix(item.Type, "_call"):
			if item.CallID != "" {
				calls = append(calls, item.CallID)
			}
		case item.Type == "reasoning" && item.EncryptedContent != "":
			if !strings.HasPrefix(item.EncryptedContent, "scripted-") {
				return 400, "The encrypted content could not be verified. (invalid_encrypted_content)"
			}
		}
	}
	for _, id := range calls {
		if !slices.Contains(answered, id) {
			return 400, "No tool output found for function call " + id + "."
		}
	}
	return 0, ""
}
