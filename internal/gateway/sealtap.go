package gateway

import (
	"bytes"

	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// maxSignature bounds what is collected of one signature; they have a few kilobytes.
const maxSignature = 1 << 20

// sealTap reads signatures off an answer on its way, so that the next request
// tells whose they are.
type sealTap struct {
	format string
	base   string // of the upstream that answers
	memory *signers
	part   []byte // of a signature that comes in pieces
}

func (a *attempt) sealTap() sealTap {
	return sealTap{format: a.lane.format(), base: a.base, memory: a.x.e.signers}
}

// event looks at one event of a stream.
func (s *sealTap) event(data []byte) {
	switch s.format {
	case routes.Messages:
		s.messagesEvent(data)
	case routes.Responses:
		if bytes.Contains(data, []byte(`"encrypted_content"`)) && gjson.GetBytes(data, "type").Str == "response.output_item.done" {
			s.memory.learn([]byte(gjson.GetBytes(data, "item.encrypted_content").Str), s.base)
		}
	}
}

// messagesEvent: a signature comes in one event of its own or more, what is
// redacted with the beginning of its block.
// https://docs.claude.com/en/docs/build-with-claude/streaming#thinking-delta
func (s *sealTap) messagesEvent(data []byte) {
	switch {
	case bytes.Contains(data, []byte("signature_delta")):
		if delta := gjson.GetBytes(data, "delta.signature").Str; len(s.part)+len(delta) <= maxSignature {
			s.part = append(s.part, delta...)
		}
	case bytes.Contains(data, []byte("redacted_thinking")):
		s.memory.learn([]byte(gjson.GetBytes(data, "content_block.data").Str), s.base)
	case len(s.part) > 0 && bytes.Contains(data, []byte("content_block_stop")):
		s.memory.learn(s.part, s.base)
		s.part = s.part[:0]
	}
}

// whole looks at an answer in one piece.
func (s *sealTap) whole(body []byte) {
	list, keys := "content", []string{"signature", "data"}
	if s.format == routes.Responses {
		list, keys = "output", []string{"encrypted_content"}
	}
	gjson.GetBytes(body, list).ForEach(func(_, part gjson.Result) bool {
		switch part.Get("type").Str {
		case "thinking", "redacted_thinking", "reasoning":
			for _, key := range keys {
				s.memory.learn([]byte(part.Get(key).Str), s.base)
			}
		}
		return true
	})
}
