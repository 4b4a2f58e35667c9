package strict

import (
	"bytes"
	"encoding/json"
)

// repeatedKey finds the first key that occurs twice in one object of a valid
// JSON document, and the offset after its second occurrence. encoding/json
// would let the last one win, and what the first one set would silently not apply.
func repeatedKey(data []byte) (key string, off int64, found bool) {
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
			return "", 0, false
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
				if open[n-1].seen[t] {
					return t, dec.InputOffset(), true
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
