package gatewaytest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// chatVoice is OpenAI Chat Completions:
// https://platform.openai.com/docs/api-reference/chat
type chatVoice struct{}

type chatBody struct {
	Model         string `json:"model"`
	Stream        bool   `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	Messages []struct {
		Role       string `json:"role"`
		Content    texts  `json:"content"`
		ToolCallID string `json:"tool_call_id"`
		ToolCalls  []struct {
			ID       string `json:"id"`
			Type     string `json:"type"`
			Function struct {
				Name      string  `json:"name"`
				Arguments *string `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
	} `json:"messages"`
	Tools []struct {
		Type     string `json:"type"`
		Function struct {
			Name       string `json:"name"`
			Parameters schema `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	ResponseFormat struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Name   string `json:"name"`
			Schema schema `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

func (chatVoice) read(body []byte) conversation {
	var b chatBody
	_ = json.Unmarshal(body, &b) // what does not fit is answered like an empty conversation
	c := conversation{Model: b.Model, Stream: b.Stream, Usage: b.StreamOptions.IncludeUsage}
	if b.ResponseFormat.Type == "json_schema" {
		c.Schema = &b.ResponseFormat.JSONSchema.Schema
	}
	for _, t := range b.Tools {
		c.Tools = append(c.Tools, offered{name: t.Function.Name, schema: t.Function.Parameters})
	}
	for _, m := range b.Messages {
		switch m.Role {
		case "user":
			c.LastUser, c.Result, c.HasResult = string(m.Content), "", false
		case "tool":
			c.Result, c.HasResult = strings.TrimLeft(c.Result+"\n"+string(m.Content), "\n"), true
		}
	}
	return c
}

func (chatVoice) chunk(a Answer, delta map[string]any, finish any) Event {
	return data(map[string]any{"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1750000000, "model": a.model,
		"choices": []any{map[string]any{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish}}, "usage": nil})
}

func (v chatVoice) stream(a Answer, upTo stage, pieces []string) []Event {
	events := []Event{v.chunk(a, map[string]any{"role": "assistant", "content": ""}, nil)}
	if upTo == opening {
		return events
	}
	if a.Thought != "" {
		events = append(events, v.chunk(a, map[string]any{"reasoning_content": a.Thought}, nil))
	}
	if upTo == half {
		return append(events, v.chunk(a, map[string]any{"content": "half an "}, nil))
	}
	finish := "stop"
	if a.Command == "" {
		for _, p := range pieces {
			events = append(events, v.chunk(a, map[string]any{"content": p}, nil))
		}
	} else {
		finish = "tool_calls"
		for call := range a.Calls {
			args := string(mustJSON(a.commandOf(call)))
			events = append(events,
				v.chunk(a, map[string]any{"tool_calls": []any{map[string]any{"index": call, "id": a.toolID(call), "type": "function",
					"function": map[string]any{"name": a.tool.name, "arguments": ""}}}}, nil),
				v.chunk(a, map[string]any{"tool_calls": []any{map[string]any{"index": call, "function": map[string]any{"arguments": args[:len(args)/2]}}}}, nil),
				v.chunk(a, map[string]any{"tool_calls": []any{map[string]any{"index": call, "function": map[string]any{"arguments": args[len(args)/2:]}}}}, nil))
		}
	}
	events = append(events, v.chunk(a, map[string]any{}, finish))
	if a.usage {
		events = append(events, data(map[string]any{"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1750000000, "model": a.model,
			"choices": []any{}, "usage": v.usage(a)}))
	}
	return append(events, Event{Raw: "data: [DONE]\n\n"})
}

// usage counts what was read from a cache within the prompt, as OpenAI does.
func (chatVoice) usage(a Answer) map[string]any {
	in, out := a.input+7, a.outputTokens()
	return map[string]any{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out,
		"prompt_tokens_details": map[string]any{"cached_tokens": 7}, "completion_tokens_details": map[string]any{"reasoning_tokens": 0}}
}

func (v chatVoice) whole(a Answer) []byte {
	m := map[string]any{"role": "assistant", "content": a.Text, "refusal": nil}
	finish := "stop"
	if a.Thought != "" {
		m["reasoning_content"] = a.Thought
	}
	if a.Command != "" {
		var calls []any
		for call := range a.Calls {
			calls = append(calls, map[string]any{"id": a.toolID(call), "type": "function",
				"function": map[string]any{"name": a.tool.name, "arguments": string(mustJSON(a.commandOf(call)))}})
		}
		m["content"], m["tool_calls"], finish = nil, calls, "tool_calls"
	}
	return mustJSON(map[string]any{"id": "chatcmpl-scripted", "object": "chat.completion", "created": 1750000000, "model": a.model,
		"choices": []any{map[string]any{"index": 0, "message": m, "logprobs": nil, "finish_reason": finish}}, "usage": v.usage(a)})
}

func (chatVoice) errorEvent(kind, text string) Event {
	return data(map[string]any{"error": map[string]any{"message": text, "type": kind, "param": nil, "code": nil}})
}

func (chatVoice) failure(status int, text string) []byte { return openAIError(status, text) }

// openAIError is an error body as https://platform.openai.com/docs/guides/error-codes has it.
func openAIError(status int, text string) []byte {
	kind, code := "invalid_request_error", any(nil)
	switch {
	case status == 401:
		code = "invalid_api_key"
	case status == 429:
		kind, code = "rate_limit_error", "rate_limit_exceeded"
	case status >= 500:
		kind = "server_error"
	}
	return mustJSON(map[string]any{"error": map[string]any{"message": text, "type": kind, "param": nil, "code": code}})
}

// chatFields are what OpenAI's endpoint takes; it refuses any other.
const chatFields = "model messages stream stream_options tools tool_choice parallel_tool_calls max_tokens max_completion_tokens temperature top_p stop n seed " +
	"response_format reasoning_effort verbosity user safety_identifier prompt_cache_key prompt_cache_retention service_tier metadata store logprobs top_logprobs logit_bias frequency_penalty " +
	"presence_penalty modalities prediction audio functions function_call web_search_options"

var toolName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

func (chatVoice) refuse(r *Request) (int, string) {
	if status, text := unknownField(r.Body, chatFields); status != 0 {
		return status, text
	}
	var b chatBody
	if err := json.Unmarshal(r.Body, &b); err != nil {
		return 400, "Invalid body: " + err.Error()
	}
	switch {
	case b.Model == "":
		return 400, "you must provide a model parameter"
	case len(b.Messages) == 0:
		return 400, "Missing required parameter: 'messages'."
	}
	for i, t := range b.Tools {
		if t.Type != "function" && t.Type != "custom" {
			return 400, fmt.Sprintf("Invalid value: '%s' for tools[%d].type", t.Type, i)
		}
		if t.Type == "function" && !toolName.MatchString(t.Function.Name) {
			return 400, fmt.Sprintf("Invalid 'tools[%d].function.name'", i)
		}
	}
	var open []string
	for i, m := range b.Messages {
		if m.Role == "tool" {
			at := slices.Index(open, m.ToolCallID)
			if at < 0 {
				return 400, fmt.Sprintf("Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls' (messages[%d]).", i)
			}
			open = slices.Delete(open, at, at+1)
			continue
		}
		if len(open) > 0 {
			return 400, "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. (" + open[0] + ")"
		}
		if !slices.Contains([]string{"system", "developer", "user", "assistant"}, m.Role) {
			return 400, fmt.Sprintf("Invalid value: '%s' for messages[%d].role", m.Role, i)
		}
		for _, c := range m.ToolCalls {
			if c.Type == "function" && c.Function.Arguments == nil || c.ID == "" {
				return 400, fmt.Sprintf("Missing required parameter in messages[%d].tool_calls", i)
			}
			open = append(open, c.ID)
		}
	}
	if len(open) > 0 {
		return 400, "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. (" + open[0] + ")"
	}
	return 0, ""
}

// unknownField refuses a top-level field that is not in the list.
func unknownField(body []byte, list string) (int, string) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil {
		return 400, "We could not parse the JSON body of your request."
	}
	known := strings.Fields(list)
	for name := range given {
		if !slices.Contains(known, name) {
			return 400, fmt.Sprintf("Unrecognized request argument supplied: %s", name)
		}
	}
	return 0, ""
}
