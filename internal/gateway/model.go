package gateway

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"sync/atomic"
)

// outgoing is a request body with another model's name in it: its parts are
// sent one after the other, nothing is copied.
type outgoing struct {
	parts [][]byte
	size  int64
	open  atomic.Int32 // readers that the transport has not closed
	body  *buffered    // whose memory the parts are; nil where they are of their own
}

// withModel replaces the model's name in body, and not one byte else.
func withModel(body []byte, f facts, name string) (*outgoing, error) {
	e, err := modelEdit(body, &f, name)
	if err != nil {
		return nil, err
	}
	return apply(body, []edit{e}), nil
}

// modelEdit replaces the model's name. The bytes stay as they are where the name
// is the same.
func modelEdit(body []byte, f *facts, name string) (edit, error) {
	quoted := body[f.modelStart:f.modelEnd]
	if name != f.Model {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(name); err != nil {
			return edit{}, err
		}
		quoted = bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	}
	return edit{f.modelStart, f.modelEnd, quoted}, nil
}

func (o *outgoing) reader() io.ReadCloser {
	o.open.Add(1)
	if o.body != nil {
		o.body.users.Add(1)
	}
	return &partsReader{of: o, rest: slices.Clone(o.parts)}
}

// drop lets go of the bytes, unless the transport still reads them; a response
// keeps its request, and with it the body, for as long as it lasts.
func (o *outgoing) drop() bool {
	if o.open.Load() > 0 {
		return false
	}
	o.parts = nil
	return true
}

// partsReader reads the parts one after the other. Unlike io.MultiReader it
// never needs a buffer of its own.
type partsReader struct {
	of   *outgoing
	rest [][]byte
	once sync.Once
}

func (r *partsReader) Read(p []byte) (n int, err error) {
	for i := range r.rest {
		k := copy(p[n:], r.rest[i])
		r.passed(i, k)
		n += k
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// WriteTo writes what is left.
func (r *partsReader) WriteTo(w io.Writer) (n int64, err error) {
	for i := range r.rest {
		if len(r.rest[i]) == 0 {
			continue
		}
		k, err := w.Write(r.rest[i])
		n += int64(k)
		r.passed(i, k)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Parts hands over what is left, so that only the transport keeps it from then
// on: a response keeps its request for as long as it lasts. See [h1.Parts].
func (r *partsReader) Parts() [][]byte {
	parts := r.rest
	r.rest = nil
	return parts
}

// passed moves on by n bytes of a part; an empty slice would still keep the body.
func (r *partsReader) passed(i, n int) {
	if r.rest[i] = r.rest[i][n:]; len(r.rest[i]) == 0 {
		r.rest[i] = nil
	}
}

// Close is called by the transport when it reads no more, maybe while it does.
func (r *partsReader) Close() error {
	r.once.Do(func() {
		r.of.open.Add(-1)
		if r.of.body != nil {
			r.of.body.done()
		}
	})
	return nil
}
