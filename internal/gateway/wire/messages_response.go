package wire

import (
	"errors"
	"strconv"

	"github.com/tidwall/gjson"
)

// DecodeResponse reads a message.
func (c messagesCodec) DecodeResponse(body []byte) (*Response, error) {
	root, ok := messagesParse(string(body))
	switch {
	case !ok:
		return nil, errors.New("the upstream's answer is not valid JSON")
	case root.Get("type").String() == "error":
		return nil, c.DecodeError(0, body)
	case !root.Get("content").IsArray():
		return nil, errors.New("the upstream's answer is no message: it has no list of content")
	}
	resp := &Response{ID: root.Get("id").String(), Model: root.Get("model").String(), Usage: messagesUsage(root.Get("usage"))}
	root.Get("content").ForEach(func(_, b gjson.Result) bool {
		if p := (Part{}); messagesOutput(&p, b) {
			resp.Parts = append(resp.Parts, p)
		}
		return true
	})
	resp.Stop = messagesStop(root)
	return resp, nil
}

// messagesOutput reads a block that a model wrote. What its provider's own tools did
// on the way to the answer is not part of it, and blocks of kinds not known are not either.
func messagesOutput(p *Part, b gjson.Result) bool {
	switch b.Get("type").String() {
	case "text":
		p.Kind, p.Text = Text, b.Get("text").String()
	case "thinking":
		p.Kind, p.Text = Thinking, b.Get("thinking").String()
		messagesSigned(p, b.Get("signature").String())
	case "redacted_thinking":
		p.Kind = Redacted
		messagesSigned(p, b.Get("data").String())
	case "tool_use":
		p.Kind, p.Call = ToolCall, &Call{ID: b.Get("id").String(), Name: b.Get("name").String(), Input: messagesInput(b.Get("input"))}
	default:
		return false
	}
	return true
}

// messagesStop reads how an answer ended, from a message or a message_delta's delta.
// https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
func messagesStop(v gjson.Result) Stop {
	s := Stop{Sequence: v.Get("stop_sequence").String()}
	switch v.Get("stop_reason").String() {
	case "max_tokens":
		s.Reason = StopLength
	case "stop_sequence":
		s.Reason = StopSequence
	case "tool_use":
		s.Reason = StopTools
	case "pause_turn":
		s.Reason = StopPause
	case "refusal":
		s.Reason = StopRefusal
	case "model_context_window_exceeded":
		s.Reason = StopContext
	default:
		s.Reason = StopEnd
	}
	return s
}

// messagesReason is the reverse. An agent runs a tool only where the reason says so,
// and upstreams of other formats do not always.
func messagesReason(s Stop, calls bool) string {
	switch s.Reason {
	case StopLength:
		return "max_tokens"
	case StopSequence:
		return "stop_sequence"
	case StopTools:
		return "tool_use"
	case StopPause:
		return "pause_turn"
	case StopRefusal:
		return "refusal"
	case StopContext:
		return "model_context_window_exceeded"
	}
	if calls {
		return "tool_use"
	}
	return "end_turn"
}

func messagesUsage(v gjson.Result) Usage {
	count := func(path string) int64 {
		if n := v.Get(path); n.Type == gjson.Number {
			return int64(max(messagesInt(n), 0))
		}
		return -1
	}
	return Usage{
		Input:      count("input_tokens"),
		CacheRead:  count("cache_read_input_tokens"),
		CacheWrite: count("cache_creation_input_tokens"),
		Output:     count("output_tokens"),
		Reasoning:  count("output_tokens_details.thinking_tokens"),
	}
}

// messagesAppendUsage appends a usage object: counts that nobody reported are 0, as
// clients add them up.
func messagesAppendUsage(dst []byte, u Usage) []byte {
	for _, f := range [...]struct {
		name string
		n    int64
	}{{`{"input_tokens":`, u.Input}, {`,"cache_creation_input_tokens":`, u.CacheWrite}, {`,"cache_read_input_tokens":`, u.CacheRead}, {`,"output_tokens":`, u.Output}} {
		dst = strconv.AppendInt(append(dst, f.name...), max(f.n, 0), 10)
	}
	if u.Reasoning >= 0 {
		dst = strconv.AppendInt(append(dst, `,"output_tokens_details":{"thinking_tokens":`...), u.Reasoning, 10)
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// EncodeResponse writes a message.
func (messagesCodec) EncodeResponse(resp *Response, r *Request) ([]byte, error) {
	names := messagesLocalNames(r)
	dst := make([]byte, 0, 1024)
	dst = appendString(append(dst, `{"id":`...), messagesID(resp.ID, r))
	dst = appendString(append(dst, `,"type":"message","role":"assistant","model":`...), r.Model)
	dst = append(dst, `,"content":[`...)
	calls := false
	for i := range resp.Parts {
		p := &resp.Parts[i]
		if p.Text == "" && (p.Kind == Text || p.Kind == Refusal) {
			continue // the client would send it back, and an empty text is refused
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		n := len(dst)
		dst = messagesAppendOutput(dst, p, names)
		calls = calls || p.Kind == ToolCall
		if len(dst) == n && dst[n-1] == ',' {
			dst = dst[:n-1]
		}
	}
	dst = append(dst, `],"stop_reason":`...)
	dst = appendString(dst, messagesReason(resp.Stop, calls))
	dst = append(messagesAppendSequence(append(dst, ','), resp.Stop), `,"usage":`...)
	return append(messagesAppendUsage(dst, resp.Usage), '}'), nil
}

func messagesAppendSequence(dst []byte, s Stop) []byte {
	if s.Sequence == "" {
		return append(dst, `"stop_sequence":null`...)
	}
	return appendString(append(dst, `"stop_sequence":`...), s.Sequence)
}

// messagesAppendOutput appends a block of an answer, or nothing.
func messagesAppendOutput(dst []byte, p *Part, names map[string]string) []byte {
	switch p.Kind {
	case Text, Refusal:
		return append(appendString(append(dst, `{"type":"text","text":`...), p.Text), '}')
	case Thinking:
		dst = appendString(append(dst, `{"type":"thinking","thinking":`...), p.Text)
		return append(appendString(append(dst, `,"signature":`...), messagesSignature(p)), '}')
	case Redacted:
		return append(appendString(append(dst, `{"type":"redacted_thinking","data":`...), messagesSignature(p)), '}')
	case ToolCall:
		dst = messagesAppendCall(dst, p.Call, names)
		return append(messagesAppendInput(append(dst, `,"input":`...), p.Call), '}')
	}
	return dst
}

// messagesAppendCall appends the beginning of a tool_use block, up to its input.
func messagesAppendCall(dst []byte, c *Call, names map[string]string) []byte {
	id, name := c.ID, c.Name
	if !messagesToken(id, messagesMaxID) {
		id = "toolu_" + messagesHash(id)
	}
	if local := names[name]; local != "" {
		name = local
	}
	dst = appendString(append(dst, `{"type":"tool_use","id":`...), id)
	return appendString(append(dst, `,"name":`...), name)
}
