package wire

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

func (d *chatReader) readMessages() error {
	if !d.messages.IsArray() {
		return chatInvalid("messages", "Missing required parameter: 'messages'.")
	}
	d.calls, d.legacy = map[string]chatCalled{}, map[string][]string{}
	var failed error
	i := -1
	d.messages.ForEach(func(_, v gjson.Result) bool {
		i++
		failed = d.readMessage(i, v)
		return failed == nil
	})
	if failed == nil && len(d.r.Turns) == 0 {
		return chatInvalid("messages", "Invalid 'messages': expected at least one message.")
	}
	return failed
}

// chatMessage is one message, its fields by name.
type chatMessage struct {
	role, id, name              string
	content, refusal, reasoning gjson.Result
	calls, call, audio          gjson.Result
}

func chatReadMessage(v gjson.Result) chatMessage {
	var m chatMessage
	var other gjson.Result // "reasoning", where reasoning_content is the common name
	v.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "role":
			m.role = v.String()
		case "content":
			m.content = v
		case "name":
			m.name = chatText(v)
		case "tool_call_id":
			m.id = v.String()
		case "tool_calls":
			m.calls = v
		case "function_call":
			m.call = v
		case "refusal":
			m.refusal = v
		case "reasoning_content":
			m.reasoning = v
		case "reasoning":
			other = v
		case "audio":
			m.audio = v
		}
		return true
	})
	if chatText(m.reasoning) == "" {
		m.reasoning = other
	}
	return m
}

func (d *chatReader) readMessage(i int, v gjson.Result) error {
	at := "messages[" + strconv.Itoa(i) + "]"
	if !v.IsObject() {
		return chatInvalid(at, "Invalid type for '%s': expected an object.", at)
	}
	m := chatReadMessage(v)
	switch m.role {
	case "system", "developer":
		return d.turn(System, at, m)
	case "user":
		return d.turn(User, at, m)
	case "assistant":
		return d.readAssistant(at, m)
	case "tool":
		if m.id == "" {
			return chatInvalid(at+".tool_call_id", "Missing required parameter: '%s.tool_call_id'.", at)
		}
		called := d.calls[m.id]
		name := m.name
		if name == "" {
			name = called.name
		}
		return d.readResult(at, m, Result{ID: m.id, Name: name, Freeform: called.freeform})
	case "function":
		if ids := d.legacy[m.name]; len(ids) > 0 {
			d.legacy[m.name] = ids[1:]
			return d.readResult(at, m, Result{ID: ids[0], Name: m.name})
		}
		return chatInvalid(at, "'%s' is the result of the function %q, which was not called before.", at, m.name)
	}
	return chatInvalid(at+".role", "Invalid value for '%s.role': %q.", at, m.role)
}

func (d *chatReader) turn(role Role, at string, m chatMessage) error {
	parts, err := d.readContent(at, m.content, nil)
	if err != nil {
		return err
	}
	if m.name != "" {
		d.r.Drops.Add("messages[].name")
	}
	d.r.Turns = append(d.r.Turns, Turn{Role: role, Parts: parts})
	return nil
}

func (d *chatReader) readAssistant(at string, m chatMessage) error {
	if m.audio.IsObject() {
		return chatInvalid(at+".audio", "'%s.audio' refers to an answer that was spoken; it cannot be translated into another format.", at)
	}
	var parts []Part
	if s := chatText(m.reasoning); s != "" {
		parts = append(parts, Part{Kind: Thinking, Text: s})
	}
	parts, err := d.readContent(at, m.content, parts)
	if err != nil {
		return err
	}
	if s := chatText(m.refusal); s != "" {
		parts = append(parts, Part{Kind: Refusal, Text: s})
	}
	m.calls.ForEach(func(_, v gjson.Result) bool {
		c := chatReadCall(v)
		if c.ID == "" || c.Name == "" {
			err = chatInvalid(at+".tool_calls", "A call in '%s.tool_calls' has no id or no name.", at)
			return false
		}
		d.calls[c.ID] = chatCalled{c.Name, c.Freeform}
		parts = append(parts, Part{Kind: ToolCall, Call: &c})
		return true
	})
	if err != nil {
		return err
	}
	if m.call.IsObject() {
		d.nLegacy++
		c := Call{ID: "call_function_" + strconv.Itoa(d.nLegacy), Name: m.call.Get("name").String(), Input: m.call.Get("arguments").String()}
		if c.Name == "" {
			return chatInvalid(at+".function_call", "The call in '%s.function_call' has no name.", at)
		}
		d.legacy[c.Name] = append(d.legacy[c.Name], c.ID)
		parts = append(parts, Part{Kind: ToolCall, Call: &c})
	}
	d.r.Turns = append(d.r.Turns, Turn{Role: Assistant, Parts: parts})
	return nil
}

// chatReadCall reads a call out of a message, of a request or of an answer.
func chatReadCall(v gjson.Result) Call {
	c := Call{ID: v.Get("id").String()}
	if x := v.Get("custom"); x.IsObject() {
		c.Name, c.Input, c.Freeform = x.Get("name").String(), x.Get("input").String(), true
		return c
	}
	f := v.Get("function")
	c.Name = f.Get("name").String()
	if a := f.Get("arguments"); a.Type == gjson.String {
		c.Input = a.Str
	} else if a.IsObject() { // some servers do not write them as a string
		c.Input = a.Raw
	}
	return c
}

// readResult adds a result to the turn of the results before it, or begins one.
func (d *chatReader) readResult(at string, m chatMessage, res Result) error {
	parts, err := d.readContent(at, m.content, nil)
	if err != nil {
		return err
	}
	res.Parts = parts
	part := Part{Kind: ToolResult, Result: &res}
	if n := len(d.r.Turns); n > 0 && d.r.Turns[n-1].Role == User {
		if last := d.r.Turns[n-1].Parts; len(last) > 0 && last[len(last)-1].Kind == ToolResult {
			d.r.Turns[n-1].Parts = append(last, part)
			return nil
		}
	}
	d.r.Turns = append(d.r.Turns, Turn{Role: User, Parts: []Part{part}})
	return nil
}

// readContent reads content: a string, or an array of parts.
func (d *chatReader) readContent(at string, v gjson.Result, parts []Part) ([]Part, error) {
	switch {
	case chatIsNull(v):
		return parts, nil
	case v.Type == gjson.String:
		if v.Str != "" {
			parts = append(parts, Part{Kind: Text, Text: v.Str})
		}
		return parts, nil
	case !v.IsArray():
		return nil, chatInvalid(at+".content", "Invalid type for '%s.content': expected a string or an array of parts.", at)
	}
	var failed error
	i := -1
	v.ForEach(func(_, v gjson.Result) bool {
		i++
		where := at + ".content[" + strconv.Itoa(i) + "]"
		p, err := chatReadPart(where, v)
		if err != nil {
			failed = err
			return false
		}
		if c := v.Get("cache_control"); c.IsObject() {
			p.Cache = json.RawMessage(c.Raw)
		}
		parts = append(parts, p)
		return true
	})
	return parts, failed
}

func chatReadPart(at string, v gjson.Result) (Part, error) {
	switch kind := v.Get("type").String(); kind {
	case "text", "input_text", "output_text":
		return Part{Kind: Text, Text: v.Get("text").String()}, nil
	case "refusal":
		return Part{Kind: Refusal, Text: v.Get("refusal").String()}, nil
	case "thinking": // Mistral's
		return Part{Kind: Thinking, Text: chatThinkingText(v.Get("thinking"))}, nil
	case "image_url":
		u := v.Get("image_url")
		m := Media{URL: u.String()}
		if u.IsObject() {
			m.URL, m.Detail = u.Get("url").String(), u.Get("detail").String()
		}
		if err := chatDataURL(at+".image_url.url", &m); err != nil {
			return Part{}, err
		}
		return Part{Kind: Image, Media: &m}, nil
	case "file":
		f := v.Get("file")
		m := Media{FileID: f.Get("file_id").String(), Filename: f.Get("filename").String()}
		if data := f.Get("file_data").String(); strings.HasPrefix(data, "data:") || strings.HasPrefix(data, "http") {
			m.URL = data
			if err := chatDataURL(at+".file.file_data", &m); err != nil {
				return Part{}, err
			}
		} else if data != "" {
			m.MIME, m.Data = "application/pdf", data
		}
		if m.FileID == "" && m.Data == "" && m.URL == "" {
			return Part{}, chatInvalid(at+".file", "'%s.file' has neither file_data nor file_id.", at)
		}
		return Part{Kind: Document, Media: &m}, nil
	case "input_audio":
		return Part{}, chatInvalid(at, "'%s' is audio, which cannot be translated into the format of the model that this request was routed to. "+
			"Send its text, or route the request to a provider that speaks Chat Completions.", at)
	default:
		return Part{}, chatInvalid(at+".type", "Invalid value for '%s.type': parts of the type %q cannot be translated into another format.", at, kind)
	}
}

// chatDataURL takes a data: URL apart (RFC 2397); any other stays as it is.
func chatDataURL(at string, m *Media) error {
	rest, ok := strings.CutPrefix(m.URL, "data:")
	if !ok {
		if m.URL == "" {
			return chatInvalid(at, "Missing required parameter: '%s'.", at)
		}
		return nil
	}
	head, data, ok := strings.Cut(rest, ",")
	mime, isBase64 := strings.CutSuffix(head, ";base64")
	if !ok || !isBase64 {
		return chatInvalid(at, "Invalid '%s': expected a data URL in base64.", at)
	}
	m.MIME, _, _ = strings.Cut(mime, ";")
	m.MIME, m.Data, m.URL = strings.ToLower(m.MIME), data, ""
	return nil
}

// chatThinkingText is the text of Mistral's thinking: a string, or an array of text parts.
func chatThinkingText(v gjson.Result) string {
	if v.Type == gjson.String {
		return v.Str
	}
	var b strings.Builder
	v.ForEach(func(_, p gjson.Result) bool {
		b.WriteString(p.Get("text").String())
		return true
	})
	return b.String()
}
