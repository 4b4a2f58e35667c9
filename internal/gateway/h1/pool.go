package h1

import (
	"bufio"
	"context"
	"time"
)

// connection is a kept one, or a new one.
func (t *Transport) connection(ctx context.Context, addr string) (c *conn, kept bool, err error) {
	for {
		if c = t.take(addr); c == nil {
			break
		}
		if c.alive() {
			c.begin(ctx)
			return c, true, nil
		}
		c.abort()
	}
	tcp, err := t.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, false, err
	}
	if c, err = newConn(addr, tcp); err != nil {
		_ = tcp.Close()
		return nil, false, err
	}
	c.begin(ctx)
	return c, false, nil
}

func (c *conn) begin(ctx context.Context) {
	c.ctx, c.writing = ctx, nil
	c.in = readers.Get().(*bufio.Reader)
	c.in.Reset(c)
}

// take removes the connection of an address that was used last.
func (t *Transport) take(addr string) *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.idle[addr]
	if len(list) == 0 {
		return nil
	}
	c := list[len(list)-1]
	list[len(list)-1] = nil
	t.idle[addr] = list[:len(list)-1]
	return c
}

// keep keeps a connection for the next request.
func (t *Transport) keep(c *conn) {
	c.in.Reset(nil)
	readers.Put(c.in)
	c.in, c.ctx, c.stop, c.writing = nil, nil, nil, nil
	c.since = time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.idle[c.addr]) >= t.MaxIdle {
		c.abort()
		return
	}
	if t.idle == nil {
		t.idle = map[string][]*conn{}
	}
	t.idle[c.addr] = append(t.idle[c.addr], c)
	if t.sweep == nil {
		t.sweep = time.AfterFunc(t.IdleTimeout, t.expire)
	}
}

// expire closes what was idle for too long.
func (t *Transport) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	oldest := time.Now().Add(-t.IdleTimeout)
	left := false
	for addr, list := range t.idle {
		n := 0
		for n < len(list) && !list[n].since.After(oldest) {
			list[n].abort()
			n++
		}
		if n == len(list) {
			delete(t.idle, addr)
			continue
		}
		t.idle[addr] = append([]*conn(nil), list[n:]...)
		left = true
	}
	t.sweep = nil
	if left {
		t.sweep = time.AfterFunc(t.IdleTimeout/2, t.expire)
	}
}

// CloseIdleConnections closes the kept connections.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sweep != nil {
		t.sweep.Stop()
		t.sweep = nil
	}
	for _, list := range t.idle {
		for _, c := range list {
			c.abort()
		}
	}
	t.idle = nil
}
