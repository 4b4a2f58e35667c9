package wire

import (
	"strconv"
	"strings"
)

// What stands in for a turn that the API wants and the conversation has not.
const messagesFiller = "Continue."

// messagesTurn is a turn as it is sent: neighbours of one role are one turn.
type messagesTurn struct {
	role   Role
	blocks []messagesBlock
	calls  []*messagesCall // of an assistant's turn; their results begin the next turn
}

// messagesBlock is a part, or text of our own about one.
type messagesBlock struct {
	part *Part
	text string
	call *messagesCall // of a ToolCall
}

// messagesCall is a call with its result, wherever in the conversation that stood.
type messagesCall struct {
	id     string // as it is sent
	result *Part
}

// messagesArranger puts turns in the order that the API demands: the first is the
// user's, roles alternate, and a turn with calls is followed at once by one that
// begins with a result for each of them.
// https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls
type messagesArranger struct {
	drops  *Drops
	system []*Part
	turns  []messagesTurn
	open   map[string][]*messagesCall // without a result, by the client's identifier
	ids    map[string]bool            // those sent
}

func messagesArrange(r *Request, drops *Drops) *messagesArranger {
	a := &messagesArranger{drops: drops, open: map[string][]*messagesCall{}, ids: map[string]bool{}}
	started := false
	for i := range r.Turns {
		t := &r.Turns[i]
		if t.Role == System && !started {
			a.lead(t)
			continue
		}
		started = true
		for j := range t.Parts {
			a.part(t.Role, &t.Parts[j])
		}
	}
	a.answer()
	if len(a.turns) == 0 || a.turns[0].role == Assistant {
		a.turns = append([]messagesTurn{{role: User, blocks: []messagesBlock{{text: messagesFiller}}}}, a.turns...)
	}
	return a
}

// lead takes the instructions before the conversation.
func (a *messagesArranger) lead(t *Turn) {
	for i := range t.Parts {
		p := &t.Parts[i]
		switch {
		case p.Kind != Text:
			a.drops.Add("system[] that is not text")
		case strings.TrimSpace(p.Text) != "":
			a.system = append(a.system, p)
		}
	}
}

func (a *messagesArranger) part(role Role, p *Part) {
	switch p.Kind {
	case Text, Refusal:
		switch {
		case strings.TrimSpace(p.Text) == "":
			// Refused by the API: "text content blocks must be non-empty".
		case role == System:
			// Only some models take a system turn within the conversation, and only in
			// some places; in the user's turn, marked, every model takes it.
			a.add(User, messagesBlock{part: p, text: "<system-reminder>\n" + p.Text + "\n</system-reminder>"})
		default:
			a.add(role, messagesBlock{part: p})
		}
	case Image, Document:
		if role == Assistant {
			a.drops.Add("images and documents of the assistant")
			return
		}
		a.add(User, messagesBlock{part: p})
	case Thinking, Redacted:
		if p.SignedBy != Messages || p.Signature == "" || role != Assistant {
			a.drops.Add("thinking without a signature of this format")
			return
		}
		a.add(Assistant, messagesBlock{part: p})
	case ToolCall:
		c := &messagesCall{id: a.id(p.Call.ID)}
		a.add(Assistant, messagesBlock{part: p, call: c})
		last := &a.turns[len(a.turns)-1]
		last.calls = append(last.calls, c)
		a.open[p.Call.ID] = append(a.open[p.Call.ID], c)
	case ToolResult:
		a.result(p)
	}
}

func (a *messagesArranger) add(role Role, b messagesBlock) {
	if n := len(a.turns); n == 0 || a.turns[n-1].role != role {
		a.turns = append(a.turns, messagesTurn{role: role})
	}
	last := &a.turns[len(a.turns)-1]
	last.blocks = append(last.blocks, b)
}

// result gives a result to its call. One without a call (the client has cut the
// conversation there) is told as text.
func (a *messagesArranger) result(p *Part) {
	waiting := a.open[p.Result.ID]
	if len(waiting) == 0 {
		a.add(User, messagesBlock{text: "The result of an earlier tool call:"})
		for i := range p.Result.Parts {
			a.part(User, &p.Result.Parts[i])
		}
		return
	}
	waiting[0].result = p
	a.open[p.Result.ID] = waiting[1:]
	if n := len(a.turns); a.turns[n-1].role == Assistant {
		a.turns = append(a.turns, messagesTurn{role: User})
	}
}

// answer makes sure that a turn of the user's follows every turn with calls.
func (a *messagesArranger) answer() {
	var out []messagesTurn
	for i := range a.turns {
		out = append(out, a.turns[i])
		if len(a.turns[i].calls) > 0 && (i+1 == len(a.turns) || a.turns[i+1].role != User) {
			out = append(out, messagesTurn{role: User})
		}
	}
	// A turn that was begun for a result that went to an earlier one is empty.
	a.turns = out[:0]
	for i := range out {
		n := len(a.turns)
		if len(out[i].blocks) == 0 && (n == 0 || len(a.turns[n-1].calls) == 0) {
			continue
		}
		if n > 0 && a.turns[n-1].role == out[i].role {
			a.turns[n-1].blocks = append(a.turns[n-1].blocks, out[i].blocks...)
			a.turns[n-1].calls = append(a.turns[n-1].calls, out[i].calls...)
			continue
		}
		a.turns = append(a.turns, out[i])
	}
}

// id is a call's identifier as the API takes it: of the allowed characters, and used once.
func (a *messagesArranger) id(id string) string {
	out := id
	if !messagesToken(id, messagesMaxID) {
		out = "toolu_" + messagesHash(id)
	}
	for n := 2; a.ids[out]; n++ { // some providers number their calls anew in every answer
		out = "toolu_" + messagesHash(id+" "+strconv.Itoa(n))
	}
	a.ids[out] = true
	return out
}

// inLoop reports whether the last turn of the assistant waits for what its calls
// returned and does not begin with thinking: then thinking with a budget is refused.
// https://platform.claude.com/docs/en/build-with-claude/extended-thinking#extended-thinking-with-tool-use
func (a *messagesArranger) inLoop() bool {
	for i := len(a.turns) - 1; i >= 0; i-- {
		if t := &a.turns[i]; t.role == Assistant {
			first := t.blocks[0].part
			return len(t.calls) > 0 && (first == nil || first.Kind != Thinking && first.Kind != Redacted)
		}
	}
	return false
}
