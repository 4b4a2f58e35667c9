package wire

import (
	"fmt"

	"github.com/tidwall/gjson"
)

// DecodeResponse implements [Codec].
func (responsesCodec) DecodeResponse(body []byte) (*Response, error) {
	root, ok := respParse(body)
	if !ok {
		return nil, &Error{Kind: KindAPI, Message: "The provider's answer is not a JSON object."}
	}
	if e := respFailed(root); e != nil {
		return nil, e
	}
	output := root.Get("output")
	if !output.IsArray() {
		return nil, &Error{Kind: KindAPI, Message: "The provider's answer has no output."}
	}
	out := &Response{ID: root.Get("id").Str, Model: root.Get("model").Str, Usage: respUsage(root.Get("usage"))}
	var err error
	output.ForEach(func(_, item gjson.Result) bool {
		err = respOutput(out, item)
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	var seen respSeen
	for i := range out.Parts {
		seen.add(out.Parts[i].Kind)
	}
	out.Stop.Reason = seen.stop(root)
	return out, nil
}

// respFailed is the error of a response that is no answer.
func respFailed(response gjson.Result) *Error {
	switch status := response.Get("status").Str; {
	case respGiven(response.Get("error")):
		return respErrorOf(0, response.Get("error"))
	case status == "failed", status == "cancelled", status == "queued":
		return &Error{Kind: KindAPI, Message: fmt.Sprintf("The provider's answer is %s.", status)}
	}
	return nil
}

// respSeen is what an answer holds, as far as the reason of its end depends on it.
type respSeen struct{ calls, refusal bool }

func (s *respSeen) add(kind PartKind) {
	s.calls = s.calls || kind == ToolCall
	s.refusal = s.refusal || kind == Refusal
}

func (s respSeen) stop(response gjson.Result) StopReason {
	if response.Get("status").Str == "incomplete" {
		if response.Get("incomplete_details.reason").Str == "content_filter" {
			return StopRefusal
		}
		return StopLength
	}
	switch {
	case s.calls:
		return StopTools
	case s.refusal:
		return StopRefusal
	}
	return StopEnd
}

// respOutput reads one item of an answer. What OpenAI's own tools did is passed over.
func respOutput(out *Response, item gjson.Result) error {
	switch kind := item.Get("type").Str; kind {
	case "message":
		item.Get("content").ForEach(func(_, part gjson.Result) bool {
			switch part.Get("type").Str {
			case "output_text", "text":
				out.Parts = append(out.Parts, Part{Kind: Text, Text: part.Get("text").Str})
			case "refusal":
				out.Parts = append(out.Parts, Part{Kind: Refusal, Text: part.Get("refusal").Str})
			}
			return true
		})
	case "reasoning":
		if p, ok := respThinking(item); ok {
			out.Parts = append(out.Parts, p)
		}
	case "function_call", "custom_tool_call":
		call, err := respCall(item)
		if err != nil {
			return err
		}
		out.Parts = append(out.Parts, Part{Kind: ToolCall, Call: call})
	}
	return nil
}

// respCall reads a call that a model made.
func respCall(item gjson.Result) (*Call, error) {
	c := &Call{ID: item.Get("call_id").Str, ItemID: item.Get("id").Str, Input: item.Get("arguments").Str}
	if item.Get("type").Str == "custom_tool_call" {
		c.Freeform, c.Input = true, item.Get("input").Str
	}
	name := item.Get("name").Str
	if c.ID == "" || name == "" {
		return nil, &Error{Kind: KindAPI, Message: "The provider's answer has a call without a name or an id."}
	}
	c.Name = name
	if namespace := item.Get("namespace").Str; namespace != "" {
		c.Name = respFlat(namespace, name)
	}
	return c, nil
}

// respUsage reads usage. Cached tokens are part of the input here.
func respUsage(v gjson.Result) Usage {
	u := NoUsage()
	count := func(field string) int64 {
		n := v.Get(field)
		if n.Type != gjson.Number || n.Num < 0 {
			return -1
		}
		return n.Int()
	}
	u.CacheRead = count("input_tokens_details.cached_tokens")
	u.CacheWrite = count("input_tokens_details.cache_write_tokens")
	u.Output = count("output_tokens")
	u.Reasoning = count("output_tokens_details.reasoning_tokens")
	if n := count("input_tokens"); n >= 0 {
		u.Input = max(n-max(u.CacheRead, 0)-max(u.CacheWrite, 0), 0)
	}
	return u
}
