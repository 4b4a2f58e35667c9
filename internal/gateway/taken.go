package gateway

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// taking is how a connection's bytes are taken from the kernel: together with the
// note that they came, under a lock. A look between the two would find nothing in the
// kernel and nothing noted, and close a connection on which a request has come. A
// thread that a busy machine holds up in its system call stays there for long.
type taking struct {
	mu    sync.Mutex
	raw   syscall.RawConn // nil: it is no socket
	piece []byte          // where the read that is under way puts it
	n     int
	err   error
	read  func(fd uintptr) bool // made once; the server has one read at a time under way
}

func newTrackedConn(conn net.Conn) *trackedConn {
	c := &trackedConn{Conn: conn}
	if sc, ok := conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			c.taking.raw, c.taking.read = raw, c.take
		}
	}
	return c
}

// take reads what the kernel has; false: it has nothing.
func (c *trackedConn) take(fd uintptr) bool {
	t := &c.taking
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		t.n, t.err = syscall.Read(int(fd), t.piece)
		if !errors.Is(t.err, syscall.EINTR) {
			break
		}
	}
	if t.n > 0 {
		c.unanswered.Store(true)
	}
	return !errors.Is(t.err, syscall.EAGAIN)
}

// Read reads like net.Conn, and has the connection count as one on which bytes have come.
func (c *trackedConn) Read(p []byte) (int, error) {
	t := &c.taking
	if t.raw == nil || len(p) == 0 {
		n, err := c.Conn.Read(p)
		if n > 0 {
			c.unanswered.Store(true)
		}
		return n, err
	}
	t.piece = p
	err := t.raw.Read(t.read)
	t.piece = nil
	switch op := (*net.OpError)(nil); {
	case errors.As(err, &op):
		op.Op = "read" // the server knows a connection's errors by that
		return 0, op
	case err != nil:
		return 0, err
	case t.err != nil:
		return 0, &net.OpError{Op: "read", Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", t.err)}
	case t.n == 0:
		return 0, io.EOF
	}
	return t.n, nil
}

// closeIfQuiet closes the connection where no request is on it. Of sockets the look
// into the kernel and the word that this side ends are two system calls, one
// right after the other: what comes between them, or later, has crossed that word on
// its way. No server can help that (RFC 9112, section 9.5); its client can send it
// again. net.Conn's Close alone comes later, by the goroutine that waits for a request.
func (c *trackedConn) closeIfQuiet() {
	if c.endIfQuiet() {
		// Without the lock: this waits for a read that is under way, which may wait for it.
		_ = c.Close() // the server notices and forgets it
	}
}

// endIfQuiet tells the client that this side ends, where no request is on the connection.
func (c *trackedConn) endIfQuiet() bool {
	t := &c.taking
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.busy.Load() || c.unanswered.Load() {
		return false
	}
	come := false
	if t.raw != nil {
		_ = t.raw.Control(func(fd uintptr) { // an error says that it is closed
			var one [1]byte
			n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			if come = err == nil && n > 0; !come {
				_ = syscall.Shutdown(int(fd), syscall.SHUT_WR)
			}
		})
	}
	return !come
}
