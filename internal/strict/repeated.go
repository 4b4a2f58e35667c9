package strict

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
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
// until it returns false. end is the offset after the key; twice says that its
// object had it already. The document is one that encoding/json has read; its own
// tokens would take longer than the reading.
func eachKey(data []byte, visit func(key string, end int64, twice bool) bool) {
	text := string(data) // the keys are parts of it
	var open []object
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			open = append(open, object{key: true})
		case '[':
			open = append(open, object{list: true})
		case '}', ']':
			open = open[:max(0, len(open)-1)]
		case ',':
			if n := len(open); n > 0 {
				open[n-1].key = !open[n-1].list
			}
		case '"':
			begin := i
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			n := len(open)
			if i >= len(text) || n == 0 || !open[n-1].key {
				continue
			}
			open[n-1].key = false
			key := unquoted(text[begin : i+1])
			if !visit(key, int64(i+1), open[n-1].had(key)) {
				return
			}
		}
	}
}

// unquoted is a key as it is meant.
func unquoted(quoted string) string {
	plain := quoted[1 : len(quoted)-1]
	for i := range len(plain) {
		if c := plain[i]; c == '\\' || c >= utf8.RuneSelf {
			var key string
			if json.Unmarshal([]byte(quoted), &key) == nil {
				return key
			}
			break
		}
	}
	return plain
}

// object is an object or a list that is not closed yet.
type object struct {
	list bool
	key  bool // a key comes next
	keys []string
	more map[string]bool // of an object with many keys, all of them
}

// had remembers a key, and says whether it was there before.
func (o *object) had(key string) bool {
	if o.more != nil {
		had := o.more[key]
		o.more[key] = true
		return had
	}
	if slices.Contains(o.keys, key) {
		return true
	}
	if o.keys = append(o.keys, key); len(o.keys) > 32 {
		o.more = make(map[string]bool, 2*len(o.keys))
		for _, k := range o.keys {
			o.more[k] = true
		}
	}
	return false
}
