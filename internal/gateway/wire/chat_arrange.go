package wire

// chatNoResult is the result of a call that has none.
const chatNoResult = "the call was interrupted and has no result"

// chatOut is one message to write.
type chatOut struct {
	role   string // system, user, assistant, tool
	parts  []Part // what is said
	calls  []*Call
	result *Result
	own    bool // parts are no longer the request's, and may be added to
}

// chatArrangement puts turns into the order and the number of messages that
// Chat Completions wants: one system message at the beginning; after an assistant
// message with calls its results, one message each, and nothing else before them;
// neighbours of one role in one message, as the templates of many models want
// roles to alternate.
type chatArrangement struct {
	q    chatQuirks
	out  []chatOut
	held []chatOut // what comes after the results
	// The calls of the last assistant message, and how many are without a result so far,
	// by identifier and in all.
	called []string
	open   map[string]int
	nOpen  int
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
		if a.open[p.Result.ID] == 0 { // a tool message without its call is refused
			a.say("user", append([]Part{{Kind: Text, Text: chatFrom(p.Result)}}, p.Result.Parts...))
			continue
		}
		a.open[p.Result.ID]--
		a.nOpen--
		a.out = append(a.out, chatOut{role: "tool", result: p.Result})
		if media := chatMedia(p.Result); len(media) > 0 {
			a.hold(chatOut{role: "user", parts: media})
		}
		if a.nOpen == 0 && (i+1 == len(parts) || parts[i+1].Kind != ToolResult) {
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
			a.calls(p.Call.ID)
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
	if m := (chatOut{role: role, parts: parts}); a.nOpen > 0 || len(a.held) > 0 {
		a.hold(m)
	} else {
		a.out = chatMerge(a.out, m)
	}
}

func (a *chatArrangement) hold(m chatOut) { a.held = chatMerge(a.held, m) }

// release adds what was held. A call that got no result gets one that says so, as the
// conversation is refused otherwise.
func (a *chatArrangement) release() {
	for _, id := range a.called {
		if a.open[id] == 0 {
			continue
		}
		a.open[id]--
		a.out = append(a.out, chatOut{role: "tool", result: &Result{ID: id, IsError: true, Parts: []Part{{Kind: Text, Text: chatNoResult}}}})
	}
	for _, m := range a.held {
		a.out = chatMerge(a.out, m)
	}
	a.held, a.called, a.open, a.nOpen = nil, nil, nil, 0
}

// calls notes a call that waits for its result.
func (a *chatArrangement) calls(id string) {
	if a.open == nil {
		a.open = map[string]int{}
	}
	a.called = append(a.called, id)
	a.open[id]++
	a.nOpen++
}

// chatMerge adds m, to the last message where that has the same role.
func chatMerge(list []chatOut, m chatOut) []chatOut {
	if n := len(list); n > 0 && list[n-1].role == m.role && m.role != "tool" {
		last := &list[n-1]
		if !last.own { // a full slice, so that appending copies
			last.parts, last.own = last.parts[:len(last.parts):len(last.parts)], true
		}
		last.parts = append(last.parts, m.parts...)
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
	return append([]Part{{Kind: Text, Text: chatFrom(r)}}, media...)
}

// chatFrom says whose result follows.
func chatFrom(r *Result) string {
	if r.Name == "" {
		return "[from the result of call " + r.ID + "]"
	}
	return "[from the result of " + r.Name + "]"
}
