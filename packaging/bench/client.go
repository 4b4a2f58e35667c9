package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

// client has one kept connection to one target, as an agent has.
type client struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
	last [512]byte // the end of the newest answer
	size int       // bytes of last
}

// timing of one exchange, from the first byte sent.
type timing struct {
	first time.Duration // until the first byte of the answer's body
	total time.Duration // until its last
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// requestTimeout is far above what any target takes.
const requestTimeout = 60 * time.Second

// do sends a request and reads its answer to the end. A connection that the
// target closed after its last answer is opened anew, outside of the time taken.
func (c *client) do(ctx context.Context, request []byte, end string) (timing, error) {
	if c.conn == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.addr)
		if err != nil {
			return timing{}, err
		}
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 64<<10)
	}
	_ = c.conn.SetDeadline(time.Now().Add(requestTimeout))
	start := time.Now()
	if _, err := c.conn.Write(request); err != nil {
		return timing{}, err
	}
	t, again, err := c.read(start)
	if err != nil {
		return t, err
	}
	if !again {
		c.close()
	}
	if got := string(c.last[:c.size]); !strings.Contains(got, end) {
		return t, fmt.Errorf("an answer of %s ends in %q, without %q", c.addr, got, end)
	}
	return t, nil
}

// read reads an answer; again reports whether the connection may be used again.
func (c *client) read(start time.Time) (t timing, again bool, err error) {
	status, err := c.in.ReadString('\n')
	if err != nil {
		return t, false, fmt.Errorf("read the status line: %w", err)
	}
	again = true
	var body io.Reader
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return t, false, fmt.Errorf("read the headers: %w", err)
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := strings.Cut(strings.ToLower(string(line)), ":")
		value = strings.TrimSpace(value)
		switch {
		case name == "content-length":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return t, false, err
			}
			body = io.LimitReader(c.in, n)
		case name == "transfer-encoding" && value == "chunked":
			body = httputil.NewChunkedReader(c.in)
		case name == "connection" && value == "close":
			again = false
		}
	}
	if body == nil {
		return t, false, errors.New("an answer without a length")
	}
	c.size = 0
	var buf [32 << 10]byte
	for {
		n, err := body.Read(buf[:])
		if n > 0 {
			if t.first == 0 {
				t.first = time.Since(start)
			}
			c.keep(buf[:n])
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return t, false, fmt.Errorf("read the body: %w", err)
		}
	}
	t.total = time.Since(start)
	if _, chunked := body.(*io.LimitedReader); !chunked {
		if _, err := c.in.ReadSlice('\n'); err != nil { // the empty line after the last chunk
			return t, false, err
		}
	}
	if !strings.Contains(status, " 200 ") {
		return t, again, fmt.Errorf("%s answered %s: %s", c.addr, strings.TrimSpace(status), c.last[:c.size])
	}
	return t, again, nil
}

// keep remembers the end of what has come.
func (c *client) keep(p []byte) {
	if len(p) >= len(c.last) {
		c.size = copy(c.last[:], p[len(p)-len(c.last):])
		return
	}
	if over := c.size + len(p) - len(c.last); over > 0 {
		c.size = copy(c.last[:], c.last[over:c.size])
	}
	c.size += copy(c.last[c.size:], p)
}
