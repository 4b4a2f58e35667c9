//go:build testbed

package main

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// watchedConn is a client's connection. Its kernel knows whether the server had ended it
// when a request was written: such a request has crossed that word on its way, which no
// server can help (RFC 9112, section 9.5). A server that has the request and ends
// the connection then has lost it.
type watchedConn struct {
	net.Conn
	wrote atomic.Bool // something of the request was written
	late  atomic.Bool // what was written last came after the server's end, or with it
}

func watchedDial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &watchedConn{Conn: conn}, nil
}

func (c *watchedConn) Write(p []byte) (int, error) {
	c.wrote.Store(true)
	n, err := c.Conn.Write(p)
	c.late.Store(c.ended())
	return n, err
}

// ended reports whether the server's end of the connection has come. A state is one of
// include/net/tcp_states.h: 7 is closed, 8 that the other side has ended it.
func (c *watchedConn) ended() (ended bool) {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	err = raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		ended = err != nil || info.State == 7 || info.State == 8
	})
	return ended || err != nil
}

// crossing has a request's context note its connection; crossed says afterwards, of a
// request that failed with err, whether it crossed the server's end of that, or was not even sent. After a
// server's end the client reads that, and not a reset: one comes where a server
// leaves unread what it was sent.
func crossing(ctx context.Context) (with context.Context, crossed func(err error) bool) {
	var used atomic.Pointer[watchedConn]
	with = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if c, ok := i.Conn.(*watchedConn); ok {
			c.wrote.Store(false)
			used.Store(c)
		}
	}})
	return with, func(err error) bool {
		c := used.Load()
		return c != nil && (c.late.Load() || !c.wrote.Load()) && !errors.Is(err, syscall.ECONNRESET)
	}
}
