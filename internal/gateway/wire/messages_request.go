package wire

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"
)

func messagesInvalid(param, format string, args ...any) *Error {
	return &Error{Kind: KindInvalid, Param: param, Message: param + ": " + fmt.Sprintf(format, args...)}
}

// DecodeRequest reads the body of POST /v1/messages.
func (messagesCodec) DecodeRequest(body []byte) (*Request, error) {
	root, ok := messagesParse(string(body))
	if !ok {
		return nil, &Error{Kind: KindInvalid, Message: "the body is not valid JSON, or it is nested too deeply"}
	}
	if !root.IsObject() {
		return nil, &Error{Kind: KindInvalid, Message: "the body must be a JSON object"}
	}
	d := messagesRequestDecoder{r: &Request{IncludeUsage: true}}
	root.ForEach(func(key, value gjson.Result) bool {
		d.field(key.String(), value)
		return d.err == nil
	})
	if d.err != nil {
		return nil, d.err
	}
	return d.finish()
}

// messagesRequestDecoder collects what stands in the body's members, whatever their order.
type messagesRequestDecoder struct {
	r                *Request
	system, messages []Turn
	seen             bool // messages
	cache            json.RawMessage
	depth            int // of blocks within blocks
	err              error
}

func (d *messagesRequestDecoder) fail(param, format string, args ...any) {
	if d.err == nil {
		d.err = messagesInvalid(param, format, args...)
	}
}

func (d *messagesRequestDecoder) field(name string, v gjson.Result) {
	if v.Type == gjson.Null && name != "messages" && name != "model" {
		return // null is as good as absent
	}
	r := d.r
	switch name {
	case "model":
		if r.Model = v.String(); v.Type != gjson.String {
			d.fail("model", "Input should be a valid string")
		}
	case "stream":
		r.Stream = v.Bool()
	case "system":
		d.system = []Turn{{Role: System, Parts: d.blocks("system", v)}}
	case "messages":
		d.seen = true
		d.turns(v)
	case "max_tokens":
		if r.MaxOutput = messagesInt(v); r.MaxOutput < 0 || v.Type != gjson.Number {
			d.fail("max_tokens", "Input should be a valid integer")
		}
	case "temperature":
		r.Temperature = d.number(name, v)
	case "top_p":
		r.TopP = d.number(name, v)
	case "top_k":
		if n := d.number(name, v); n != nil {
			k := messagesInt(v)
			r.TopK = &k
		}
	case "stop_sequences":
		v.ForEach(func(_, s gjson.Result) bool {
			r.Stop = append(r.Stop, s.String())
			return true
		})
	case "tools":
		d.tools(v)
	case "tool_choice":
		d.toolChoice(v)
	case "thinking":
		d.thinking(v)
	case "output_config":
		r.Reasoning.Effort = v.Get("effort").String()
		d.format(v.Get("format"))
		v.ForEach(func(key, _ gjson.Result) bool {
			if k := key.String(); k != "effort" && k != "format" {
				r.Drops.Add("output_config." + k)
			}
			return true
		})
	case "output_format":
		d.format(v)
	case "metadata":
		r.User = v.Get("user_id").String()
	case "service_tier":
		r.ServiceTier = v.String()
	case "cache_control":
		d.cache = json.RawMessage(v.Raw)
	case "thread":
		if v.Get("type").Str == "continue" && d.err == nil {
			d.err = ThreadNotFound()
			return
		}
		r.Drops.Add(name) // no answer says that a thread was made
	default:
		r.Drops.Add(name)
	}
}

func (d *messagesRequestDecoder) number(name string, v gjson.Result) *float64 {
	if v.Type != gjson.Number {
		d.fail(name, "Input should be a valid number")
		return nil
	}
	return &v.Num
}

func (d *messagesRequestDecoder) thinking(v gjson.Result) {
	q := &d.r.Reasoning
	switch q.Mode = v.Get("type").String(); q.Mode {
	case "enabled", "adaptive":
		q.Budget = messagesInt(v.Get("budget_tokens"))
		// The format always returns thinking with a signature, and shows it unless told not to.
		q.Show = v.Get("display").String() != "omitted"
		q.Encrypted = true
	case "disabled":
	default:
		d.fail("thinking.type", "Input should be 'enabled', 'adaptive' or 'disabled'")
	}
}

func (d *messagesRequestDecoder) format(v gjson.Result) {
	if !v.IsObject() {
		return
	}
	if kind := v.Get("type").String(); kind != "json_schema" {
		d.fail("output_config.format.type", "Input should be 'json_schema'")
		return
	}
	d.r.Output = Output{Kind: "schema", Name: v.Get("name").String(), Schema: messagesRaw(v.Get("schema"))}
}

func (d *messagesRequestDecoder) finish() (*Request, error) {
	r := d.r
	switch {
	case r.Model == "":
		return nil, messagesInvalid("model", "Field required")
	case !d.seen:
		return nil, messagesInvalid("messages", "Field required")
	}
	if len(d.system) > 0 && len(d.system[0].Parts) == 0 {
		d.system = nil
	}
	r.Turns = append(d.system, d.messages...)
	// A member of the request as a whole caches up to its last block:
	// https://platform.claude.com/docs/en/build-with-claude/prompt-caching
	for i := len(r.Turns) - 1; i >= 0 && d.cache != nil; i-- {
		if parts := r.Turns[i].Parts; len(parts) > 0 {
			if last := &parts[len(parts)-1]; last.Cache == nil {
				last.Cache = d.cache
			}
			break
		}
	}
	return r, nil
}

// messagesParse reads JSON that comes from elsewhere. gjson checks it by recursion, so a
// body of nothing but brackets would use up the stack: encoding/json draws the same line.
func messagesParse(body string) (gjson.Result, bool) {
	const most = 10000
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return gjson.Result{}, false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	if !gjson.Valid(body) {
		return gjson.Result{}, false
	}
	return gjson.Parse(body), true
}

// messagesInt is a JSON number as an int, within what counts of tokens can be.
func messagesInt(v gjson.Result) int {
	const most = 1 << 40
	switch n := v.Num; {
	case v.Type != gjson.Number:
		return 0
	case n > most:
		return most
	case n < -most:
		return -most
	default:
		return int(n)
	}
}

// messagesRaw is a copy of a value's text, nil where there is none.
func messagesRaw(v gjson.Result) json.RawMessage {
	if !v.Exists() || v.Type == gjson.Null {
		return nil
	}
	return json.RawMessage(v.Raw)
}
