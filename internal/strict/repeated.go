package strict

import (
	"bytes"
	"encoding/json"
)

// repeatedKey finds the first key that occurs twice in one object of a valid
// JSON document, and the offset after its second occurrence. encoding/json
// would let the last one win, and what the first one set would silently not apply.
func repeatedKey(data []byte) (key string, off int64, found bool) {
	eachKey(data, func(k string, end int64, twice bool) bool {
		key, off, found = k, end, twice
		return !twice
	})
	return key, off, found
}

// firstKey finds the first key of that name in any object of a JSON document,
// and the offset after it: encoding/json names an unknown field and not its place.
func firstKey(data []byte, name string) (off int64, found bool) {
	eachKey(data, func(k string, end int64, _ bool) bool {
		off, found = end, k == name
		return !found
	})
	return off, found
}

// eachKey calls visit for every key of every object, in the order of the text,
// until it returns false or the document cannot be read on. end is the offset
// after the key; twice says that its object had it already.
func eachKey(data []byte, visit func(key string, end int64, twice bool) bool) {
	dec := json.NewDecoder(bytes.NewReader(data))
	type object struct {
		seen map[string]bool // nil for an array
		key  bool            // a key comes next
	}
	var open []object
	value := func() { // one value of the innermost object is complete
		if n := len(open); n > 0 && open[n-1].seen != nil {
			open[n-1].key = true
		}
	}
	for {
		t, err := dec.Token()
		if err != nil {
			return
		}
		switch t := t.(type) {
		case json.Delim:
			switch t {
			case '{':
				open = append(open, object{seen: map[string]bool{}, key: true})
			case '[':
				open = append(open, object{})
			default:
				open = open[:len(open)-1]
				value()
			}
		case string:
			if n := len(open); n > 0 && open[n-1].key {
				if !visit(t, dec.InputOffset(), open[n-1].seen[t]) {
					return
				}
				open[n-1].seen[t], open[n-1].key = true, false
				continue
			}
			value()
		default:
			value()
		}
	}
}
