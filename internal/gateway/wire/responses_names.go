package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// respMaxName is how long a tool's name may be at every provider.
const respMaxName = 64

// respFlat is the flat name of a tool: see [Tool.Name]. It depends on nothing but
// the two names, so that a call in the history finds the same one.
func respFlat(namespace, name string) string {
	full := name
	if namespace != "" {
		full = namespace + "__" + name
	}
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, full)
	if clean == full && len(full) > 0 && len(full) <= respMaxName {
		return full
	}
	return respShort(clean, full, respMaxName)
}

// respShort ends a name that had to be changed in a hash of what it was, so that two of
// them stay apart.
func respShort(clean, full string, limit int) string {
	tail := "_" + respHash(full)
	return clean[:min(len(clean), limit-len(tail))] + tail
}

func respHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// respCallID keeps a call's id within the 64 characters that OpenAI accepts.
func respCallID(id string) string {
	if len(id) <= 64 {
		return id
	}
	return respShort(strings.ToValidUTF8(id[:48], ""), id, 64)
}

// respTools finds what a tool is called where the client is.
type respTools map[string]*Tool

// respToolsOf has every tool under its flat name. Models also call a tool as its
// description does, by its name without the namespace or with a dot between them: that
// is the tool too, where it can be no other.
func respToolsOf(r *Request) respTools {
	m := make(respTools, len(r.Tools))
	for i := range r.Tools {
		m[r.Tools[i].Name] = &r.Tools[i]
	}
	short := respTools{}
	for i := range r.Tools {
		t := &r.Tools[i]
		if t.Namespace == "" {
			continue
		}
		for _, name := range [...]string{t.Local, t.Namespace + "." + t.Local} {
			if _, ambiguous := short[name]; ambiguous {
				t = nil
			}
			short[name] = t
			t = &r.Tools[i]
		}
	}
	for name, t := range short {
		if t != nil && m[name] == nil {
			m[name] = t
		}
	}
	return m
}

// names are the name and the namespace of the client's tool. A name that the model
// made up stays as it is: the client says best that there is no such tool.
func (m respTools) names(flat string) (name, namespace string) {
	t := m[flat]
	if t == nil || t.Local == "" {
		return flat, ""
	}
	return t.Local, t.Namespace
}

func (m respTools) freeform(flat string) bool { return m[flat] != nil && m[flat].Freeform }

// client is the tool that the client runs itself under a type of its own, if flat is one.
func (m respTools) client(flat string) (respClientTool, bool) {
	if m[flat] == nil || m[flat].Client == "" {
		return respClientTool{}, false
	}
	return respClientToolOf(m[flat].Client)
}
