//go:build testbed

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// hold has the provider answer a stream whose model's name has the word "held" with
// its first words at once and with the others, half a second of them, once release is
// called. So a stream is open for as long as a test needs it, however slow the
// machine is. What is asked for another model is answered as ever.
func (b *bed) hold() (release func()) {
	gate := make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	b.t.Cleanup(release)
	b.upstream.SetScript(func(r *gatewaytest.Request) gatewaytest.Reply {
		if !strings.Contains(r.Model, "held") {
			return gatewaytest.Behave(r)
		}
		reply := gatewaytest.Stream(r.Model, "a ", "b ", "c ", "d ", "e ", "f ")
		begins := slices.IndexFunc(reply.Events, func(e gatewaytest.Event) bool { return strings.Contains(e.Raw, "content_block_delta") })
		for i := range reply.Events[begins+1:] {
			reply.Events[begins+1+i].Delay = 60 * time.Millisecond
		}
		reply.Events[begins+1].Until = gate
		return reply
	})
	return release
}

// begun is a command that was started and is looked at while it runs.
type begun struct {
	t    testing.TB
	cmd  *exec.Cmd
	mu   sync.Mutex
	text bytes.Buffer
}

// begin starts a ringlet command.
func (b *bed) begin(args ...string) *begun {
	b.t.Helper()
	c := &begun{t: b.t, cmd: b.command(b.t.Context(), args...)}
	c.cmd.Stdout, c.cmd.Stderr = c, c
	if err := c.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// Write takes what the command says, on either stream.
func (c *begun) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *begun) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// says waits until the command has said the words.
func (c *begun) says(words string) {
	c.t.Helper()
	eventually(c.t, patience, func() error {
		if text := c.said(); !strings.Contains(text, words) {
			return fmt.Errorf("%v does not say %q:\n%s", c.cmd.Args, words, text)
		}
		return nil
	})
}

// ends waits for the command's end, which has to be with the exit code.
func (c *begun) ends(code int) {
	c.t.Helper()
	_ = c.cmd.Wait() // its exit code is looked at
	if got := c.cmd.ProcessState.ExitCode(); got != code {
		c.t.Errorf("%v: exit code %d, not %d\n%s", c.cmd.Args, got, code, c.said())
	}
}
