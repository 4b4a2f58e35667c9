package wire

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

func chatDecodeResponse(body []byte) (*Response, error) {
	root, err := chatParse(body)
	if err != nil {
		return nil, &Error{Kind: KindAPI, Message: "The provider's answer cannot be read: " + err.Error() + "."}
	}
	if e := root.Get("error"); !chatIsNull(e) {
		return nil, chatDecodeError(0, body) // some say 200 and then not
	}
	choice := root.Get("choices.0")
	message := choice.Get("message")
	if !message.IsObject() {
		return nil, &Error{Kind: KindAPI, Message: "The provider's answer has no message in it."}
	}
	resp := &Response{ID: root.Get("id").String(), Model: root.Get("model").String(), Usage: chatReadUsage(root.Get("usage"))}
	m := chatReadMessage(message)
	if s := chatText(m.reasoning); s != "" {
		resp.Parts = append(resp.Parts, Part{Kind: Thinking, Text: s})
	} else if s := chatDetails(message.Get("reasoning_details")); s != "" {
		resp.Parts = append(resp.Parts, Part{Kind: Thinking, Text: s})
	}
	chatPieces(m.content, func(kind PartKind, text string) {
		resp.Parts = append(resp.Parts, Part{Kind: kind, Text: text})
	})
	if s := chatText(m.refusal); s != "" {
		resp.Parts = append(resp.Parts, Part{Kind: Refusal, Text: s})
	}
	calls := 0
	seed := chatSeed(resp.ID, root.Get("created"))
	call := func(c Call) {
		if c.ID == "" {
			c.ID = chatCallID(seed, calls)
		}
		calls++
		resp.Parts = append(resp.Parts, Part{Kind: ToolCall, Call: &c})
	}
	m.calls.ForEach(func(_, v gjson.Result) bool {
		if c := chatReadCall(v); c.Name != "" {
			call(c)
		}
		return true
	})
	if calls == 0 && m.call.IsObject() {
		call(Call{Name: m.call.Get("name").String(), Input: m.call.Get("arguments").String()})
	}
	stop, failure := chatStop(choice.Get("finish_reason").String(), calls > 0)
	if failure != nil {
		return nil, failure
	}
	resp.Stop = stop
	return resp, nil
}

// chatSeed tells answers apart: by their identifier, or by when they were made.
func chatSeed(id string, created gjson.Result) string {
	if id == "" {
		return created.Raw
	}
	return id
}

// chatCallID is the identifier of a call that came without one.
func chatCallID(response string, n int) string {
	return chatID("call_", 24, response, strconv.Itoa(n))
}

// chatPieces yields the pieces of an answer's content: one string, or, with
// Mistral, an array of text and thinking
// (https://docs.mistral.ai/capabilities/reasoning/).
func chatPieces(v gjson.Result, yield func(PartKind, string)) {
	if s := chatText(v); s != "" {
		yield(Text, s)
		return
	}
	if !v.IsArray() {
		return
	}
	v.ForEach(func(_, p gjson.Result) bool {
		switch p.Get("type").String() {
		case "text":
			if s := p.Get("text").String(); s != "" {
				yield(Text, s)
			}
		case "thinking":
			if s := chatThinkingText(p.Get("thinking")); s != "" {
				yield(Thinking, s)
			}
		case "refusal":
			if s := p.Get("refusal").String(); s != "" {
				yield(Refusal, s)
			}
		}
		return true
	})
}

// chatDetails is the text in OpenRouter's reasoning_details, where there is no
// plain field beside them.
func chatDetails(v gjson.Result) string {
	var b strings.Builder
	v.ForEach(func(_, p gjson.Result) bool {
		if t := chatText(p.Get("text")); t != "" {
			b.WriteString(t)
		} else {
			b.WriteString(chatText(p.Get("summary")))
		}
		return true
	})
	return b.String()
}

// chatStop reads finish_reason. Beside OpenAI's words there are DeepSeek's
// (https://api-docs.deepseek.com/api/create-chat-completion), Z.AI's
// (https://docs.z.ai/api-reference/llm/chat-completion) and OpenRouter's
// "error". Some say "stop" although there are calls.
func chatStop(reason string, calls bool) (Stop, *Error) {
	switch reason {
	case "length", "max_tokens", "repetition_truncation":
		return Stop{Reason: StopLength}, nil
	case "content_filter", "sensitive":
		return Stop{Reason: StopRefusal}, nil
	case "model_context_window_exceeded", "model_length":
		return Stop{Reason: StopContext}, nil
	case "insufficient_system_resource":
		return Stop{}, &Error{Kind: KindOverloaded, Message: "The provider gave up: its system has not enough resources at the moment (insufficient_system_resource)."}
	case "error", "network_error":
		return Stop{}, &Error{Kind: KindAPI, Message: "The provider ended the answer with the reason \"" + reason + "\"."}
	}
	if calls {
		return Stop{Reason: StopTools}, nil
	}
	return Stop{Reason: StopEnd}, nil
}
