package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/routes"
)

func TestInspectChat(t *testing.T) {
	words := strings.Repeat("word ", 800)
	testFacts(t, routes.Chat, []factsCase{
		{"least", `{"model":"m"}`, routes.Request{Model: "m"}},
		{"all", `{"model":"gpt","stream":true,"max_completion_tokens":5000,"reasoning_effort":"low","messages":[{"role":"developer","content":"d"},{"role":"user","content":"u"}],
			"tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object"}}},{"type":"custom","custom":{"name":"b"}}]}`,
			routes.Request{Model: "gpt", Stream: true, MaxTokens: 5000, Effort: "low", Thinking: true, ThinkingMode: "enabled", Messages: 2, Tools: 2, Tokens: 42}},
		{"no effort", `{"model":"m","reasoning_effort":"none"}`, routes.Request{Model: "m", Effort: "none", ThinkingMode: "disabled"}},
		{"effort null", `{"model":"m","reasoning_effort":null}`, routes.Request{Model: "m"}},
		{"OpenRouter's reasoning", `{"model":"m","reasoning":{"effort":"high","exclude":true}}`, routes.Request{Model: "m", Effort: "high", Thinking: true, ThinkingMode: "enabled"}},
		{"Z.AI's thinking", `{"model":"m","thinking":{"type":"disabled"},"reasoning_effort":"high"}`, routes.Request{Model: "m", Effort: "high", ThinkingMode: "disabled"}},
		{"the newer cap counts, first", `{"model":"m","max_completion_tokens":7,"max_tokens":5}`, routes.Request{Model: "m", MaxTokens: 7}},
		{"the newer cap counts, last", `{"model":"m","max_tokens":5,"max_completion_tokens":7}`, routes.Request{Model: "m", MaxTokens: 7}},
		{"the older cap", `{"model":"m","max_tokens":5}`, routes.Request{Model: "m", MaxTokens: 5}},
		{"functions", `{"model":"m","functions":[{"name":"a"},{"name":"b"}]}`, routes.Request{Model: "m", Tools: 2, Tokens: 10}},
		{"an image", `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("iVBORw0K", 9000) + `","detail":"auto"}}]}]}`,
			routes.Request{Model: "m", Messages: 1, Images: 1, Tokens: 770}},
		{"a file and a recording", `{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBER"}},{"type":"input_audio","input_audio":{"data":"UklGR","format":"wav"}}]}]}`,
			routes.Request{Model: "m", Messages: 1, Images: 2, Tokens: 1604}},
		{"calls and results", `{"model":"m","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":\"` + words + `\"}"}}]},{"role":"tool","tool_call_id":"call_1","content":"` + words + `"}]}`,
			routes.Request{Model: "m", Messages: 2, Tokens: 2010}},
		{"the other formats' fields are nothing", `{"model":"m","max_output_tokens":7,"input":[1],"system":"` + words + `"}`, routes.Request{Model: "m"}},
	})
}

func TestInspectResponses(t *testing.T) {
	words := strings.Repeat("word ", 800)
	testFacts(t, routes.Responses, []factsCase{
		{"least", `{"model":"m","input":"hello"}`, routes.Request{Model: "m", Messages: 1, Tokens: 6}},
		{"all", `{"model":"gpt","stream":true,"max_output_tokens":5000,"reasoning":{"summary":"auto","effort":"medium"},"instructions":"i",
			"input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]},{"role":"user","content":"u"}],"tools":[{"type":"function","name":"a"},{"type":"web_search"}]}`,
			routes.Request{Model: "gpt", Stream: true, MaxTokens: 5000, Effort: "medium", Thinking: true, ThinkingMode: "enabled", Messages: 2, Tools: 2, Tokens: 18}},
		{"reasoning null", `{"model":"m","reasoning":null,"stream":false}`, routes.Request{Model: "m"}},
		{"reasoning without effort", `{"model":"m","reasoning":{"summary":"auto"}}`, routes.Request{Model: "m"}},
		{"a namespace counts by its tools", `{"model":"m","tools":[{"type":"function","name":"a"},{"type":"namespace","name":"n","tools":[{"type":"function","name":"b"},{"type":"function","name":"c"}]},{"type":"namespace","name":"void","tools":[]}]}`,
			routes.Request{Model: "m", Tools: 3, Tokens: 56}},
		{"tools as an item, type last", `{"model":"m","input":[{"tools":[{"type":"function","name":"a"},{"type":"namespace","tools":[{"name":"b"},{"name":"c"}]}],"type":"additional_tools"},{"role":"user","content":"x"}]}`,
			routes.Request{Model: "m", Tools: 3, Messages: 1, Tokens: 38}},
		{"items that are no messages", `{"model":"m","input":[{"role":"user","content":"x"},{"type":"reasoning","summary":[],"encrypted_content":"` + strings.Repeat("gAAA", 4000) + `"},
			{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c","output":"` + words + `"},{"type":"custom_tool_call","input":"` + words + `"},{"type":"custom_tool_call_output","output":"y"},{"type":"item_reference","id":"z"}]}`,
			routes.Request{Model: "m", Messages: 3, Tokens: 2030}},
		{"images and files", `{"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,` + strings.Repeat("iVBORw0K", 9000) + `"},{"type":"input_file","filename":"x.pdf","file_data":"data:application/pdf;base64,JVBER"}]},
			{"type":"computer_call_output","output":{"type":"computer_screenshot","image_url":"data:image/png;base64,iVBO"}},{"type":"function_call_output","output":[{"type":"input_image","file_id":"file-1"}]}]}`,
			routes.Request{Model: "m", Messages: 3, Images: 4, Tokens: 3909}},
		{"the other formats' fields are nothing", `{"model":"m","max_tokens":7,"messages":[1],"reasoning_effort":"high"}`, routes.Request{Model: "m"}},
	})
}

// What is routed on may stand only once, whichever the format.
func TestInspectTwice(t *testing.T) {
	for format, keys := range map[string][]string{
		routes.Messages:  {"model", "stream", "max_tokens", "thinking", "output_config", "tools", "system", "messages"},
		routes.Chat:      {"model", "stream", "max_tokens", "max_completion_tokens", "thinking", "reasoning", "reasoning_effort", "tools", "functions", "messages"},
		routes.Responses: {"model", "stream", "max_output_tokens", "reasoning", "tools", "instructions", "input"},
	} {
		for _, key := range keys {
			body := fmt.Sprintf(`{"model":"m",%q:"x","y":1,%[1]q:"z"}`, key)
			if _, bad := inspect(format, []byte(body)); bad == nil || bad.problem != fmt.Sprintf("the field %q is given twice", key) {
				t.Errorf("%s, %s: %+v", format, key, bad)
			}
		}
	}
	for format, body := range map[string]string{
		routes.Messages:  `{"model":"m","output_config":{"effort":"a","effort":"b"}}`,
		routes.Chat:      `{"model":"m","thinking":{"type":"a","type":"b"}}`,
		routes.Responses: `{"model":"m","reasoning":{"effort":"a","effort":"b"}}`,
	} {
		if _, bad := inspect(format, []byte(body)); bad == nil || !strings.HasSuffix(bad.problem, "is given twice") {
			t.Errorf("%s: %s: %+v", format, body, bad)
		}
	}
	if _, bad := inspect(routes.Chat, []byte(`{"Model":"m"}`)); bad == nil || bad.at != 1 {
		t.Errorf("Model: %+v", bad)
	}
}
