package session

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// output collects what is written to it.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// process is a running process of the tests.
type process struct {
	*output
	t   *testing.T
	cmd *exec.Cmd
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{&output{}, t, cmd}
	r, w := io.Pipe() // so that Wait does not wait for those who inherit the output
	cmd.Stdout, cmd.Stderr = w, w
	go func() { _, _ = io.Copy(p.output, r) }()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return p
}

func (p *process) says(text string) {
	p.t.Helper()
	defer func() {
		if p.t.Failed() {
			p.t.Logf("it said: %s", p.text())
		}
	}()
	eventually(p.t, "it says "+text, func() bool { return strings.Contains(p.text(), text) })
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) exits(code int) {
	p.t.Helper()
	_ = p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Errorf("exit code %d, want %d", got, code)
	}
}
