package gateway

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// gunzip makes a response plain whose upstream compressed it although no encoding
// was asked for: its events have to be read, held back and broken into by pings.
// Only gzip is unpacked, which is what servers add of themselves.
func gunzip(resp *http.Response) {
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "gzip", "x-gzip":
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength = -1
		resp.Body = &unpacked{from: resp.Body}
	}
}

// unpacked reads its source at the first Read, so that whoever bounds the reading
// by closing the body bounds this too. What was compressed and flushed is there at
// once: Go's flate reader returns at each flush.
type unpacked struct {
	from io.ReadCloser
	zip  *gzip.Reader
	err  error
}

func (u *unpacked) Read(p []byte) (int, error) {
	if u.zip == nil && u.err == nil {
		u.zip, u.err = gzip.NewReader(u.from)
	}
	if u.err != nil {
		return 0, u.err
	}
	return u.zip.Read(p)
}

func (u *unpacked) Close() error { return u.from.Close() }

// packed is the encoding that a response is still in, or "".
func packed(resp *http.Response) string {
	enc := strings.ToLower(resp.Header.Get("Content-Encoding"))
	if enc == "identity" {
		return ""
	}
	return enc
}

// accepts reports whether a client takes an encoding:
// https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
func accepts(client http.Header, encoding string) bool {
	for _, list := range client["Accept-Encoding"] {
		for entry := range strings.SplitSeq(list, ",") {
			name, weight, _ := strings.Cut(entry, ";")
			if strings.EqualFold(strings.TrimSpace(name), encoding) {
				weight = strings.ReplaceAll(weight, " ", "")
				return weight != "q=0" && !strings.HasPrefix(weight, "q=0.000")
			}
		}
	}
	return false
}

// opaque handles a good answer in an encoding that the engine does not read: it
// goes through as it is to a client that takes it, without usage or pings.
func (a *attempt) opaque() *failure {
	enc := clean(packed(a.resp), 20)
	if a.tr != nil || a.x.w.wrote || !accepts(a.x.r.Header, packed(a.resp)) {
		return a.notAnswered("it answered with a body compressed as " + enc + ", although none was asked for")
	}
	a.quiet.stop()
	a.committed()
	fail := a.passOn(nil, false)
	if a.x.rec.outcome == outcomeOK {
		a.x.rec.problem = clean(a.target.String(), 200) + ": its answer came compressed as " + enc + ", so that its usage is not known"
	}
	return fail
}
