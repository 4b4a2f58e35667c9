// Package busquery asks a D-Bus peer many questions at once: all of them are
// written, then all answers are read, by the goroutine that asks. A hundred
// questions cost one turn between two processes instead of a hundred, which is
// what github.com/godbus/dbus cannot do: it writes and reads one message at a
// time and hands each from goroutine to goroutine (measured with 400: 40 µs of processor
// time for a question and its answer, beside 7 here). For signals, jobs and what
// is not a question, that library stays.
//
// Start with [Dial], then [Conn.Do]. The wire format is that of the D-Bus
// Specification (https://dbus.freedesktop.org/doc/dbus-specification.html).
package busquery

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// window is how many questions may wait for their answers: what is written must
// find room in the peer, and so must its answers here.
const window = 512

// Options is how a peer is to be talked to.
type Options struct {
	UID         int    // this user, who is known by the socket's credentials
	Destination string // the name of the service that is asked, "org.freedesktop.systemd1"
	// Hello is for a bus, which wants to be greeted first. Without it the peer is
	// the service itself.
	Hello bool
}

// ErrGivenUp is a connection that failed at an earlier question, as at one whose
// context ended: nothing was asked over it.
var ErrGivenUp = errors.New("the connection was given up")

// Conn is a connection. Its methods may be called at once, and take turns.
type Conn struct {
	conn        net.Conn
	destination string

	mu     sync.Mutex
	in     *bufio.Reader
	out    []byte // what is to be written next
	serial uint32 // of the last message written
	known  bool   // the peer has accepted this user
	last   Reply  // the message read last
	body   []byte // all of it
	broken error  // why nothing can be asked any more
}

// Dial connects to the socket at path. Whether a peer that is no bus accepts this
// user shows with the first questions only: it is not waited for.
func Dial(ctx context.Context, path string, o Options) (*Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	c := &Conn{conn: conn, destination: o.Destination, in: bufio.NewReaderSize(conn, 64<<10)}
	if err := c.greet(ctx, o); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// greet sends what comes before the first message ("Authentication Protocol" of
// the specification): a zero byte, the mechanism with the uid's digits in
// hexadecimal, BEGIN. Systemd's own clients send it all at once, and no message
// before the answer: what systemd has read together with BEGIN it would look at
// only when more comes (its sd-bus waits for input there).
func (c *Conn) greet(ctx context.Context, o Options) error {
	defer c.bound(ctx)()
	auth := "\x00AUTH EXTERNAL " + hex.EncodeToString(strconv.AppendInt(nil, int64(o.UID), 10)) + "\r\n"
	if !o.Hello {
		_, err := c.conn.Write([]byte(auth + "BEGIN\r\n"))
		return reason(ctx, err)
	}
	if _, err := c.conn.Write([]byte(auth)); err != nil {
		return reason(ctx, err)
	}
	if err := c.accepted(); err != nil {
		return reason(ctx, err)
	}
	c.out = append(c.out, "BEGIN\r\n"...)
	hello := Call{Path: "/org/freedesktop/DBus", Interface: "org.freedesktop.DBus", Member: "Hello"}
	return c.exchange(ctx, "org.freedesktop.DBus", []Call{hello}, func(_ int, r *Reply) error { return r.Err() })
}

// Close ends the connection.
func (c *Conn) Close() { _ = c.conn.Close() }

// Do asks all calls and hands each answer to take, with the index of its call, as
// they arrive. An answer is valid until take returns. An error of take's, or of
// ctx, ends it; so does one of the connection, which is of no use then.
func (c *Conn) Do(ctx context.Context, calls []Call, take func(i int, r *Reply) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return c.broken
	}
	defer c.bound(ctx)()
	if err := c.exchange(ctx, c.destination, calls, take); err != nil {
		// Answers that nobody read would be taken for those of the next questions.
		c.broken = fmt.Errorf("%w: %v", ErrGivenUp, err) //nolint:errorlint // the end of another's context is not that of the next one's
		c.Close()
		return err
	}
	return nil
}

func (c *Conn) exchange(ctx context.Context, destination string, calls []Call, take func(i int, r *Reply) error) error {
	if !c.known {
		if err := c.accepted(); err != nil {
			return reason(ctx, err)
		}
	}
	first, sent, answered := c.serial+1, 0, 0
	for answered < len(calls) {
		if sent < len(calls) && sent-answered <= window/2 {
			c.out = slices.Grow(c.out, 280*min(len(calls)-sent, window)) // what a question for a unit's property takes
			for ; sent < len(calls) && sent-answered < window; sent++ {
				c.serial++
				c.out = calls[sent].append(c.out, c.serial, destination)
			}
			_, err := c.conn.Write(c.out)
			c.out = c.out[:0]
			if err != nil {
				return reason(ctx, err)
			}
		}
		r, err := c.next()
		if err != nil {
			return reason(ctx, err)
		}
		i := int(r.to - first)
		if !r.answer() || i < 0 || i >= sent {
			continue // a signal
		}
		if err := take(i, r); err != nil {
			return err
		}
		answered++
	}
	return nil
}

// accepted reads the answer to AUTH.
func (c *Conn) accepted() error {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if answer := strings.TrimSpace(string(line)); answer != "OK" && !strings.HasPrefix(answer, "OK ") {
		return fmt.Errorf("it does not accept this user: %q", answer)
	}
	c.known = true
	return nil
}

// bound has ctx end what is read and written, until stop returns: a context that
// ends while the last answer comes must not end the next questions.
func (c *Conn) bound(ctx context.Context) (stop func()) {
	_ = c.conn.SetDeadline(time.Time{})
	ended := make(chan struct{})
	after := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = c.conn.SetDeadline(time.Unix(1, 0))
	})
	return func() {
		if !after() {
			<-ended
		}
	}
}

// reason is the context's error where that is why reading or writing failed.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
