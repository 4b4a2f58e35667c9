package wire

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func chatSaid(role Role, text string) Turn { return Turn{role, []Part{{Kind: Text, Text: text}}} }

func chatCalls(ids ...string) Turn {
	t := Turn{Role: Assistant}
	for _, id := range ids {
		t.Parts = append(t.Parts, Part{Kind: ToolCall, Call: &Call{ID: id, Name: "f", Input: "{}"}})
	}
	return t
}

func chatResults(ids ...string) []Part {
	var parts []Part
	for _, id := range ids {
		parts = append(parts, Part{Kind: ToolResult, Result: &Result{ID: id, Parts: []Part{{Kind: Text, Text: "of " + id}}}})
	}
	return parts
}

// TestChatArrange puts what the other formats allow into the order that Chat wants.
func TestChatArrange(t *testing.T) {
	image := Part{Kind: Image, Media: &Media{MIME: "image/png", Data: "AAAA"}}
	shot := []Part{{Kind: ToolResult, Result: &Result{ID: "a", Name: "shot", Parts: []Part{image}}},
		{Kind: ToolResult, Result: &Result{ID: "b", IsError: true, Parts: []Part{{Kind: Text, Text: "no such file"}}}}, {Kind: Text, Text: "Well?"}}
	for name, c := range map[string]struct {
		provider string
		turns    []Turn
		want     string // a message a line: its role and content; calls by their identifiers
	}{
		"system turns are one message": {"", []Turn{chatSaid(System, "A"), chatSaid(System, "B"), chatSaid(User, "hi")}, `system "A\n\nB"|user "hi"`},
		"a later one is no system message for strict templates": {"vllm", []Turn{chatSaid(System, "A"), chatSaid(User, "hi"), chatSaid(System, "B")},
			`system "A"|user "hi\n\n<system-reminder>\nB\n</system-reminder>"`},
		"nor is it after results": {"vllm", []Turn{chatSaid(User, "hi"), chatCalls("a"), chatSaid(System, "B"), {User, chatResults("a")}},
			`user "hi"|assistant null a|tool "of a"|user "<system-reminder>\nB\n</system-reminder>"`},
		"OpenAI takes it anywhere": {"openai", []Turn{chatSaid(System, "A"), chatSaid(User, "hi"), chatSaid(System, "B")}, `system "A"|user "hi"|system "B"`},
		"results come before all else": {"", []Turn{chatSaid(User, "hi"), chatCalls("a", "b"), {User, append([]Part{{Kind: Text, Text: "x"}}, chatResults("b")...)}, {User, chatResults("a")}, chatSaid(User, "y")},
			`user "hi"|assistant null a b|tool "of b"|tool "of a"|user "x\n\ny"`},
		"an answer in pieces is one message": {"", []Turn{chatSaid(User, "hi"), chatSaid(Assistant, "one"), chatCalls("a"), chatCalls("b"), chatSaid(Assistant, "two"), {User, chatResults("a")}, {User, chatResults("b")}},
			`user "hi"|assistant "one\n\ntwo" a b|tool "of a"|tool "of b"`},
		"images of results follow": {"", []Turn{chatSaid(User, "hi"), chatCalls("a", "b"), {User, shot}},
			`user "hi"|assistant null a b|tool "(the result follows in the next user message)"|tool "Error: no such file"|` +
				`user [{"type":"text","text":"[from the result of shot]"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},{"type":"text","text":"Well?"}]`},
		"Mistral wants an answer between result and user": {"mistral", []Turn{chatCalls("aaaaaaaa1"), {User, append(chatResults("aaaaaaaa1"), Part{Kind: Text, Text: "and?"})}},
			`assistant null aaaaaaaa1|tool "of aaaaaaaa1"|assistant "OK."|user "and?"`},
		"a call without its result": {"", []Turn{chatSaid(User, "hi"), chatCalls("a", "b"), {User, append(chatResults("a"), Part{Kind: Text, Text: "stop"})}, chatSaid(Assistant, "ok"), chatCalls("c")},
			`user "hi"|assistant null a b|tool "of a"|tool "Error: the call was interrupted and has no result"|user "stop"|assistant "ok" c|tool "Error: the call was interrupted and has no result"`},
		"a result without its call": {"", []Turn{chatSaid(User, "hi"), {User, chatResults("a")}}, `user "hi\n\n[from the result of call a]\n\nof a"`},
		"thinking alone is no message": {"", []Turn{chatSaid(User, "hi"), {Assistant, []Part{{Kind: Thinking, Text: "hm"}, {Kind: Redacted, Signature: "x"}}}, chatSaid(User, "you?")},
			`user "hi"|user "you?"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Request{Turns: c.turns}
			before := string(chatDump(t, r))
			var drops Drops
			body, err := chatCodec{}.EncodeRequest(r, Target{Model: "m", Provider: c.provider}, &drops)
			if err != nil {
				t.Fatal(err)
			}
			if string(chatDump(t, r)) != before {
				t.Error("the request was changed")
			}
			var sent struct {
				Messages []struct {
					Role    string
					Content json.RawMessage
					Calls   []struct{ ID string } `json:"tool_calls"`
				}
			}
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			var got []string
			for _, m := range sent.Messages {
				s := m.Role + " " + string(m.Content)
				for _, c := range m.Calls {
					s += " " + c.ID
				}
				got = append(got, s)
			}
			if s := strings.Join(got, "|"); s != c.want {
				t.Errorf("\n got %s\nwant %s", s, c.want)
			}
		})
	}
}

// TestChatThinkingGoesBack: only where it is wanted, and never what another provider signed.
func TestChatThinkingGoesBack(t *testing.T) {
	for _, c := range []struct {
		provider string
		part     Part
		mode     string
		want     string // in the assistant message
	}{
		{"deepseek", Part{Kind: Thinking, Text: "hm"}, "", `"reasoning_content":"hm"`},
		{"deepseek", Part{Kind: Thinking, Text: "hm", Signature: "x", SignedBy: Messages}, "", `"reasoning_content":""`},
		{"deepseek", Part{Kind: Text, Text: "hm"}, "disabled", ""},
		{"moonshot", Part{Kind: Text, Text: "hm"}, "", `"reasoning_content":""`},
		{"zai", Part{Kind: Thinking, Text: "hm"}, "", `"reasoning_content":"hm"`},
		{"zai", Part{Kind: Text, Text: "hm"}, "", ""},
		{"openrouter", Part{Kind: Thinking, Text: "hm"}, "", `"reasoning":"hm"`},
		{"openai", Part{Kind: Thinking, Text: "hm"}, "", ""},
		{"mistral", Part{Kind: Thinking, Text: "hm"}, "", ""},
	} {
		turn := chatCalls("a")
		turn.Parts = append([]Part{c.part}, turn.Parts...)
		body, err := chatCodec{}.EncodeRequest(&Request{Turns: []Turn{turn, {User, chatResults("a")}}, Reasoning: Reasoning{Mode: c.mode}}, Target{Provider: c.provider}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.want == "" && strings.Contains(string(body), `"reasoning`) || !strings.Contains(string(body), c.want) {
			t.Errorf("%s: %s; want %s", c.provider, body, c.want)
		}
	}
}

func TestChatEncodeTools(t *testing.T) {
	search := Tool{Name: "web_search", Server: "web_search"}
	patch := Tool{Name: "patch", Description: "Edits.", Freeform: true, Grammar: json.RawMessage(`{"type":"grammar","syntax":"lark","definition":"start: X"}`)}
	encode := func(r *Request, provider string) (string, Drops, error) {
		r.Turns = []Turn{chatSaid(User, "hi"), {Assistant, []Part{{Kind: ToolCall, Call: &Call{ID: "a", Name: "patch", Input: "x\"y", Freeform: true}}}}, {User, chatResults("a")}}
		var drops Drops
		b, err := chatCodec{}.EncodeRequest(r, Target{Model: "gpt-5.5", Provider: provider}, &drops)
		return string(b), drops, err
	}
	body, drops, err := encode(&Request{Tools: []Tool{search, patch}, ToolChoice: ToolChoice{ToolOne, "patch"}}, "groq")
	if err != nil || !strings.Contains(body, `"description":"Edits.\n\nThe input must follow this lark grammar:\nstart: X"`) || !strings.Contains(body, `"arguments":"{\"input\":\"x\\\"y\"}"`) ||
		!strings.Contains(body, `"tool_choice":{"type":"function","function":{"name":"patch"}}`) || strings.Join(drops, " ") != "tools[].web_search" {
		t.Errorf("%v %v %s", err, drops, body)
	}
	body, _, err = encode(&Request{Tools: []Tool{patch}, ToolChoice: ToolChoice{ToolOne, "patch"}}, "openai")
	if err != nil || !strings.Contains(body, `"custom":{"name":"patch","input":"x\"y"}`) || !strings.Contains(body, `"tool_choice":{"type":"custom","custom":{"name":"patch"}}`) {
		t.Errorf("%v %s", err, body)
	}
	for name, r := range map[string]*Request{
		"only a server tool": {Tools: []Tool{search}},
		"one is forced":      {Tools: []Tool{patch, search}, ToolChoice: ToolChoice{ToolOne, "web_search"}},
		"no tools at all":    {ToolChoice: ToolChoice{Mode: ToolAny}},
	} {
		_, _, err := encode(r, "groq")
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if body, _, err = encode(&Request{Tools: []Tool{patch}, ToolChoice: ToolChoice{Mode: ToolNone}}, "zai"); err != nil || strings.Contains(body, `"tools"`) {
		t.Errorf("%v %s", err, body)
	}
}

func TestChatSchemaInInstructions(t *testing.T) {
	body, err := chatCodec{}.EncodeRequest(&Request{Turns: []Turn{chatSaid(User, "hi")}, Output: Output{Kind: "schema", Schema: json.RawMessage(`{"type":"object"}`)}}, Target{Provider: "deepseek"}, nil)
	if err != nil || !strings.Contains(string(body), `"response_format":{"type":"json_object"}`) || !strings.Contains(string(body), `JSON Schema:\n{\"type\":\"object\"}"`) {
		t.Errorf("%v %s", err, body)
	}
}

func TestChatMediaThatCannotGo(t *testing.T) {
	for name, p := range map[string]Part{
		"image by id":     {Kind: Image, Media: &Media{FileID: "file-1"}},
		"document by id":  {Kind: Document, Media: &Media{FileID: "file-1"}},
		"document by URL": {Kind: Document, Media: &Media{URL: "https://example.com/a.pdf"}},
	} {
		_, err := chatCodec{}.EncodeRequest(&Request{Turns: []Turn{{User, []Part{p}}}}, Target{Provider: "groq"}, nil)
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	body, err := chatCodec{}.EncodeRequest(&Request{Turns: []Turn{{User, []Part{{Kind: Document, Media: &Media{Text: "a b", Filename: "n.txt"}}}}}}, Target{}, nil)
	if err != nil || !strings.Contains(string(body), `"content":"n.txt:\na b"`) {
		t.Errorf("%v %s", err, body)
	}
}
