package profiles

import (
	"bytes"
	"encoding/json"

	"github.com/ringlet/ringlet/internal/strict"
)

// locate finds the line and column, from 1, of the value under the given keys
// (strings) and indexes (ints) of a JSON document; of the innermost enclosing
// value where it is not there.
func locate(data []byte, keys ...any) (line, column int) {
	l := locator{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	l.value(keys)
	return strict.Position(data, l.found)
}

type locator struct {
	data  []byte
	dec   *json.Decoder
	found int64
	done  bool
}

// value reads one value; keys lead from it to the wanted one. A nil keys means
// that the wanted one is not inside.
func (l *locator) value(keys []any) {
	start := l.dec.InputOffset()
	for start < int64(len(l.data)) && bytes.IndexByte([]byte(" \t\r\n:,"), l.data[start]) >= 0 {
		start++
	}
	if keys != nil && !l.done {
		l.found = start
		l.done = len(keys) == 0
	}
	t, err := l.dec.Token()
	if err != nil {
		return
	}
	switch t {
	case json.Delim('{'):
		for l.dec.More() {
			key, err := l.dec.Token()
			if err != nil {
				return
			}
			l.value(step(keys, key))
		}
	case json.Delim('['):
		for i := 0; l.dec.More(); i++ {
			l.value(step(keys, i))
		}
	default:
		return
	}
	_, _ = l.dec.Token() // the closing bracket
}

// step is what remains of keys inside the child called key; nil when the path
// does not lead there.
func step(keys []any, key any) []any {
	if len(keys) == 0 || keys[0] != key {
		return nil
	}
	return keys[1:]
}
