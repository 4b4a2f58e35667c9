package wire

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// messagesValid holds a request to the API's rules, as its documentation has them.
func messagesValid(t *testing.T, body []byte, model messagesModel) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf(format+"\n%s", append(args, body[:min(len(body), 4000)])...)
	}
	var r struct {
		Model       string
		MaxTokens   int `json:"max_tokens"`
		Temperature *float64
		TopP        *float64 `json:"top_p"`
		TopK        *int     `json:"top_k"`
		Thinking    struct {
			Type         string
			BudgetTokens int `json:"budget_tokens"`
		}
		ToolChoice struct{ Type string } `json:"tool_choice"`
		System     []map[string]any
		Tools      []map[string]any
		Messages   []struct {
			Role    string
			Content []map[string]any
		}
	}
	if err := json.Unmarshal(body, &r); err != nil {
		fail("it does not decode: %v", err)
		return
	}
	token := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
	switch {
	case r.MaxTokens < 1:
		fail("max_tokens is %d", r.MaxTokens)
	case r.Thinking.Type == "enabled" && (r.Thinking.BudgetTokens < 1024 || r.Thinking.BudgetTokens >= r.MaxTokens || !model.budget):
		fail("budget_tokens is %d of %d", r.Thinking.BudgetTokens, r.MaxTokens)
	case r.Thinking.Type == "adaptive" && !model.adaptive:
		fail("adaptive thinking for a model without")
	case r.Temperature != nil && (*r.Temperature < 0 || *r.Temperature > 1 || !model.sampling):
		fail("temperature is %v", *r.Temperature)
	case (r.TopP != nil || r.TopK != nil) && !model.sampling:
		fail("top_p or top_k for a model without")
	}
	thinks := r.Thinking.Type == "enabled" || r.Thinking.Type == "adaptive"
	if forced := r.ToolChoice.Type == "any" || r.ToolChoice.Type == "tool"; thinks && forced {
		fail("thinking with a forced tool")
	}
	marks := strings.Count(string(body), `"cache_control":{"type"`)
	if marks > 4 {
		fail("%d cache marks", marks)
	}
	for _, tool := range r.Tools {
		if name, _ := tool["name"].(string); !token.MatchString(name) && tool["type"] == nil {
			fail("a tool is called %q", name)
		}
		if schema, ok := tool["input_schema"].(map[string]any); tool["type"] == nil && (!ok || schema["type"] != "object") {
			fail("the input of %q is no object", tool["name"])
		}
	}
	if len(r.Messages) == 0 {
		fail("no messages")
	}
	used := map[any]bool{}
	var open []any
	for i, m := range r.Messages {
		if want := []string{"user", "assistant"}[i%2]; m.Role != want {
			fail("turn %d is the %s's", i, m.Role)
		}
		if len(m.Content) == 0 {
			fail("turn %d is empty", i)
		}
		var answered []any
		rest := false
		var calls []any
		for _, b := range m.Content {
			switch b["type"] {
			case "text":
				if text, _ := b["text"].(string); strings.TrimSpace(text) == "" {
					fail("turn %d has an empty text", i)
				}
			case "tool_use":
				id, _ := b["id"].(string)
				if _, ok := b["input"].(map[string]any); !ok || !token.MatchString(id) || used[id] {
					fail("the call %q is not valid", id)
				}
				if name, _ := b["name"].(string); !token.MatchString(name) {
					fail("a call of %q", name)
				}
				used[id] = true
				calls = append(calls, b["id"])
				continue
			case "tool_result":
				if rest {
					fail("a result comes after something else in turn %d", i)
				}
				if content, _ := json.Marshal(b["content"]); b["is_error"] == true && (strings.Contains(string(content), `"type":"image"`) || b["content"] == nil) {
					fail("an error that is not text in turn %d", i)
				}
				answered = append(answered, b["tool_use_id"])
				continue
			}
			if (b["type"] == "image" || b["type"] == "document") && m.Role == "assistant" {
				fail("an image of the assistant's")
			}
			rest = true
		}
		if len(answered) != len(open) {
			fail("turn %d answers %v of %v", i, answered, open)
		}
		for j := range open {
			if j < len(answered) && answered[j] != open[j] {
				fail("turn %d answers %v of %v", i, answered, open)
			}
		}
		open = calls
	}
	last := r.Messages[len(r.Messages)-1]
	if last.Role == "assistant" && (!model.prefill || thinks || len(open) > 0) {
		fail("the assistant has the last word")
	}
}
