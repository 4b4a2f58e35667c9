package gateway

import (
	"bytes"
	"encoding/json"
	"io"
)

// outgoing is a request body with another model's name in it: the three parts
// are sent one after the other, nothing is copied.
type outgoing struct {
	parts [3][]byte
	size  int64
}

// withModel replaces the model's name in body, and not one byte else. The bytes
// stay as they are where the name is the same.
func withModel(body []byte, f facts, name string) (outgoing, error) {
	quoted := body[f.modelStart:f.modelEnd]
	if name != f.Model {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(name); err != nil {
			return outgoing{}, err
		}
		quoted = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	}
	o := outgoing{parts: [3][]byte{body[:f.modelStart], quoted, body[f.modelEnd:]}}
	for _, p := range o.parts {
		o.size += int64(len(p))
	}
	return o, nil
}

func (o outgoing) reader() io.ReadCloser {
	return io.NopCloser(io.MultiReader(bytes.NewReader(o.parts[0]), bytes.NewReader(o.parts[1]), bytes.NewReader(o.parts[2])))
}
