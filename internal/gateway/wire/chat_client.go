package wire

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// chatClient is how answers look for the client of one request.
type chatClient struct {
	model      string
	created    int64
	wantsUsage bool            // it asked for a usage chunk
	legacy     bool            // it reads function_call
	freeform   map[string]bool // its custom tools
}

func chatClientOf(r *Request) chatClient {
	c := chatClient{}
	if r == nil {
		return c
	}
	c.model, c.created, c.wantsUsage, c.legacy = r.Model, r.Created, r.IncludeUsage, r.LegacyFunctions
	for _, t := range r.Tools {
		if t.Freeform {
			if c.freeform == nil {
				c.freeform = map[string]bool{}
			}
			c.freeform[t.Name] = true
		}
	}
	return c
}

// head appends what every answer and every chunk begins with.
func (c *chatClient) head(dst []byte, object, id, model string) []byte {
	dst = appendString(append(dst, `{"id":`...), id)
	dst = append(append(append(dst, `,"object":"`...), object...), `","created":`...)
	dst = strconv.AppendInt(dst, c.created, 10)
	return appendString(append(dst, `,"model":`...), model)
}

// known is the model's name as the client knows it.
func (c *chatClient) known(model string) string {
	if c.model != "" {
		return c.model
	}
	return model
}

// chatAnswerID is an answer's identifier in OpenAI's form.
func chatAnswerID(id string, created int64) string {
	switch {
	case strings.HasPrefix(id, "chatcmpl-"):
		return id
	case id == "":
		return chatID("chatcmpl-", 24, strconv.FormatInt(created, 10))
	}
	return "chatcmpl-" + id
}

// chatReason is finish_reason.
func (c *chatClient) reason(s Stop, calls bool) string {
	switch s.Reason {
	case StopLength, StopContext:
		return "length"
	case StopRefusal:
		return "content_filter"
	case StopTools:
		if c.legacy && calls {
			return "function_call"
		}
		return "tool_calls"
	}
	return "stop"
}

// isCustom tells whether the client knows a call as one of a custom tool.
func (c *chatClient) isCustom(call *Call) bool { return call.Freeform || c.freeform[call.Name] }

// chatUnwrap is the input of a freeform tool out of the arguments of the function that
// stood for it, see chatWrap. What is something else stays as the model wrote it.
func chatUnwrap(input string) string {
	if root, err := chatParse([]byte(input)); err == nil {
		if v := root.Get("input"); v.Type == gjson.String {
			return v.Str
		}
	}
	return input
}

// arguments are a function's arguments as clients parse them: never nothing.
func chatArguments(input string) string {
	if strings.TrimSpace(input) == "" {
		return "{}"
	}
	return input
}
