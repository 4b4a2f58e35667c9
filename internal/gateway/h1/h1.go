// Package h1 is an HTTP/1.1 client for servers on this machine, such as a model
// runner or another gateway. A request is written and its answer read by the
// goroutine that asks; net/http's transport hands both to two goroutines of the
// connection, and each of these hand-overs costs more than all else that a proxy
// does with a small request. A request's head and body go out in one writev, the
// body is never copied. How messages are framed is read by net/http's own code.
//
// It is for plain TCP without a proxy in between: see [Transport.Takes].
package h1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Transport is an [http.RoundTripper]. Its fields must not change once it is used.
type Transport struct {
	// Dial opens a connection.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// HeaderTimeout bounds the wait for an answer's headers.
	HeaderTimeout time.Duration
	// MaxHeader bounds an answer's headers, in bytes.
	MaxHeader int64
	// IdleTimeout is how long a connection is kept without a request.
	IdleTimeout time.Duration
	// MaxIdle bounds the kept connections per address.
	MaxIdle int

	mu    sync.Mutex
	idle  map[string][]*conn // by address, the one used last at the end
	sweep *time.Timer        // closes what was idle for too long; nil while nothing is kept
}

// Parts is implemented by a request body that is in memory already, in pieces.
// They are sent instead of what Read would give, and must not change until Close.
type Parts interface {
	Parts() [][]byte
}

// Takes reports whether this transport can do the request: plain HTTP, and a body
// of [Parts] with its length known, or none.
func (*Transport) Takes(req *http.Request) bool {
	if req.URL.Scheme != "http" {
		return false
	}
	if req.Body == nil || req.Body == http.NoBody {
		return true
	}
	_, ok := req.Body.(Parts)
	return ok && req.ContentLength > 0
}

// errUnsent marks a request that cannot have been carried out, because the
// connection broke before all of it was sent.
var errUnsent = errors.New("the request was not sent")

// RoundTrip sends the request and returns once the answer's headers are there.
// Where a kept connection turns out to have been closed before it took all of the
// request, the request is sent again on another.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	for {
		c, kept, err := t.connection(req.Context(), address(req))
		if err != nil {
			closeBody(req)
			return nil, err
		}
		resp, err := t.exchange(req, c)
		if err == nil {
			return resp, nil
		}
		if ctxErr := context.Cause(req.Context()); ctxErr != nil {
			return nil, ctxErr
		}
		if !kept || !errors.Is(err, errUnsent) {
			return nil, err
		}
		if req.Body != nil && req.Body != http.NoBody {
			if req.GetBody == nil {
				return nil, err
			}
			again := *req
			if again.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
			req = &again
		}
	}
}

func address(req *http.Request) string {
	if req.URL.Port() == "" {
		return net.JoinHostPort(req.URL.Hostname(), "80")
	}
	return req.URL.Host
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// exchange sends a request on a connection. The connection is either in the
// response's body or closed afterwards; the request's body is closed once it is
// not read any more.
func (t *Transport) exchange(req *http.Request, c *conn) (resp *http.Response, err error) {
	c.stop = context.AfterFunc(req.Context(), c.abort)
	unsent := c.send(req)
	defer func() {
		if err != nil {
			c.stop()
			c.abort()
			if unsent != nil {
				err = fmt.Errorf("%w: %w", errUnsent, unsent)
			}
		}
	}()
	wait := t.HeaderTimeout
	if unsent != nil {
		wait = time.Second // it may have answered all the same, before it closed
	}
	_ = c.tcp.SetReadDeadline(time.Now().Add(wait))
	if resp, err = t.head(req, c); err != nil {
		return nil, err
	}
	_ = c.tcp.SetReadDeadline(time.Time{})
	c.room = -1
	b := &body{in: resp.Body, t: t, c: c, again: !resp.Close && unsent == nil && resp.StatusCode != http.StatusSwitchingProtocols}
	if resp.Body == http.NoBody || resp.StatusCode == http.StatusSwitchingProtocols {
		b.end()
		resp.Body = http.NoBody
		return resp, nil
	}
	resp.Body = b
	return resp, nil
}

// maxInterim is how many interim answers (1xx) may come before the final one.
const maxInterim = 5

// head reads an answer's headers.
func (t *Transport) head(req *http.Request, c *conn) (*http.Response, error) {
	c.room = t.MaxHeader
	for range maxInterim {
		if _, err := c.in.Peek(1); err != nil {
			return nil, err // io.EOF: closed without an answer
		}
		resp, err := http.ReadResponse(c.in, req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil
		}
	}
	return nil, errors.New("too many interim answers")
}

// body is an answer's body. Read and Close may be called at the same time.
type body struct {
	in    io.ReadCloser
	t     *Transport
	c     *conn
	again bool // the connection may be used again
	once  sync.Once
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if err == io.EOF { //nolint:errorlint // a reader's end is io.EOF itself
		b.end()
	} else if err != nil {
		if cause := context.Cause(b.c.ctx); cause != nil {
			err = cause
		}
	}
	return n, err
}

// end comes after the last byte: the connection is kept, if it can be.
func (b *body) end() {
	b.once.Do(func() {
		stopped := b.c.stop()
		if !b.again || !stopped || !b.c.sent() || b.c.in.Buffered() > 0 {
			b.c.abort()
			return
		}
		b.t.keep(b.c)
	})
}

// Close before the end closes the connection: what is still to come may be long.
// The reader is left alone, for a Read may be using it.
func (b *body) Close() error {
	b.once.Do(func() { b.c.stop(); b.c.abort() })
	return nil
}

var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readSize) }}

// readSize is the buffer of a connection while it has a request, in bytes. What
// is read of a long body does not go through it.
const readSize = 4 << 10
