package dialect

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// maxConverted bounds an answer that is read whole to be converted: errors and counts.
const maxConverted = 1 << 20

// convert puts what f makes of the whole body in its place, when it is read.
func convert(resp *http.Response, f func([]byte) []byte) {
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	resp.Body = &converted{from: resp.Body, f: f}
}

// converted reads its source at the first Read, so that whoever bounds the
// reading by closing the body bounds this too.
type converted struct {
	from io.ReadCloser
	f    func([]byte) []byte
	once sync.Once
	to   *bytes.Reader
	err  error
}

func (c *converted) Read(p []byte) (int, error) {
	c.once.Do(func() {
		var data []byte
		data, c.err = io.ReadAll(io.LimitReader(c.from, maxConverted+1))
		if c.err == nil && len(data) > maxConverted {
			c.err = io.ErrUnexpectedEOF
		}
		c.to = bytes.NewReader(c.f(data))
	})
	if c.err != nil {
		return 0, c.err
	}
	return c.to.Read(p)
}

func (c *converted) Close() error { return c.from.Close() }
