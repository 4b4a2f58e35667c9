package agents

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/strict"
)

// jsonObject is an object inside a JSON text, with the place of each member, so
// that one member can be changed while every other byte stays as it is.
type jsonObject struct {
	text    []byte
	start   int // of the opening brace
	end     int // after the closing brace
	members []jsonMember
}

// jsonMember is "key": value at text[start:end].
type jsonMember struct {
	key               string
	start, value, end int
	keyEnd            int
}

// raw is the member's value as it stands in the text.
func (o jsonObject) raw(m jsonMember) []byte { return o.text[m.value:m.end] }

// find is the index of key among the members, or -1.
func (o jsonObject) find(key string) int {
	return slices.IndexFunc(o.members, func(m jsonMember) bool { return m.key == key })
}

// parseObject reads the object that begins at text[at], white space aside. text
// passed [strict.JSON], which also refuses a key that is there twice. path is only
// used in errors.
func parseObject(path string, text []byte, at int, what string) (jsonObject, error) {
	at += leadingSpace(text[at:])
	problem := func(off int, format string, args ...any) error {
		line, col := strict.Position(text, int64(off))
		return &strict.Error{Path: path, Line: line, Column: col, Problem: fmt.Sprintf(format, args...)}
	}
	if at >= len(text) || text[at] != '{' {
		return jsonObject{}, problem(at, "%s must be an object", what)
	}
	o := jsonObject{text: text, start: at}
	dec := json.NewDecoder(bytes.NewReader(text[at:]))
	here := func() int { return at + int(dec.InputOffset()) }
	if _, err := dec.Token(); err != nil {
		return o, err
	}
	for dec.More() {
		start := here()
		start += len(text[start:]) - len(bytes.TrimLeft(text[start:], " \t\r\n,"))
		key, err := dec.Token()
		if err != nil {
			return o, problem(here(), "%v", err)
		}
		m := jsonMember{start: start, keyEnd: here()}
		m.key, _ = key.(string)
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return o, problem(here(), "%v", err)
		}
		m.end = here()
		m.value = m.end - len(raw)
		o.members = append(o.members, m)
	}
	if _, err := dec.Token(); err != nil {
		return o, problem(here(), "%v", err)
	}
	o.end = here()
	return o, nil
}

// layout is how an object is laid out: what stands before each key, between key
// and value, and before the closing brace.
type layout struct {
	before, colon, closing string
}

// layout takes the object's own style from its first member, and that of an
// empty object from the one around it, or two spaces of indentation.
func (o jsonObject) layout(around *jsonObject) layout {
	if len(o.members) > 0 {
		m := o.members[0]
		l := layout{before: string(o.text[o.start+1 : m.start]), colon: string(o.text[m.keyEnd:m.value])}
		l.closing = string(o.text[o.members[len(o.members)-1].end : o.end-1])
		return l
	}
	if around == nil {
		return layout{before: "\n  ", colon: ": ", closing: "\n"}
	}
	out := around.layout(nil)
	i := strings.LastIndexByte(out.before, '\n')
	if i < 0 {
		return layout{before: "", colon: out.colon}
	}
	// One step deeper: the step is what the members of the object around are
	// indented by beyond its own closing brace.
	step := strings.TrimPrefix(out.before[i+1:], out.closing[strings.LastIndexByte(out.closing, '\n')+1:])
	return layout{before: out.before + step, colon: out.colon, closing: out.before}
}

// separator is what stands between the comma and the next key.
func (o jsonObject) separator(l layout) string {
	switch {
	case strings.Contains(l.before, "\n"):
		return l.before
	case len(o.members) > 1:
		between := o.text[o.members[0].end:o.members[1].start]
		return string(between[bytes.IndexByte(between, ',')+1:])
	case strings.HasSuffix(l.colon, " "):
		return " "
	}
	return ""
}

// set is the text with key set to value, a JSON text: in place where the key
// is, else as the last member. around is the object that contains this one.
func (o jsonObject) set(key string, value []byte, around *jsonObject) []byte {
	if i := o.find(key); i >= 0 {
		return splice(o.text, o.members[i].value, o.members[i].end, value)
	}
	l := o.layout(around)
	member := slices.Concat(quote(key), []byte(l.colon), value)
	if len(o.members) == 0 {
		return splice(o.text, o.start+1, o.end-1, slices.Concat([]byte(l.before), member, []byte(l.closing)))
	}
	last := o.members[len(o.members)-1].end
	return splice(o.text, last, last, slices.Concat([]byte(","+o.separator(l)), member))
}

// remove is the text without the i-th member.
func (o jsonObject) remove(i int) []byte {
	m := o.members[i]
	switch {
	case len(o.members) == 1:
		return splice(o.text, o.start+1, o.end-1, nil)
	case i > 0:
		return splice(o.text, o.members[i-1].end, m.end, nil)
	}
	return splice(o.text, m.start, o.members[1].start, nil)
}

func splice(text []byte, from, to int, with []byte) []byte {
	return slices.Concat(text[:from], with, text[to:])
}

func leadingSpace(b []byte) int { return len(b) - len(bytes.TrimLeft(b, " \t\r\n")) }

// quote is s as a JSON string, without the escapes for HTML.
func quote(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
