package wire

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The gist of a request or an answer is what must survive every translation, a line
// for each thing.

func gistOfRequest(r *Request) string {
	var g []string
	say := func(format string, args ...any) { g = append(g, fmt.Sprintf(format, args...)) }
	say("stream %v, max %d, output %s %s", r.Stream, r.MaxOutput, r.Output.Kind, gistOfJSON(r.Output.Schema))
	for i := range r.Tools {
		t := &r.Tools[i]
		if schema := gistOfJSON(t.Schema); t.Freeform || strings.Contains(schema, `"properties":{"input":`) {
			say("tool %s of text", t.Name)
		} else {
			say("tool %s %q %s", t.Name, t.Description, schema)
		}
	}
	choice := r.ToolChoice.Mode
	if choice == "" {
		choice = ToolAuto
	}
	if len(r.Tools) > 0 {
		say("choice %s %s, serial %v", choice, r.ToolChoice.Name, r.ParallelTools != nil && !*r.ParallelTools)
	}
	started := false
	for i := range r.Turns {
		turn := &r.Turns[i]
		role := turn.Role
		started = started || role != System
		if role == System && started {
			role = User // where a format cannot say it otherwise
		}
		for j := range turn.Parts {
			gistOfPart(say, role, &turn.Parts[j])
		}
	}
	if r.Reasoning.Effort != "" || r.Reasoning.Mode != "" {
		say("it thinks")
	}
	return strings.Join(g, "\n")
}

func gistOfPart(say func(string, ...any), role Role, p *Part) {
	switch p.Kind {
	case Text, Refusal:
		// Pieces of one turn are one text in some formats, with an empty line between.
		for text := range strings.SplitSeq(p.Text, "\n\n") {
			text = strings.TrimPrefix(strings.TrimSuffix(text, "\n</system-reminder>"), "<system-reminder>\n")
			if !strings.HasPrefix(text, "[from the result of call ") { // Chat's words about an image that a tool returned
				say("%s: %q", role, text)
			}
		}
	case Image, Document:
		say("%s shows %s %s %s", role, p.Media.MIME, p.Media.Data, p.Media.URL)
	case ToolCall:
		say("call %s %s %s", p.Call.ID, p.Call.Name, gistOfInput(p.Call))
	case ToolResult:
		say("result of %s", p.Result.ID)
		for i := range p.Result.Parts {
			gistOfPart(say, User, &p.Result.Parts[i])
		}
	}
}

func gistOfInput(c *Call) string {
	if c.Freeform {
		text, err := json.Marshal(map[string]string{"input": c.Input})
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
	return gistOfJSON([]byte(c.Input))
}

// gistOfJSON is JSON with its members in order.
func gistOfJSON(text []byte) string {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return string(text)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

func gistOfResponse(r *Response) string {
	var g []string
	say := func(format string, args ...any) { g = append(g, fmt.Sprintf(format, args...)) }
	for i := range r.Parts {
		p := &r.Parts[i]
		if p.Kind == Thinking {
			say("thinks %q", p.Text)
		} else {
			gistOfPart(say, Assistant, p)
		}
	}
	reason := r.Stop.Reason
	switch reason {
	case StopSequence, StopPause:
		reason = StopEnd
	case StopContext:
		reason = StopLength
	}
	say("stop %s", reason)
	say("prompt %d, of it cached %d, output %d", r.Usage.Prompt(), max(r.Usage.CacheRead, 0), r.Usage.Output)
	return strings.Join(g, "\n")
}
