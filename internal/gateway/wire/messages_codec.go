package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// messagesCodec is Anthropic's Messages API, as described in
// https://platform.claude.com/docs/en/api/messages and, field by field, in the
// types of Anthropic's official SDKs. It has no state.
type messagesCodec struct{}

func (messagesCodec) NewStreamDecoder() StreamDecoder {
	return &messagesStreamDecoder{usage: NoUsage()}
}

func (messagesCodec) NewStreamEncoder(r *Request) StreamEncoder {
	return &messagesStreamEncoder{names: messagesLocalNames(r), id: messagesID("", r), model: r.Model, usage: NoUsage()}
}

// messagesMaxID is the longest identifier of a call, and messagesMaxName the
// longest name of a tool, that every provider of the format accepts.
const (
	messagesMaxID   = 64
	messagesMaxName = 64
)

// messagesToken reports whether s is of the form ^[a-zA-Z0-9_-]{1,most}$, which
// tool names and the identifiers of calls must have.
func messagesToken(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// messagesHash is a short name for a long thing, the same at every call.
func messagesHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:12])
}

// messagesFlat is name, made to fit where it does not: what is not allowed
// becomes _, and a hash keeps two names that differ apart.
func messagesFlat(name string) string {
	if messagesToken(name, messagesMaxName) {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name) && b.Len() < messagesMaxName-13; i++ {
		if messagesToken(name[i:i+1], 1) {
			b.WriteByte(name[i])
		} else {
			b.WriteByte('_')
		}
	}
	return b.String() + "_" + messagesHash(name)[:12]
}

// messagesID is an answer's identifier as the format writes them.
func messagesID(id string, r *Request) string {
	switch {
	case strings.HasPrefix(id, "msg_"):
		return id
	case id == "":
		return "msg_" + messagesHash(r.Model+strconv.FormatInt(r.Created, 10))
	}
	return "msg_" + messagesFlat(id)
}

// messagesLocalNames maps the flat names of tools to those that the client
// knows, where they differ.
func messagesLocalNames(r *Request) map[string]string {
	var out map[string]string
	for i := range r.Tools {
		if t := &r.Tools[i]; t.Local != "" && t.Namespace == "" && t.Local != t.Name {
			if out == nil {
				out = map[string]string{}
			}
			out[t.Name] = t.Local
		}
	}
	return out
}

// Thinking that another format's provider has signed reaches a Messages client as
// a thinking block whose signature says so; agents send such blocks back as they
// came, and the decoder then knows whose they are:
//
//	wire:<format>:<identifier of the part>:<signature>
const messagesForeign = "wire:"

func messagesSignature(p *Part) string {
	if p.Signature == "" || p.SignedBy == "" || p.SignedBy == Messages {
		return p.Signature
	}
	return messagesForeign + string(p.SignedBy) + ":" + strings.ReplaceAll(p.ID, ":", "_") + ":" + p.Signature
}

// messagesSigned fills in the signature of a part, and whose it is.
func messagesSigned(p *Part, signature string) {
	if signature == "" {
		return
	}
	p.Signature, p.SignedBy = signature, Messages
	if rest, ok := strings.CutPrefix(signature, messagesForeign); ok {
		if f := strings.SplitN(rest, ":", 3); len(f) == 3 {
			p.SignedBy, p.ID, p.Signature = Format(f[0]), f[1], f[2]
		}
	}
}
