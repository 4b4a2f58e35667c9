package gateway

import "github.com/tidwall/gjson"

// usage is what an upstream reported, in tokens; -1 is not reported.
type usage struct {
	input, output, cacheRead, cacheWrite int64
}

func noUsage() usage { return usage{-1, -1, -1, -1} }

// read takes the figures of a Messages usage object over. A stream reports
// twice, at its start and, as running totals, at its end.
func (u *usage) read(obj gjson.Result) {
	if !obj.IsObject() {
		return
	}
	obj.ForEach(func(key, value gjson.Result) bool {
		if value.Type != gjson.Number {
			return true
		}
		switch key.Str {
		case "input_tokens":
			u.input = value.Int()
		case "output_tokens":
			u.output = value.Int()
		case "cache_read_input_tokens":
			u.cacheRead = value.Int()
		case "cache_creation_input_tokens":
			u.cacheWrite = value.Int()
		}
		return true
	})
}
