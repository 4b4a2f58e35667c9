package h1

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// conn is one connection. It belongs to one request at a time, or to nobody.
type conn struct {
	addr string
	tcp  net.Conn
	raw  syscall.RawConn
	in   *bufio.Reader // only while there is a request
	room int64         // how much may still be read of the headers; below 0: all
	ctx  context.Context
	stop func() bool // keeps the end of ctx from closing the connection

	writing chan struct{} // closed when the rest of a long request is out; nil: nothing is under way
	failed  bool          // it could not be sent; valid once writing is closed

	since time.Time // when it became idle
	probe func(fd uintptr) bool
	quiet bool // what probe found
}

func newConn(addr string, tcp net.Conn) (*conn, error) {
	sc, ok := tcp.(syscall.Conn)
	if !ok {
		return nil, errors.New("h1: the connection is not a socket")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &conn{addr: addr, tcp: tcp, raw: raw}
	c.probe = func(fd uintptr) bool {
		var one [1]byte
		_, err := syscall.Read(int(fd), one[:]) // it does not block
		c.quiet = errors.Is(err, syscall.EAGAIN)
		return true
	}
	return c, nil
}

// Read reads from the socket, and no more of an answer's headers than is allowed.
func (c *conn) Read(p []byte) (int, error) {
	if c.room < 0 {
		return c.tcp.Read(p)
	}
	if c.room == 0 {
		return 0, errors.New("the answer's headers are too long")
	}
	n, err := c.tcp.Read(p[:min(int64(len(p)), c.room)])
	c.room -= int64(n)
	return n, err
}

// alive reports whether a kept connection is open and nothing has come on it.
func (c *conn) alive() bool {
	c.quiet = false
	return c.raw.Read(c.probe) == nil && c.quiet
}

func (c *conn) abort() { _ = c.tcp.Close() }

// patience is how long the writing of a request may hold up the reading of the
// answer, which a server may give before it has read all. Nothing waits that long
// where the server reads.
const patience = 50 * time.Millisecond

// fits is a body that the kernel takes at once where nothing else waits to be
// sent, in bytes: less than the smallest usual tcp_wmem of Linux and macOS.
const fits = 12 << 10

// send writes the request. An error means that not all of it was sent. The rest
// of what is slow is sent in the background.
func (c *conn) send(req *http.Request) error {
	head := heads.Get().(*bytes.Buffer)
	head.Reset()
	writeHead(head, req)
	pieces := net.Buffers{head.Bytes()}
	if p, ok := req.Body.(Parts); ok {
		pieces = append(pieces, p.Parts()...)
	}
	long := req.ContentLength > fits
	if long {
		_ = c.tcp.SetWriteDeadline(time.Now().Add(patience))
	}
	_, err := pieces.WriteTo(c.tcp)
	if long {
		_ = c.tcp.SetWriteDeadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.writing, c.failed = make(chan struct{}), false
		go func() {
			defer close(c.writing)
			defer closeBody(req)
			_, err := pieces.WriteTo(c.tcp)
			c.failed = err != nil
		}()
		return nil // the head is not given back: it may be what is still being sent
	}
	closeBody(req)
	heads.Put(head)
	return err
}

// sent reports whether all of the request is out.
func (c *conn) sent() bool {
	if c.writing == nil {
		return true
	}
	select {
	case <-c.writing:
		return !c.failed
	default:
		return false
	}
}

// heads are buffers for the heads of requests.
var heads = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// writeHead writes the request line and the headers, as [http.Request.Write]
// would, without the headers that a client adds of its own.
func writeHead(b *bytes.Buffer, req *http.Request) {
	b.WriteString(req.Method)
	b.WriteByte(' ')
	b.WriteString(req.URL.RequestURI())
	b.WriteString(" HTTP/1.1\r\nHost: ")
	if req.Host != "" {
		b.WriteString(req.Host)
	} else {
		b.WriteString(req.URL.Host)
	}
	b.WriteString("\r\n")
	if req.ContentLength > 0 || req.Method == http.MethodPost {
		b.WriteString("Content-Length: ")
		var digits [20]byte
		b.Write(strconv.AppendInt(digits[:0], req.ContentLength, 10))
		b.WriteString("\r\n")
	}
	exclude := own
	if ua, ok := req.Header["User-Agent"]; ok && len(ua) == 1 && ua[0] == "" {
		exclude = ownAndAgent
	}
	_ = req.Header.WriteSubset(b, exclude) // a buffer takes everything
	b.WriteString("\r\n")
}

var (
	_ io.Reader = (*conn)(nil)
	// own are the headers that writeHead writes.
	own = map[string]bool{"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Trailer": true}
	// ownAndAgent leaves out an empty User-Agent too: net/http's way to say none.
	ownAndAgent = map[string]bool{"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Trailer": true, "User-Agent": true}
)
