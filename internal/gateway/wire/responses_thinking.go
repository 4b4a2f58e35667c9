package wire

import (
	"strings"

	"github.com/tidwall/gjson"
)

// A signature of another format travels through a Responses client as the
// encrypted_content of a reasoning item, behind these words. The client sends the
// item back as it got it, and the format that signed it gets its own again.
const (
	respSealed   = "ringlet:"  // then the format, a colon and the signature
	respRedacted = "redacted:" // before the signature of what cannot be read at all
)

// respSeal writes thinking's signature as encrypted_content; "" where there is none.
func respSeal(p *Part) string {
	if p.SignedBy == Responses || p.Signature == "" {
		return p.Signature
	}
	sealed := respSealed + string(p.SignedBy) + ":"
	if p.Kind == Redacted {
		sealed += respRedacted
	}
	return sealed + p.Signature
}

// respThinking reads a reasoning item: what was said of it, and its signature. An item
// without either says nothing.
func respThinking(v gjson.Result) (Part, bool) {
	p := Part{Kind: Thinking, ID: v.Get("id").Str, Text: respThoughts(v), Signature: v.Get("encrypted_content").Str}
	if p.Signature != "" {
		p.SignedBy = Responses
	}
	redacted := p.Text == ""
	if rest, ok := strings.CutPrefix(p.Signature, respSealed); ok {
		format, signature, _ := strings.Cut(rest, ":")
		p.SignedBy = Format(format)
		p.Signature, redacted = strings.CutPrefix(signature, respRedacted)
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
