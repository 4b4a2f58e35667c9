//go:build vm

package vmtest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"sync"

	"github.com/ringlet/ringlet/packaging/vmtest/wire"
)

// errCut is what a command gets whose machine was switched off or restarted.
var errCut = errors.New("the machine went away")

// line is the connection to the agent in a machine.
type line struct {
	conn  net.Conn
	boots chan string   // a boot id, each time that the agent starts
	ended chan struct{} // closed when all that was said has been read

	mu   sync.Mutex
	next int
	open map[int]*process
}

// process is a command that runs in a machine.
type process struct {
	output func(stdout, stderr []byte) // in order, from one goroutine; may be nil
	done   chan struct{}
	code   int
	err    error
}

func newLine(conn net.Conn) *line {
	l := &line{conn: conn, boots: make(chan string, 8), ended: make(chan struct{}), open: map[int]*process{}}
	go l.read()
	return l
}

// read hands answers to those that wait for them, until the connection ends.
func (l *line) read() {
	lines := bufio.NewScanner(l.conn)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var a wire.Answer
		if json.Unmarshal(lines.Bytes(), &a) != nil {
			continue // half a line, cut by a boot
		}
		if a.Boot != "" {
			l.drop() // what ran in the boot before
			l.boots <- a.Boot
			continue
		}
		l.mu.Lock()
		p := l.open[a.ID]
		if a.Exit != nil {
			delete(l.open, a.ID)
		}
		l.mu.Unlock()
		switch {
		case p == nil:
		case a.Exit != nil:
			p.code = *a.Exit
			close(p.done)
		case p.output != nil:
			p.output(a.Stdout, a.Stderr)
		}
	}
	l.drop()
	close(l.ended)
}

// drop ends all that wait.
func (l *line) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, p := range l.open {
		delete(l.open, id)
		p.err = errCut
		close(p.done)
	}
}

// close waits for the rest of what a machine that is switched off had said.
func (l *line) close() {
	<-l.ended
	l.conn.Close()
}

// start starts a shell command as a user. What cannot be asked ends with errCut,
// as the read side of the connection ends as well.
func (l *line) start(user, command string, output func(stdout, stderr []byte)) *process {
	p := &process{output: output, done: make(chan struct{})}
	l.mu.Lock()
	l.next++
	id := l.next
	l.open[id] = p
	l.mu.Unlock()
	data, err := json.Marshal(wire.Request{ID: id, User: user, Command: []string{"bash", "-c", command}})
	if err != nil {
		panic(err) // strings cannot fail
	}
	l.mu.Lock()
	_, err = l.conn.Write(append(data, '\n'))
	l.mu.Unlock()
	if err != nil {
		l.drop()
	}
	return p
}

// wait waits for the end of a command.
func (p *process) wait(ctx context.Context) (int, error) {
	select {
	case <-p.done:
		return p.code, p.err
	case <-ctx.Done():
		return -1, ctx.Err()
	}
}
