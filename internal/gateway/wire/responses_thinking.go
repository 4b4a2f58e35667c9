package wire

import (
	"strings"

	"github.com/tidwall/gjson"
)

// respRedacted marks the signature of what cannot be read at all, in what respSeal writes.
const respRedacted = "redacted"

// respSeal writes thinking's signature as encrypted_content; "" where there is none. That of
// another format travels through a client of this one behind the words by which the
// Messages codec does the same: the client sends the item back as it got it, and the
// format that signed it gets its own again.
func respSeal(p *Part) string {
	if p.SignedBy == Responses || p.Signature == "" {
		return p.Signature
	}
	mark := ""
	if p.Kind == Redacted {
		mark = respRedacted
	}
	return messagesForeign + string(p.SignedBy) + ":" + mark + ":" + p.Signature
}

// respThinking reads a reasoning item: what was said of it, and its signature. An item
// without either says nothing.
func respThinking(v gjson.Result) (Part, bool) {
	p := Part{Kind: Thinking, ID: v.Get("id").Str, Text: respThoughts(v), Signature: v.Get("encrypted_content").Str}
	if p.Signature != "" {
		p.SignedBy = Responses
	}
	redacted := p.Text == ""
	if rest, ok := strings.CutPrefix(p.Signature, messagesForeign); ok {
		if f := strings.SplitN(rest, ":", 3); len(f) == 3 {
			p.SignedBy, p.Signature, redacted = Format(f[0]), f[2], f[1] == respRedacted
		}
	}
	if redacted {
		p.Kind = Redacted
	}
	return p, p.Text != "" || p.Signature != ""
}

// respThoughts is the summary, or, with models whose weights are open, the reasoning itself.
func respThoughts(v gjson.Result) string {
	var text strings.Builder
	for _, field := range [...]string{"summary", "content"} {
		v.Get(field).ForEach(func(_, one gjson.Result) bool {
			if t := one.Get("text").Str; t != "" {
				if text.Len() > 0 {
					text.WriteString("\n\n")
				}
				text.WriteString(t)
			}
			return true
		})
		if text.Len() > 0 {
			break
		}
	}
	return text.String()
}
