package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// turns reads the conversation. Besides user and assistant there is the role
// system: https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
func (d *messagesRequestDecoder) turns(v gjson.Result) {
	if !v.IsArray() {
		d.fail("messages", "Input should be a valid list")
		return
	}
	i := -1
	v.ForEach(func(_, m gjson.Result) bool {
		i++
		var role, content gjson.Result
		m.ForEach(func(key, value gjson.Result) bool {
			switch k := key.String(); k {
			case "role":
				role = value
			case "content":
				content = value
			default:
				d.r.Drops.Add("messages[]." + k)
			}
			return true
		})
		turn := Turn{Role: Role(role.String())}
		switch turn.Role {
		case User, Assistant, System:
		default:
			d.fail(fmt.Sprintf("messages.%d.role", i), "Input should be 'user', 'assistant' or 'system'")
			return false
		}
		if !content.Exists() {
			d.fail(fmt.Sprintf("messages.%d.content", i), "Field required")
			return false
		}
		turn.Parts = d.blocks(fmt.Sprintf("messages.%d.content", i), content)
		d.messages = messagesSplit(d.messages, turn)
		return d.err == nil
	})
}

// messagesSplit appends turn, with the instructions that stand as blocks within
// it (mid_conv_system) as turns of their own.
func messagesSplit(turns []Turn, turn Turn) []Turn {
	start := 0
	for i := range turn.Parts {
		if turn.Parts[i].Kind != messagesMidSystem {
			continue
		}
		if i > start {
			turns = append(turns, Turn{Role: turn.Role, Parts: turn.Parts[start:i:i]})
		}
		p := turn.Parts[i]
		p.Kind = Text
		turns = append(turns, Turn{Role: System, Parts: []Part{p}})
		start = i + 1
	}
	if start == 0 || start < len(turn.Parts) {
		turns = append(turns, Turn{Role: turn.Role, Parts: turn.Parts[start:]})
	}
	return turns
}

// messagesMidSystem marks a mid_conv_system block until its turn is split.
const messagesMidSystem PartKind = -1

// blocks reads content: a string, or a list of blocks.
func (d *messagesRequestDecoder) blocks(at string, v gjson.Result) []Part {
	switch {
	case v.Type == gjson.String:
		if v.Str == "" {
			return nil
		}
		return []Part{{Kind: Text, Text: v.Str}}
	case !v.IsArray():
		d.fail(at, "Input should be a valid string or list")
		return nil
	}
	// Blocks stand in blocks at most twice: a document of blocks in a tool's result.
	if d.depth++; d.depth > 3 {
		d.fail(at, "blocks are nested too deeply")
	}
	defer func() { d.depth-- }()
	var parts []Part
	i := -1
	v.ForEach(func(_, b gjson.Result) bool {
		if i++; d.err != nil {
			return false
		}
		parts = d.block(parts, at, i, b)
		return d.err == nil
	})
	return parts
}

// block appends what a block says.
func (d *messagesRequestDecoder) block(parts []Part, at string, i int, b gjson.Result) []Part {
	if !b.IsObject() {
		d.fail(fmt.Sprintf("%s.%d", at, i), "Input should be an object")
		return parts
	}
	p := Part{Cache: messagesRaw(b.Get("cache_control"))}
	switch kind := b.Get("type").String(); kind {
	case "text":
		p.Kind, p.Text = Text, b.Get("text").String()
	case "image":
		p.Kind, p.Media = Image, d.source(fmt.Sprintf("%s.%d.source", at, i), b.Get("source"))
	case "document":
		return d.document(parts, p, fmt.Sprintf("%s.%d", at, i), b)
	case "thinking":
		p.Kind, p.Text = Thinking, b.Get("thinking").String()
		messagesSigned(&p, b.Get("signature").String())
	case "redacted_thinking":
		p.Kind = Redacted
		messagesSigned(&p, b.Get("data").String())
	case "tool_use":
		id, name := b.Get("id").String(), b.Get("name").String()
		if id == "" || name == "" {
			d.fail(fmt.Sprintf("%s.%d.tool_use", at, i), "id and name are required")
			return parts
		}
		p.Kind, p.Call = ToolCall, &Call{ID: id, Name: messagesFlat(name), Input: messagesInput(b.Get("input"))}
	case "tool_result":
		p.Kind, p.Result = ToolResult, &Result{ID: b.Get("tool_use_id").String(), IsError: b.Get("is_error").Bool()}
		if p.Result.ID == "" {
			d.fail(fmt.Sprintf("%s.%d.tool_result.tool_use_id", at, i), "Field required")
			return parts
		}
		if content := b.Get("content"); content.Exists() && content.Type != gjson.Null {
			p.Result.Parts = d.blocks(fmt.Sprintf("%s.%d.content", at, i), content)
		}
	case "search_result":
		p.Kind, p.Text = Text, b.Get("title").String()+"\n"+b.Get("source").String()+"\n"+messagesText(b.Get("content"))
	case "tool_reference": // a tool that the client's tool search has found
		p.Kind, p.Text = Text, b.Get("tool_name").String()
	case "mid_conv_system":
		p.Kind, p.Text = messagesMidSystem, messagesText(b.Get("content"))
	default:
		d.r.Drops.Add("messages[]." + kind)
		return parts
	}
	return append(parts, p)
}

// messagesText is the text of a list of text blocks, or of a string.
func messagesText(v gjson.Result) string {
	if v.Type == gjson.String {
		return v.Str
	}
	var b strings.Builder
	v.ForEach(func(_, t gjson.Result) bool {
		if s := t.Get("text").String(); s != "" {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(s)
		}
		return true
	})
	return b.String()
}

func messagesInput(v gjson.Result) string {
	if !v.Exists() || v.Type == gjson.Null {
		return "{}"
	}
	return v.Raw
}

// source reads where an image or a document is.
func (d *messagesRequestDecoder) source(at string, s gjson.Result) *Media {
	m := &Media{}
	switch kind := s.Get("type").String(); kind {
	case "base64":
		m.MIME, m.Data = s.Get("media_type").String(), s.Get("data").String()
	case "url":
		m.URL = s.Get("url").String()
	case "file":
		m.FileID = s.Get("file_id").String()
	case "text":
		m.MIME, m.Text = "text/plain", s.Get("data").String()
	default:
		d.fail(at+".type", "Input should be 'base64', 'url', 'file' or 'text', not '%s'", kind)
	}
	return m
}

// document reads a document. One that is a list of blocks becomes these blocks, and
// what the client says about a document stands before it as text.
func (d *messagesRequestDecoder) document(parts []Part, p Part, at string, b gjson.Result) []Part {
	if b.Get("citations.enabled").Bool() {
		d.r.Drops.Add("messages[].citations")
	}
	if context := b.Get("context").String(); context != "" {
		parts = append(parts, Part{Kind: Text, Text: context})
	}
	source := b.Get("source")
	if source.Get("type").String() == "content" {
		inner := d.blocks(at+".source.content", source.Get("content"))
		if title := b.Get("title").String(); title != "" {
			inner = append([]Part{{Kind: Text, Text: title}}, inner...)
		}
		if n := len(inner); n > 0 && p.Cache != nil {
			inner[n-1].Cache = p.Cache
		}
		return append(parts, inner...)
	}
	p.Kind, p.Media = Document, d.source(at+".source", source)
	p.Media.Filename = b.Get("title").String()
	if p.Media.URL != "" {
		p.Media.MIME = "application/pdf" // the only kind of document that the format takes by URL
	}
	return append(parts, p)
}

// messagesPlain is the text of a document that is text in base64.
func messagesPlain(m *Media) (string, bool) {
	if m.Text != "" || !strings.HasPrefix(m.MIME, "text/") || m.Data == "" {
		return m.Text, m.Text != ""
	}
	text, err := base64.StdEncoding.DecodeString(m.Data)
	return string(text), err == nil
}

func (d *messagesRequestDecoder) tools(v gjson.Result) {
	if !v.IsArray() {
		d.fail("tools", "Input should be a valid list")
		return
	}
	i := -1
	v.ForEach(func(_, t gjson.Result) bool {
		i++
		d.tool(i, t)
		return d.err == nil
	})
}

func (d *messagesRequestDecoder) tool(i int, v gjson.Result) {
	name := v.Get("name").String()
	t := Tool{Name: messagesFlat(name), Cache: messagesRaw(v.Get("cache_control"))}
	if t.Name != name {
		t.Local = name
	}
	switch kind := v.Get("type").String(); kind {
	case "", "custom":
	default: // a tool that Anthropic defines, such as web_search_20250305; most it runs itself
		t.Server, t.Raw = name, json.RawMessage(v.Raw)
		if name == "" { // mcp_toolset
			t.Name, t.Server = messagesFlat(kind), kind
		}
		d.r.Tools = append(d.r.Tools, t)
		return
	}
	if name == "" {
		d.fail(fmt.Sprintf("tools.%d.name", i), "Field required")
		return
	}
	v.ForEach(func(key, value gjson.Result) bool {
		switch k := key.String(); k {
		case "name", "type", "cache_control":
		case "description":
			t.Description = value.String()
		case "input_schema":
			t.Schema = messagesRaw(value)
		case "strict":
			if value.IsBool() {
				strict := value.Bool()
				t.Strict = &strict
			}
		default:
			d.r.Drops.Add("tools[]." + k)
		}
		return true
	})
	d.r.Tools = append(d.r.Tools, t)
}

func (d *messagesRequestDecoder) toolChoice(v gjson.Result) {
	c := &d.r.ToolChoice
	switch kind := ToolMode(v.Get("type").String()); kind {
	case ToolAuto, ToolNone, ToolAny:
		c.Mode = kind
	case ToolOne:
		c.Mode, c.Name = kind, messagesFlat(v.Get("name").String())
	default:
		d.fail("tool_choice.type", "Input should be 'auto', 'any', 'tool' or 'none'")
	}
	if off := v.Get("disable_parallel_tool_use"); off.IsBool() {
		parallel := !off.Bool()
		d.r.ParallelTools = &parallel
	}
}
