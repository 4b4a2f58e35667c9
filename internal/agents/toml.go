package agents

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/ringlet/ringlet/internal/strict"
)

// tomlMark stands behind the header of a table that ringlet made: once its keys
// are gone the table goes as well.
const tomlMark = " # made by ringlet"

// tomlEditor edits TOML by key, each named by its dotted path. go-toml reads the text; what
// this editor adds is where each statement stands, so that every other byte can stay.
type tomlEditor struct{}

// tomlText is a text with the place of each key and table.
type tomlText struct {
	path   string
	bom    []byte
	text   []byte // without the byte order mark
	keys   []tomlKey
	tables []tomlTable
}

// tomlKey is "key = value" in text[line:end]; end is after its line's end, if it has one.
type tomlKey struct {
	path             []string
	table            int // index into tables; -1 at the top
	line, end        int
	value, valueEnds int
}

// tomlTable is a header's line, text[line:end].
type tomlTable struct {
	path      []string
	array     bool
	line, end int
}

// parseTOML reads a text. Errors are *strict.Error.
func parseTOML(path string, text []byte) (*tomlText, error) {
	t := &tomlText{path: path, text: text}
	if rest, ok := bytes.CutPrefix(text, []byte(byteOrderMark)); ok {
		t.bom, t.text = []byte(byteOrderMark), rest
	}
	var all map[string]any
	if err := toml.Unmarshal(t.text, &all); err != nil {
		e := &strict.Error{Path: path, Problem: strings.TrimPrefix(err.Error(), "toml: ")}
		var at *toml.DecodeError
		if errors.As(err, &at) {
			e.Line, e.Column = at.Position()
		} else {
			e.Line, e.Column = 1, 1
		}
		return nil, e
	}
	var p unstable.Parser
	p.Reset(t.text)
	for p.NextExpression() {
		t.add(p.Expression())
	}
	if err := p.Error(); err != nil {
		return nil, &strict.Error{Path: path, Line: 1, Column: 1, Problem: err.Error()}
	}
	return t, nil
}

// add notes where a statement stands.
func (t *tomlText) add(e *unstable.Node) {
	if e.Kind != unstable.KeyValue && e.Kind != unstable.Table && e.Kind != unstable.ArrayTable {
		return
	}
	var name []string
	first, last := -1, 0
	for it := e.Key(); it.Next(); {
		k := it.Node()
		name = append(name, string(k.Data))
		if first < 0 {
			first = int(k.Raw.Offset)
		}
		last = int(k.Raw.Offset + k.Raw.Length)
	}
	line := bytes.LastIndexByte(t.text[:first], '\n') + 1
	if e.Kind != unstable.KeyValue {
		t.tables = append(t.tables, tomlTable{path: name, array: e.Kind == unstable.ArrayTable, line: line, end: t.lineEnd(last)})
		return
	}
	k := tomlKey{path: name, table: len(t.tables) - 1, line: line}
	if k.table >= 0 {
		k.path = append(slices.Clone(t.tables[k.table].path), name...)
	}
	k.value = last + bytes.IndexByte(t.text[last:], '=') + 1
	k.value += len(t.text[k.value:]) - len(bytes.TrimLeft(t.text[k.value:], " \t"))
	k.valueEnds = tomlValueEnd(t.text, k.value)
	k.end = t.lineEnd(k.valueEnds)
	t.keys = append(t.keys, k)
}

func (t *tomlText) lineEnd(from int) int {
	if i := bytes.IndexByte(t.text[from:], '\n'); i >= 0 {
		return from + i + 1
	}
	return len(t.text)
}

// tomlValueEnd is where the value that begins at from ends, in a text that is
// valid: strings, lists and tables may hold line ends and #.
func tomlValueEnd(text []byte, from int) int {
	depth := 0
	i := from
	for i < len(text) {
		switch c := text[i]; c {
		case '"', '\'':
			i = tomlStringEnd(text, i)
			if depth == 0 {
				return i
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '#':
			if depth == 0 {
				return from + len(bytes.TrimRight(text[from:i], " \t"))
			}
			for i < len(text) && text[i] != '\n' {
				i++
			}
			continue
		case '\n':
			if depth == 0 {
				return from + len(bytes.TrimRight(text[from:i], " \t\r"))
			}
		}
		i++
	}
	return from + len(bytes.TrimRight(text[from:i], " \t\r"))
}

// tomlStringEnd is where the string that begins at i ends.
func tomlStringEnd(text []byte, i int) int {
	quote := text[i]
	long := bytes.HasPrefix(text[i:], bytes.Repeat([]byte{quote}, 3))
	i++
	if long {
		i += 2
	}
	for i < len(text) {
		switch {
		case text[i] == '\\' && quote == '"':
			i += 2
		case text[i] != quote:
			i++
		case !long:
			return i + 1
		case bytes.HasPrefix(text[i:], bytes.Repeat([]byte{quote}, 3)):
			i += 3
			for n := 0; n < 2 && i < len(text) && text[i] == quote; n++ { // """a"""": a quote may stand before the end
				i++
			}
			return i
		default:
			i++
		}
	}
	return i
}

func (t *tomlText) find(name string) int {
	want := strings.Split(name, ".")
	return slices.IndexFunc(t.keys, func(k tomlKey) bool {
		return slices.Equal(k.path, want) && (k.table < 0 || !t.tables[k.table].array)
	})
}

func (t *tomlText) table(path []string) int {
	return slices.IndexFunc(t.tables, func(x tomlTable) bool { return !x.array && slices.Equal(x.path, path) })
}

// newline is the text's own line end.
func (t *tomlText) newline() string {
	if i := bytes.IndexByte(t.text, '\n'); i > 0 && t.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

func (t *tomlText) whole(text []byte) []byte { return slices.Concat(t.bom, text) }

// lookup implements [editor].
func (tomlEditor) lookup(path string, text []byte, keys []string) ([]setting, error) {
	t, err := parseTOML(path, text)
	if err != nil {
		return nil, err
	}
	out := make([]setting, len(keys))
	for n, key := range keys {
		out[n].key = key
		if i := t.find(key); i >= 0 {
			out[n].value = slices.Clone(t.text[t.keys[i].value:t.keys[i].valueEnds])
		}
	}
	return out, nil
}

// change implements [editor].
func (tomlEditor) change(path string, text []byte, change []setting, tidy bool) ([]byte, error) {
	for _, c := range change {
		t, err := parseTOML(path, text)
		if err != nil {
			return nil, err
		}
		i := t.find(c.key)
		switch {
		case len(c.value) == 0 && i >= 0:
			text = t.whole(t.without(t.keys[i].line, t.keys[i].end))
		case len(c.value) == 0:
		case i >= 0:
			text = t.whole(splice(t.text, t.keys[i].value, t.keys[i].valueEnds, c.value))
		default:
			if err := t.room(c.key); err != nil {
				return nil, err
			}
			text = t.whole(t.insert(c))
		}
	}
	if tidy {
		for {
			t, err := parseTOML(path, text)
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(t.tables, t.emptyOurs)
			if i < 0 {
				break
			}
			text = t.whole(t.withoutTable(i))
		}
	}
	return text, nil
}

// room refuses a key that cannot be added because something of that name is no
// table that could be added to: a value, an inline table, a list of tables.
func (t *tomlText) room(name string) error {
	path := strings.Split(name, ".")
	refuse := func(at int, what string, part []string) error {
		line, col := strict.Position(t.text, int64(at))
		return &strict.Error{Path: t.path, Line: line, Column: col, Problem: fmt.Sprintf("%s is %s, to which %s cannot be added", strings.Join(part, "."), what, name),
			Remedy: "write it as a table of its own, [" + strings.Join(part, ".") + "]"}
	}
	parent := path[:len(path)-1]
	for _, k := range t.keys {
		of := 0
		if k.table >= 0 {
			of = len(t.tables[k.table].path)
		}
		// a.b = 1 defines a, and closes it to a header [a].
		if len(parent) > of && len(k.path) > len(parent) && slices.Equal(k.path[:len(parent)], parent) && t.table(parent) < 0 {
			return refuse(k.line, "defined by a dotted key", parent)
		}
	}
	for n := 1; n < len(path); n++ {
		part := path[:n]
		for _, k := range t.keys {
			if slices.Equal(k.path, part) {
				return refuse(k.line, "a value", part)
			}
		}
		for _, x := range t.tables {
			if x.array && slices.Equal(x.path, part) {
				return refuse(x.line, "a list of tables", part)
			}
		}
	}
	return nil
}

// insert adds a key that is not there: at the end of its table, which is made at
// the end of the text where there is none.
func (t *tomlText) insert(c setting) []byte {
	path := strings.Split(c.key, ".")
	parent, name := path[:len(path)-1], path[len(path)-1]
	nl := t.newline()
	line := name + " = " + string(c.value)
	in := -1
	if len(parent) > 0 {
		if in = t.table(parent); in < 0 {
			header := "[" + strings.Join(parent, ".") + "]" + tomlMark
			switch {
			case len(t.text) == 0:
				return []byte(header + nl + line + nl)
			case t.text[len(t.text)-1] == '\n':
				return slices.Concat(t.text, []byte(nl+header+nl+line+nl))
			}
			return slices.Concat(t.text, []byte(nl+nl+header+nl+line))
		}
	}
	at := 0
	if in >= 0 {
		at = t.tables[in].end
	}
	for _, k := range t.keys {
		if k.table == in {
			at = k.end
		}
	}
	if at > 0 && t.text[at-1] != '\n' { // the last line has no end, and need not get one
		return slices.Concat(t.text, []byte(nl+line))
	}
	return splice(t.text, at, at, []byte(line+nl))
}

// without is the text without a statement's line; a last line without an end
// takes the one before it along.
func (t *tomlText) without(line, end int) []byte {
	if end == len(t.text) && end > 0 && t.text[end-1] != '\n' && line > 0 {
		line--
		if line > 0 && t.text[line-1] == '\r' {
			line--
		}
	}
	return splice(t.text, line, end, nil)
}

// emptyOurs reports whether a table was made by ringlet and holds nothing.
func (t *tomlText) emptyOurs(x tomlTable) bool {
	if x.array || !bytes.HasSuffix(bytes.TrimRight(t.text[x.line:x.end], "\r\n"), []byte(tomlMark)) {
		return false
	}
	rest := t.text[x.end:]
	if i := slices.IndexFunc(t.tables, func(y tomlTable) bool { return y.line >= x.end }); i >= 0 {
		rest = t.text[x.end:t.tables[i].line]
	}
	return len(bytes.TrimSpace(rest)) == 0
}

// withoutTable removes a header and the blank line that was put before it.
func (t *tomlText) withoutTable(i int) []byte {
	x := t.tables[i]
	before := x.line
	cut := func() {
		if before > 0 && t.text[before-1] == '\n' {
			if before--; before > 0 && t.text[before-1] == '\r' {
				before--
			}
		}
	}
	above := bytes.ReplaceAll(t.text[:before], []byte("\r\n"), []byte("\n"))
	blank := bytes.HasSuffix(above, []byte("\n\n")) || string(above) == "\n"
	if x.end == len(t.text) && t.text[x.end-1] != '\n' { // made behind a text without a last line end
		cut()
		cut()
	} else if blank {
		cut()
	}
	return splice(t.text, before, x.end, nil)
}

// had implements [editor]: tables say themselves whose they are.
func (tomlEditor) had(string, []byte) (bool, error) { return false, nil }

// bare implements [editor].
func (tomlEditor) bare(path string, text []byte) bool {
	t, err := parseTOML(path, text)
	return err == nil && len(bytes.TrimSpace(t.text)) == 0
}

// validValue implements [editor].
func (tomlEditor) validValue(value string) bool {
	var v map[string]any
	return toml.Unmarshal([]byte("v = "+value), &v) == nil && len(v) == 1
}
