package gateway

import (
	"bytes"
	"slices"

	"github.com/ringlet/ringlet/routes"
)

// edit replaces a piece of a body.
type edit struct {
	from, to int
	with     []byte
}

// What stands in for a turn all of which was dropped: the API takes no turn
// without content, and no text block without text.
// https://docs.claude.com/en/api/errors, https://docs.claude.com/en/api/messages
var (
	emptyTurn  = []byte(`{"type":"text","text":"(no content)"}`)
	noThinking = []byte(`{"type":"disabled"}`)
)

// without are the edits that take the parts that drop says out of a body, commas
// right, and change nothing else of it.
func (f *facts) without(drop []bool) (edits []edit) {
	lead := false // the last turn that calls tools loses what it began with
	f.eachList(func(from, to int) {
		if f.sealed[from].list == f.toolTurn {
			lead = losesLead(f.sealed[from:to], drop[from:to])
		}
	})
	off := lead && f.ThinkingMode == "enabled" && f.thinkingEnd > 0
	drop = slices.Clone(drop)
	for i, p := range f.sealed {
		if p.setting {
			drop[i] = off // "strategy requires thinking to be enabled or adaptive"
		}
	}
	f.eachList(func(from, to int) {
		edits = append(edits, emptied(f.sealed[from:to], drop[from:to])...)
	})
	if off {
		// A turn that waits for results must begin with thinking where that is enabled
		// by hand ("To avoid this requirement, disable thinking", says the API), not
		// where it is adaptive:
		// https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
		edits = append(edits, edit{f.thinkingStart, f.thinkingEnd, noThinking})
	}
	return edits
}

// eachList calls do with the bounds of each list's elements in sealed.
func (f *facts) eachList(do func(from, to int)) {
	for i := 0; i < len(f.sealed); {
		end := i
		for end < len(f.sealed) && f.sealed[end].list == f.sealed[i].list {
			end++
		}
		do(i, end)
		i = end
	}
}

// emptied takes elements out of one list.
func emptied(parts []sealed, drop []bool) (edits []edit) {
	gone := 0
	for _, d := range drop {
		if d {
			gone++
		}
	}
	if gone == 0 {
		return nil
	}
	if gone == parts[0].of { // all of the list
		if parts[0].setting {
			return []edit{{from: parts[0].from, to: parts[len(parts)-1].to}}
		}
		return []edit{{parts[0].from, parts[len(parts)-1].to, emptyTurn}}
	}
	after := parts[0].of // the elements that are kept behind an element's place
	for i := len(parts) - 1; i >= 0; i-- {
		p := parts[i]
		if !drop[i] {
			continue
		}
		if p.index == after-1 { // only dropped ones follow it, if any
			after = p.index
			edits = append(edits, edit{from: p.before, to: p.to})
		} else {
			edits = append(edits, edit{from: p.from, to: p.next})
		}
	}
	return edits
}

// losesLead reports whether a list no longer begins with what is sealed, though
// it did.
func losesLead(parts []sealed, drop []bool) bool {
	for i, p := range parts {
		if p.index != i {
			break
		}
		if !drop[i] {
			return false
		}
	}
	return parts[0].index == 0 && drop[0]
}

// apply makes the body with edits, in parts that are not copied.
func apply(body []byte, edits []edit) *outgoing {
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	o := &outgoing{parts: make([][]byte, 0, 2*len(edits)+1)}
	at := 0
	for _, e := range edits {
		o.parts = append(o.parts, body[at:e.from], e.with)
		at = e.to
	}
	o.parts = append(o.parts, body[at:])
	for _, p := range o.parts {
		o.size += int64(len(p))
	}
	return o
}

// everything drops all sealed parts of the conversation.
func everything(f *facts) []bool {
	all := make([]bool, len(f.sealed))
	for i := range all {
		all[i] = !f.sealed[i].setting
	}
	return all
}

// unsigned adds to drop the thinking that nobody signed, which Anthropic refuses.
// Other providers have thinking without signatures, and want it back.
func (f *facts) unsigned(drop []bool) []bool {
	for i, p := range f.sealed {
		if p.setting || p.seal != 0 {
			continue
		}
		if drop == nil {
			drop = make([]bool, len(f.sealed))
		}
		drop[i] = true
	}
	return drop
}

// meansSeal reports whether a refusal is about a signature or encrypted content
// that the upstream does not know as its own. The wordings are Anthropic's, Google's
// and OpenAI's: https://github.com/anthropics/claude-code/issues/10627,
// https://github.com/openai/codex/issues/8145
func meansSeal(format string, body []byte) bool {
	low := bytes.ToLower(body)
	if format == routes.Responses {
		return bytes.Contains(low, []byte("encrypted_content")) || bytes.Contains(low, []byte("encrypted content"))
	}
	return bytes.Contains(low, []byte("signature")) || bytes.Contains(low, []byte("redacted_thinking")) && bytes.Contains(low, []byte("cannot be modified"))
}
