package wire

import (
	"strconv"
	"strings"
)

// respAnswer writes an answer for a client: the parts that a whole answer and a stream share.
type respAnswer struct {
	r     *Request
	tools respTools
	id    string // "resp_…"
	model string
	usage Usage
}

func newRespAnswer(r *Request) *respAnswer {
	return &respAnswer{r: r, tools: respToolsOf(r), model: r.Model, usage: NoUsage()}
}

// begin takes over the upstream's id of the answer, in this format's form. Without one
// it is made of what is known.
func (a *respAnswer) begin(id, model string) {
	if a.model == "" {
		a.model = model
	}
	switch {
	case id == "":
		id = respHash(a.model + strconv.FormatInt(a.r.Created, 10))
	default:
		for _, prefix := range [...]string{"resp_", "msg_", "chatcmpl-"} {
			id = strings.TrimPrefix(id, prefix)
		}
	}
	if id = respFlat("", id); len(id) > 40 {
		id = respShort(id, id, 40)
	}
	a.id = "resp_" + id
}

// itemID is the id of the n-th item: its own, where it has one of the right form.
func (a *respAnswer) itemID(prefix, own string, n int) string {
	if strings.HasPrefix(own, prefix) && len(own) <= 64 {
		return own
	}
	return prefix + a.id[len("resp_"):] + "_" + strconv.Itoa(n)
}

// EncodeResponse implements [Codec].
func (responsesCodec) EncodeResponse(resp *Response, r *Request) ([]byte, error) {
	a := newRespAnswer(r)
	a.begin(resp.ID, resp.Model)
	a.usage = resp.Usage
	var output []byte
	var seen respSeen
	n := 0
	for i := range resp.Parts {
		p := &resp.Parts[i]
		if p.Kind == Text && p.Text == "" {
			continue
		}
		if n++; n > 1 {
			output = append(output, ',')
		}
		seen.add(p.Kind)
		switch p.Kind {
		case ToolCall:
			call := a.call(p.Call, n-1)
			output = call.append(output, "completed", appendInner(nil, a.input(p.Call)))
		case Thinking, Redacted:
			output = respAppendReasoning(output, a.itemID("rs_", p.ID, n-1), appendInner(nil, p.Text), respSeal(p))
		default:
			output = respAppendMessage(output, a.itemID("msg_", p.ID, n-1), "completed", p.Kind == Refusal, appendInner(nil, p.Text))
		}
	}
	status, reason := respStatus(resp.Stop, seen)
	return a.append(make([]byte, 0, len(output)+1024), status, reason, nil, output), nil
}

// respStatus is how an answer ended, in this format's words. A refusal that
// says so in words is a complete answer.
func respStatus(stop Stop, seen respSeen) (status, reason string) {
	switch stop.Reason {
	case StopLength, StopContext:
		return "incomplete", "max_output_tokens"
	case StopRefusal:
		if !seen.refusal {
			return "incomplete", "content_filter"
		}
	}
	return "completed", ""
}

// append writes the response object. Its output is the items, with commas between them.
func (a *respAnswer) append(dst []byte, status, reason string, failure *Error, output []byte) []byte {
	r := a.r
	dst = respField(append(dst, `{"id":"`+a.id+`","object":"response","created_at":`+strconv.FormatInt(r.Created, 10)...), "status", status)
	dst = append(dst, `,"background":false,"error":`...)
	if failure == nil {
		dst = append(dst, "null"...)
	} else {
		dst = appendString(append(dst, `{"code":`...), respFailureCode(failure))
		dst = append(respField(dst, "message", failure.Message), '}')
	}
	dst = append(dst, `,"incomplete_details":`...)
	if reason == "" {
		dst = append(dst, "null"...)
	} else {
		dst = append(dst, `{"reason":"`+reason+`"}`...)
	}
	dst = append(dst, `,"instructions":null,"max_output_tokens":`...)
	if r.MaxOutput > 0 {
		dst = strconv.AppendInt(dst, int64(r.MaxOutput), 10)
	} else {
		dst = append(dst, "null"...)
	}
	dst = respField(dst, "model", a.model)
	dst = append(append(append(dst, `,"output":[`...), output...), ']')
	dst = append(dst, `,"parallel_tool_calls":`...)
	dst = strconv.AppendBool(dst, r.ParallelTools == nil || *r.ParallelTools)
	dst = append(dst, `,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":false`...)
	dst = respAppendFloat(append(dst, `,"temperature":`...), r.Temperature)
	dst = append(dst, `,"text":{"format":{"type":"text"}},"tool_choice":`...)
	dst = append(a.choice(dst), `,"tools":[]`...)
	dst = respAppendFloat(append(dst, `,"top_p":`...), r.TopP)
	dst = append(dst, `,"truncation":"disabled","usage":`...)
	if status == "in_progress" {
		dst = append(dst, "null"...)
	} else {
		dst = respAppendUsage(dst, a.usage)
	}
	return append(dst, `,"user":null,"metadata":{}}`...)
}

func (a *respAnswer) choice(dst []byte) []byte {
	switch c := a.r.ToolChoice; c.Mode {
	case ToolNone:
		return append(dst, `"none"`...)
	case ToolAny:
		return append(dst, `"required"`...)
	case ToolOne:
		kind := "function"
		if a.tools.freeform(c.Name) {
			kind = "custom"
		}
		name, _ := a.tools.names(c.Name)
		return append(respField(append(dst, `{"type":"`+kind+`"`...), "name", name), '}')
	}
	return append(dst, `"auto"`...)
}

func respAppendFloat(dst []byte, v *float64) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, *v, 'g', -1, 64)
}

// respAppendUsage writes usage: cached tokens count as input here.
func respAppendUsage(dst []byte, u Usage) []byte {
	if u.Prompt() < 0 && u.Output < 0 {
		return append(dst, "null"...)
	}
	in, out := max(u.Prompt(), 0), max(u.Output, 0)
	dst = strconv.AppendInt(append(dst, `{"input_tokens":`...), in, 10)
	dst = strconv.AppendInt(append(dst, `,"input_tokens_details":{"cached_tokens":`...), max(u.CacheRead, 0), 10)
	dst = strconv.AppendInt(append(dst, `,"cache_write_tokens":`...), max(u.CacheWrite, 0), 10)
	dst = strconv.AppendInt(append(dst, `},"output_tokens":`...), out, 10)
	dst = strconv.AppendInt(append(dst, `,"output_tokens_details":{"reasoning_tokens":`...), max(u.Reasoning, 0), 10)
	dst = strconv.AppendInt(append(dst, `},"total_tokens":`...), in+out, 10)
	return append(dst, '}')
}
