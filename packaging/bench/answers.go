package main

import (
	"fmt"
	"strings"
)

// lane is what the upstream answers in one wire format, complete with the
// frames of HTTP.
type lane struct {
	whole             []byte
	head, delta, tail []byte // of a stream
}

const streamHeader = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nRequest-Id: req_bench\r\nTransfer-Encoding: chunked\r\n\r\n"

// The answers: prepared once, never changed.
var (
	messagesLane = lane{
		whole: wholeAnswer(`{"id":"msg_bench","type":"message","role":"assistant","model":"bench","content":[{"type":"text","text":` + fmt.Sprintf("%q", prose) + `}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":250,"output_tokens":50,"cache_read_input_tokens":0,"cache_creation_input_tokens":0}}`),
		head: []byte(streamHeader +
			frame("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":250,\"output_tokens\":1}}}\n\n"+
				"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n") + messagesDelta),
		delta: []byte(messagesDelta),
		tail: []byte(frame("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"+
			"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":50}}\n\n"+
			"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") + "0\r\n\r\n"),
	}
	messagesDelta = frame("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" + prose[:150] + "\"}}\n\n")

	chatLane = lane{
		whole: wholeAnswer(`{"id":"chatcmpl-bench","object":"chat.completion","created":1764000000,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":` + fmt.Sprintf("%q", prose) + `},"finish_reason":"stop"}],"usage":{"prompt_tokens":250,"completion_tokens":50,"total_tokens":300}}`),
		head:  []byte(streamHeader + frame("data: "+chatChunk(`{"role":"assistant","content":""}`, "null")+"\n\n") + chatDelta),
		delta: []byte(chatDelta),
		tail: []byte(frame("data: "+chatChunk(`{}`, `"stop"`)+"\n\n"+
			`data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1764000000,"model":"bench","choices":[],"usage":{"prompt_tokens":250,"completion_tokens":50,"total_tokens":300}}`+"\n\ndata: [DONE]\n\n") + "0\r\n\r\n"),
	}
	chatDelta = frame("data: " + chatChunk(`{"content":"`+prose[:100]+`"}`, "null") + "\n\n")
)

// prose stands for what a model writes.
const prose = "The scheduler keeps one queue per worker and steals from the others when its own is empty; that is why the order of two tasks says nothing about the order in which they finish. "

func chatChunk(delta, finish string) string {
	return `{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1764000000,"model":"bench","choices":[{"index":0,"delta":` + delta + `,"finish_reason":` + finish + `}]}`
}

func frame(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

func wholeAnswer(body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRequest-Id: req_bench\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// request is a whole request of the Messages format, complete with the headers
// that Claude Code sends, for any target: each takes the token.
func request(body []byte) []byte {
	head := strings.Join([]string{
		"POST /v1/messages?beta=true HTTP/1.1",
		"Host: localhost:{port}",
		"Connection: keep-alive",
		"Accept: application/json",
		"Content-Type: application/json",
		"User-Agent: claude-cli/2.1.330 (external, cli)",
		"X-Api-Key: " + token,
		"Anthropic-Version: 2023-06-01",
		"Anthropic-Beta: claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14",
		"Anthropic-Dangerous-Direct-Browser-Access: true",
		"X-App: cli",
		"X-Stainless-Lang: js",
		"X-Stainless-Package-Version: 0.70.0",
		"X-Stainless-Os: Linux",
		"X-Stainless-Arch: x64",
		"X-Stainless-Runtime: node",
		"X-Stainless-Runtime-Version: v24.3.0",
		"X-Stainless-Retry-Count: 0",
		"X-Stainless-Timeout: 600",
		"Accept-Encoding: gzip, deflate, br, zstd",
		fmt.Sprintf("Content-Length: %d", len(body)),
	}, "\r\n")
	return append([]byte(head+"\r\n\r\n"), body...)
}

// conversation is a Messages request of about size bytes, built like an agent's:
// a system prompt, tools, and turns of tool calls with code in their results.
func conversation(size int, stream bool, hold bool) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"model":"claude-sonnet-4-20250514","stream":%v,"max_tokens":8192,`, stream)
	if hold {
		fmt.Fprintf(&b, `"metadata":{"user_id":%q},`, markHold)
	}
	b.WriteString(`"system":[{"type":"text","text":"You are a coding agent. Be brief.","cache_control":{"type":"ephemeral"}}],`)
	if size > 10_000 {
		b.WriteString(`"tools":[`)
		for i := range 15 {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"name":"tool_%d","description":%q,"input_schema":{"type":"object","properties":{"path":{"type":"string","description":"The absolute path"},"limit":{"type":"integer"},"pattern":{"type":"string"}},"required":["path"]}}`, i, prose)
		}
		b.WriteString(`],`)
	}
	b.WriteString(`"messages":[{"role":"user","content":"Find out why the test is flaky, and repair it."}`)
	const code = "func (q *queue) pop() (task, bool) {\n\tq.mu.Lock()\n\tdefer q.mu.Unlock()\n\tif len(q.items) == 0 {\n\t\treturn task{}, false // \"empty\" is no error\n\t}\n\tt := q.items[0]\n\tq.items = q.items[1:]\n\treturn t, true\n}\n"
	for i := 0; b.Len()+1_000 < size; i++ {
		text := strings.Repeat(code, max(1, min(20, (size-b.Len()-1_000)/len(code))))
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"I look at the next file."},{"type":"tool_use","id":"toolu_%d","name":"tool_1","input":{"path":"/src/queue_%d.go"}}]}`, i, i)
		fmt.Fprintf(&b, `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%d","content":%q}]}`, i, text)
	}
	fill := strings.Repeat(prose, 1+size/len(prose))[:max(0, min(10_000, size-b.Len()-100))]
	fmt.Fprintf(&b, `,{"role":"assistant","content":"I see."},{"role":"user","content":%q}`, fill)
	b.WriteString(`]}`)
	return []byte(b.String())
}
