package wire

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestMessagesModels: names as providers write them.
func TestMessagesModels(t *testing.T) {
	for name, want := range map[string]int{
		"claude-opus-4-8": 408, "claude-opus-4-6-v1": 406, "claude-sonnet-4-20250514": 400, "claude-3-5-sonnet-20241022": 305,
		"claude-3-7-sonnet@20250219": 307, "claude-sonnet-4.5": 405, "claude-4.7-opus": 407, "claude-opus-5": 500, "claude-fable-5-2": 502,
		"claude-haiku-4-5-20251001": 405, "claude-mythos-preview": 0, "claude-sonnet-4-5@20250929": 405, "claude-2.1": 201,
	} {
		if got := messagesVersion(name); got != want {
			t.Errorf("%s is %d, not %d", name, got, want)
		}
	}
	if m := messagesModelOf("us.anthropic.claude-opus-4-5-20251101-v1:0"); !m.claude || m.adaptive || !m.budget || !m.effort || !m.prefill || !m.schema {
		t.Errorf("%+v", m)
	}
	if m := messagesModelOf("claude-mythos-preview"); !m.always || !m.adaptive || m.budget || m.sampling {
		t.Errorf("%+v", m)
	}
	if m := messagesModelOf("glm-4.7"); m.claude || m.adaptive || !m.budget || m.prefill {
		t.Errorf("%+v", m)
	}
}

// messagesRequestOf is a request of these turns.
func messagesRequestOf(turns ...Turn) *Request {
	return &Request{Model: "m", MaxOutput: 9000, Turns: turns}
}

func messagesCallPart(id, input string) Part {
	return Part{Kind: ToolCall, Call: &Call{ID: id, Name: "f", Input: input}}
}

func messagesResultPart(id string, parts ...Part) Part {
	return Part{Kind: ToolResult, Result: &Result{ID: id, Parts: parts}}
}

// TestMessagesArrange: conversations as the other formats allow them become what the
// API takes, and stay what they are when they come again.
func TestMessagesArrange(t *testing.T) {
	text := func(s string) Part { return Part{Kind: Text, Text: s} }
	turn := func(role Role, parts ...Part) Turn { return Turn{Role: role, Parts: parts} }
	for name, c := range map[string]struct {
		turns []Turn
		want  string // roles and blocks
	}{
		"nothing":             {nil, "u:text"},
		"instructions only":   {[]Turn{turn(System, text("s"))}, "u:text"},
		"an empty text":       {[]Turn{turn(User, text(" ")), turn(User, text("a"))}, "u:text"},
		"the assistant first": {[]Turn{turn(Assistant, text("a")), turn(User, text("b"))}, "u:text a:text u:text"},
		"neighbours":          {[]Turn{turn(User, text("a")), turn(User, text("b")), turn(Assistant, text("c")), turn(Assistant, text("d")), turn(User, text("e"))}, "u:text,text a:text,text u:text"},
		"results out of order": {[]Turn{turn(User, text("a")), turn(Assistant, messagesCallPart("1", "{}"), messagesCallPart("2", "{}")), turn(User, messagesResultPart("2")), turn(System, text("s")), turn(User, messagesResultPart("1"))},
			"u:text a:tool_use,tool_use u:tool_result,tool_result,text"},
		"a late result": {[]Turn{turn(User, text("a")), turn(Assistant, messagesCallPart("1", "{}"), messagesCallPart("2", "{}")), turn(User, messagesResultPart("1")), turn(Assistant, text("b")), turn(User, messagesResultPart("2"))},
			"u:text a:tool_use,tool_use u:tool_result,tool_result a:text u:text"},
		"no result":             {[]Turn{turn(User, text("a")), turn(Assistant, messagesCallPart("1", "{}")), turn(Assistant, text("b")), turn(User, text("c"))}, "u:text a:tool_use,text u:tool_result,text"},
		"no result at the end":  {[]Turn{turn(User, text("a")), turn(Assistant, messagesCallPart("1", "{}"))}, "u:text a:tool_use u:tool_result"},
		"a result of no call":   {[]Turn{turn(User, messagesResultPart("1", text("x")))}, "u:text,text"},
		"the same id again":     {[]Turn{turn(User, text("a")), turn(Assistant, messagesCallPart("1", "{}")), turn(User, messagesResultPart("1")), turn(Assistant, messagesCallPart("1", "{}")), turn(User, messagesResultPart("1"))}, "u:text a:tool_use u:tool_result a:tool_use u:tool_result"},
		"an id of another kind": {[]Turn{turn(User, text("a")), turn(Assistant, messagesCallPart("call|1 "+strings.Repeat("x", 90), "not JSON")), turn(User, messagesResultPart("call|1 "+strings.Repeat("x", 90)))}, "u:text a:tool_use u:tool_result"},
		"only dropped thinking": {[]Turn{turn(User, text("a")), turn(Assistant, Part{Kind: Thinking, Text: "h"}), turn(User, text("b"))}, "u:text,text"},
		"the last word":         {[]Turn{turn(User, text("a")), turn(Assistant, text("b \n"))}, "u:text a:text u:text"},
	} {
		t.Run(name, func(t *testing.T) {
			r := messagesRequestOf(c.turns...)
			target := Target{Model: "claude-opus-4-8"}
			messagesTwice(t, r, target)
			var drops Drops
			body, err := messagesCodec{}.EncodeRequest(r, target, &drops)
			if err != nil {
				t.Fatal(err)
			}
			if got := messagesShape(t, body); got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
}

// messagesShape is the order of roles and blocks.
func messagesShape(t *testing.T, body []byte) string {
	t.Helper()
	var r struct {
		Messages []struct {
			Role    string
			Content []struct{ Type string }
		}
	}
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatal(err)
	}
	var turns []string
	for _, m := range r.Messages {
		var kinds []string
		for _, b := range m.Content {
			kinds = append(kinds, b.Type)
		}
		turns = append(turns, m.Role[:1]+":"+strings.Join(kinds, ","))
	}
	return strings.Join(turns, " ")
}

// TestMessagesSettings: what depends on each other.
func TestMessagesSettings(t *testing.T) {
	no, warm := false, 1.7
	tool := []Tool{{Name: "f"}}
	for name, c := range map[string]struct {
		change func(*Request)
		target Target
		want   []string // in the body
		not    []string
	}{
		"no cap":                 {func(r *Request) { r.MaxOutput = 0 }, Target{Model: "m"}, []string{`"max_tokens":8192`}, nil},
		"the model's cap":        {func(r *Request) { r.MaxOutput = 0 }, Target{Model: "m", MaxOutput: 4096}, []string{`"max_tokens":4096`}, nil},
		"a cap too high":         {func(r *Request) {}, Target{Model: "m", MaxOutput: 4096}, []string{`"max_tokens":4096`}, nil},
		"effort, new":            {func(r *Request) { r.Reasoning.Effort = "xhigh" }, Target{Model: "claude-opus-5"}, []string{`"type":"adaptive"`, `"effort":"xhigh"`}, nil},
		"effort, 4.6":            {func(r *Request) { r.Reasoning.Effort = "xhigh" }, Target{Model: "claude-sonnet-4-6"}, []string{`"type":"adaptive"`, `"effort":"high"`}, nil},
		"effort, minimal":        {func(r *Request) { r.Reasoning.Effort = "minimal" }, Target{Model: "claude-opus-5"}, []string{`"effort":"low"`}, nil},
		"effort, none":           {func(r *Request) { r.Reasoning.Effort = "none" }, Target{Model: "claude-opus-5"}, []string{`"thinking":{"type":"disabled"}`}, []string{`"effort"`}},
		"effort, old":            {func(r *Request) { r.Reasoning.Effort = "high" }, Target{Model: "claude-sonnet-4"}, []string{`"budget_tokens":4500`}, []string{`"effort"`}},
		"effort, before thought": {func(r *Request) { r.Reasoning.Effort = "high" }, Target{Model: "claude-3-5-haiku-20241022"}, nil, []string{`"thinking"`}},
		"a budget too high":      {func(r *Request) { r.Reasoning = Reasoning{Mode: "enabled", Budget: 50000} }, Target{Model: "claude-sonnet-4"}, []string{`"budget_tokens":8999`}, nil},
		"a budget too low":       {func(r *Request) { r.Reasoning = Reasoning{Mode: "enabled", Budget: 5} }, Target{Model: "claude-sonnet-4"}, []string{`"budget_tokens":1024`}, nil},
		"no room for a budget":   {func(r *Request) { r.MaxOutput = 1000; r.Reasoning.Effort = "low" }, Target{Model: "claude-sonnet-4"}, nil, []string{`"thinking"`}},
		"forced tools":           {func(r *Request) { r.Tools = tool; r.ToolChoice.Mode = ToolAny; r.Reasoning.Effort = "high" }, Target{Model: "claude-opus-5"}, []string{`"tool_choice":{"type":"any"}`}, []string{`"thinking"`}},
		"serial tools":           {func(r *Request) { r.Tools = tool; r.ParallelTools = &no }, Target{Model: "m"}, []string{`"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`}, nil},
		"serial without tools":   {func(r *Request) { r.ParallelTools = &no }, Target{Model: "m"}, nil, []string{"tool_choice"}},
		"hot":                    {func(r *Request) { r.Temperature = &warm }, Target{Model: "m"}, []string{`"temperature":1`}, nil},
		"hot and thinking":       {func(r *Request) { r.Temperature = &warm; r.Reasoning.Effort = "low" }, Target{Model: "claude-sonnet-4"}, nil, []string{`"temperature"`}},
		"cache marks":            {func(r *Request) { r.Tools = tool }, Target{Model: "claude-opus-5"}, []string{`"input_schema":{"type":"object","properties":{}},"cache_control":{"type":"ephemeral"}}`, `"text":"hi","cache_control":{"type":"ephemeral"}}`}, nil},
		"no cache marks":         {func(r *Request) { r.Tools = tool }, Target{Model: "MiniMax-M2"}, nil, []string{"cache_control"}},
		"called but gone": {func(r *Request) {
			r.Turns = append(r.Turns, Turn{Role: Assistant, Parts: []Part{messagesCallPart("1", "{}")}}, Turn{Role: User, Parts: []Part{messagesResultPart("1")}})
		}, Target{Model: "m"}, []string{`"tools":[{"name":"f"`, `"tool_choice":{"type":"none"}`}, nil},
		"a schema of a choice": {func(r *Request) {
			r.Tools = []Tool{{Name: "f", Schema: json.RawMessage(`{"anyOf":[{"type":"object"}],"title":"x"}`)}}
		}, Target{Model: "m"}, []string{`"input_schema":{"type":"object","title":"x"}`}, []string{"anyOf"}},
		"a schema of a map": {func(r *Request) {
			r.Output = Output{Kind: "schema", Schema: json.RawMessage(`{"type":"object","additionalProperties":{"type":"string"}}`)}
		}, Target{Model: "claude-opus-5"}, []string{`"system":[`}, []string{"output_config"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := messagesRequestOf(Turn{Role: User, Parts: []Part{{Kind: Text, Text: "hi"}}})
			c.change(r)
			messagesTwice(t, r, c.target)
			var drops Drops
			body, err := messagesCodec{}.EncodeRequest(r, c.target, &drops)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range c.want {
				if !strings.Contains(string(body), s) {
					t.Errorf("no %s in %s", s, body)
				}
			}
			for _, s := range c.not {
				if strings.Contains(string(body), s) {
					t.Errorf("%s in %s", s, body)
				}
			}
		})
	}
}

// TestMessagesErrors: what providers of the format say, and what Claude Code reads.
func TestMessagesErrors(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   ErrorKind
		over   bool
		tokens int
		want   string
	}{
		{400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}`, KindInvalid, true, 210000, "prompt is too long: 210000 tokens > 200000 maximum"},
		{400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000, decrease\"}}", KindInvalid, true, 190000, "prompt is too long: input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000, decrease"},
		{400, `{"message":"Input is too long for requested model."}`, KindInvalid, true, 0, "prompt is too long: Input is too long for requested model."},
		{529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, KindOverloaded, false, 0, "Overloaded"},
		{502, "<html>Bad gateway</html>", KindAPI, false, 0, "<html>Bad gateway</html>"},
		{401, ``, KindAuth, false, 0, "the upstream answered with an error and said no more Unauthorized"},
		{404, `{"error":"no such model"}`, KindNotFound, false, 0, "no such model"},
	} {
		e := messagesCodec{}.DecodeError(c.status, []byte(c.body))
		if e.Kind != c.kind || e.Overflow != c.over || e.Tokens != c.tokens {
			t.Errorf("%s: %+v", c.body, e)
		}
		status, body := messagesCodec{}.EncodeError(e)
		var got struct {
			Type  string
			Error struct{ Type, Message string }
		}
		if err := json.Unmarshal(body, &got); err != nil || got.Type != "error" || got.Error.Message != c.want || status != c.status {
			t.Errorf("%s: %d %s, %v", c.body, status, body, err)
		}
	}
}

// TestMessagesForeignThinking: what another provider has signed comes back as its own.
func TestMessagesForeignThinking(t *testing.T) {
	p := Part{Kind: Thinking, ID: "rs_1", Text: "Hm.", Signature: "gAAA:b", SignedBy: Responses}
	body, err := messagesCodec{}.EncodeResponse(&Response{Parts: []Part{p}}, &Request{Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := messagesCodec{}.DecodeResponse(body)
	if err != nil || resp.Parts[0].Signature != p.Signature || resp.Parts[0].SignedBy != Responses || resp.Parts[0].ID != p.ID {
		t.Errorf("%s: %+v, %v", body, resp, err)
	}
}
