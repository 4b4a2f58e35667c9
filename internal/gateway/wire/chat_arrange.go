package wire

import "slices"

// chatOut is one message to write.
type chatOut struct {
	role   string // system, user, assistant, tool
	parts  []Part // what is said
	calls  []*Call
	result *Result
}

// chatArrangement puts turns into the order and the number of messages that
// Chat Completions wants: one system message at the beginning; after an assistant
// message with calls its results, one message each, and nothing else before them;
// neighbours of one role in one message, as the templates of many models want
// roles to alternate.
type chatArrangement struct {
	q    chatQuirks
	out  []chatOut
	open []string  // calls without a result so far
	held []chatOut // what comes after the results
}

func chatArrange(r *Request, q chatQuirks) []chatOut {
	a := &chatArrangement{q: q, out: make([]chatOut, 0, len(r.Turns))}
	for _, t := range r.Turns {
		switch t.Role {
		case System:
			a.system(t.Parts)
		case Assistant:
			a.assistant(t.Parts)
		default:
			a.user(t.Parts)
		}
	}
	a.release()
	return a.out
}

func (a *chatArrangement) system(parts []Part) {
	leading := len(a.out) == 0 || len(a.out) == 1 && a.out[0].role == "system" && len(a.held) == 0
	if leading || a.q.systemAnywhere {
		a.say("system", parts)
		return
	}
	said := make([]Part, 0, len(parts))
	for _, p := range parts {
		p.Text = "<system-reminder>\n" + p.Text + "\n</system-reminder>"
		said = append(said, p)
	}
	a.say("user", said)
}

func (a *chatArrangement) user(parts []Part) {
	start := 0
	for i, p := range parts {
		if p.Kind != ToolResult || p.Result == nil {
			continue
		}
		a.say("user", parts[start:i])
		start = i + 1
		a.out = append(a.out, chatOut{role: "tool", result: p.Result})
		if at := slices.Index(a.open, p.Result.ID); at >= 0 {
			a.open = slices.Delete(a.open, at, at+1)
		}
		if media := chatMedia(p.Result); len(media) > 0 {
			a.hold(chatOut{role: "user", parts: media})
		}
		if len(a.open) == 0 && (i+1 == len(parts) || parts[i+1].Kind != ToolResult) {
			a.release()
		}
	}
	a.say("user", parts[start:])
}

func (a *chatArrangement) assistant(parts []Part) {
	n := len(a.out)
	joins := n > 0 && a.out[n-1].role == "assistant" // one answer in pieces: results are still to come
	if !joins {
		a.release()
	}
	said := make([]Part, 0, len(parts))
	var calls []*Call
	for _, p := range parts {
		if p.Kind == ToolCall && p.Call != nil {
			calls = append(calls, p.Call)
			a.open = append(a.open, p.Call.ID)
			continue
		}
		said = append(said, p)
	}
	if joins {
		a.out[n-1].parts = append(a.out[n-1].parts, said...)
		a.out[n-1].calls = append(a.out[n-1].calls, calls...)
		return
	}
	a.out = append(a.out, chatOut{role: "assistant", parts: said, calls: calls})
}

// say adds to the conversation, or to what is held while results are missing.
func (a *chatArrangement) say(role string, parts []Part) {
	if len(parts) == 0 {
		return
	}
	if m := (chatOut{role: role, parts: parts}); len(a.open) > 0 || len(a.held) > 0 {
		a.hold(m)
	} else {
		a.out = chatMerge(a.out, m)
	}
}

func (a *chatArrangement) hold(m chatOut) { a.held = chatMerge(a.held, m) }

// release adds what was held.
func (a *chatArrangement) release() {
	for _, m := range a.held {
		a.out = chatMerge(a.out, m)
	}
	a.held, a.open = nil, nil
}

// chatMerge adds m, to the last message where that has the same role.
func chatMerge(list []chatOut, m chatOut) []chatOut {
	if n := len(list); n > 0 && list[n-1].role == m.role && m.role != "tool" {
		// Full slices: the parts are the request's, which is not ours to write into.
		have := list[n-1].parts
		list[n-1].parts = append(have[:len(have):len(have)], m.parts...)
		return list
	}
	return append(list, m)
}

// chatMedia is what a tool message cannot hold: it has text only
// (https://platform.openai.com/docs/api-reference/chat/create), so images and
// documents follow in a user message that says where they are from.
func chatMedia(r *Result) []Part {
	var media []Part
	for _, p := range r.Parts {
		if p.Kind == Image || p.Kind == Document && (p.Media == nil || p.Media.Text == "") {
			media = append(media, p)
		}
	}
	if len(media) == 0 {
		return nil
	}
	of := r.Name
	if of == "" {
		of = "call " + r.ID
	}
	return append([]Part{{Kind: Text, Text: "[from the result of " + of + "]"}}, media...)
}
