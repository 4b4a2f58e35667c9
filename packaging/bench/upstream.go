package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The marks that a body carries for the upstream.
const (
	markStream = `"stream":true`
	markHold   = "hold-the-stream-open"
)

// streamDeltas is how many events of text a streamed answer has; together with
// their frames they are about 150 KB.
const streamDeltas = 600

// headPause is between the first text of a stream and the rest: longer than any
// target but the slowest takes to pass on the first.
const headPause = 3 * time.Millisecond

// startUpstream runs the upstream in a process of its own, so that it does not
// share a scheduler with the client.
func (b *bench) startUpstream(ctx context.Context) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "upstream")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	in, err := cmd.StdinPipe() // its end tells the child that we are gone
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, fmt.Errorf("the upstream did not start: %w", err)
	}
	b.upstream = strings.TrimSpace(line)
	return stop, nil
}

// serveUpstream answers like a provider of Messages and of Chat Completions, as
// fast as Go can: fixed bytes, no routing, nothing decoded.
func serveUpstream(ctx context.Context) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); _ = ln.Close() }()
	go func() { <-ctx.Done(); _ = ln.Close() }()
	for {
		conn, err := ln.Accept()
		if err != nil {
			return nil //nolint:nilerr // closed because we end
		}
		go func() { defer conn.Close(); _ = answer(conn) }()
	}
}

// answer serves one connection until it ends.
func answer(conn net.Conn) error {
	in := bufio.NewReaderSize(conn, 64<<10)
	text := textproto.NewReader(in)
	var body []byte
	for {
		start, err := text.ReadLineBytes()
		if err != nil {
			return err
		}
		lane := messagesLane
		if bytes.Contains(start, []byte("chat/completions")) {
			lane = chatLane
		}
		size := -1
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return err
			}
			if len(line) <= 2 {
				break
			}
			if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("content-length")) {
				if size, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
					return err
				}
			}
		}
		if size < 0 {
			_, err := io.WriteString(conn, "HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return err
		}
		if cap(body) < size {
			body = make([]byte, size)
		}
		body = body[:size]
		if _, err := io.ReadFull(in, body); err != nil {
			return err
		}
		if err := reply(conn, lane, body); err != nil {
			return err
		}
	}
}

// reply answers one request by the marks in its body, which stand near the start
// or, after a proxy that encodes anew, near the end.
func reply(conn net.Conn, l lane, body []byte) error {
	near := func(mark string) bool {
		const window = 16 << 10
		return bytes.Contains(body[:min(window, len(body))], []byte(mark)) || bytes.Contains(body[max(0, len(body)-window):], []byte(mark))
	}
	if !near(markStream) {
		_, err := conn.Write(l.whole)
		return err
	}
	// What comes before the first text goes out along with it, as it does where
	// TLS gathers it into one record.
	if _, err := conn.Write(l.head); err != nil {
		return err
	}
	if near(markHold) {
		_, err := io.Copy(io.Discard, conn) // until the other side hangs up
		return err
	}
	// Without a pause a client that shares its processor with the upstream would
	// be woken only after all of the stream had been written.
	<-time.After(headPause)
	for range streamDeltas - 1 {
		if _, err := conn.Write(l.delta); err != nil {
			return err
		}
	}
	_, err := conn.Write(l.tail)
	return err
}
