package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/secrets"
	"golang.org/x/term"
)

// terminal is standard input where that is a terminal, else nil.
func (e *env) terminal() *os.File {
	if f, ok := e.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// outputTerminal reports whether standard output is a terminal.
func (e *env) outputTerminal() bool {
	f, ok := e.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// askKey asks, on a terminal, for the key of a provider that has none: whether
// to take the shell's, or to type one.
func (e *env) askKey(ctx context.Context, p app.ProviderInfo) (secrets.Secret, error) {
	if p.KeySource == "" {
		fmt.Fprintf(e.stderr, "No key of %s is stored yet; Enter goes on without one.\n", p.Name)
		return e.readKey(ctx, p.Name)
	}
	fmt.Fprintf(e.stderr, "%s is set in this shell, where a service does not see it. Store it for %s? [Y/n] ", p.KeyEnv, p.Name)
	line, err := unlessDone(ctx, func() ([]byte, error) { return bufio.NewReader(e.stdin).ReadBytes('\n') })
	if errors.Is(err, io.EOF) {
		return secrets.Secret{}, nil // Ctrl-D is no answer, and so no consent
	}
	if err != nil {
		return secrets.Secret{}, fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(string(line))) {
	case "", "y", "yes":
		return secrets.NewSecret(os.Getenv(p.KeyEnv)), nil
	}
	return secrets.Secret{}, nil
}

// storedKey says where a key was stored, and who uses it.
func (e *env) storedKey(provider string, r app.LoginResult) {
	e.note("Stored the key of %s for %s in %s.", provider, strings.Join(r.Origins, " and "), r.Path)
	for _, alias := range r.Reloaded {
		e.note("The running proxy of %q uses it from now on.", alias)
	}
}

// readKey asks on a terminal without echo, and reads standard input otherwise.
// An interrupt ends it with nothing read: Main catches the signal, and a read
// that went on would take what is typed next for the key.
func (e *env) readKey(ctx context.Context, name string) (secrets.Secret, error) {
	f := e.terminal()
	if f == nil {
		raw, err := unlessDone(ctx, func() ([]byte, error) {
			return io.ReadAll(io.LimitReader(bufio.NewReader(e.stdin), 64<<10))
		})
		if err != nil {
			return secrets.Secret{}, fmt.Errorf("read the key from standard input: %w", err)
		}
		return secrets.NewSecret(strings.TrimSpace(string(raw))), nil
	}
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return secrets.Secret{}, fmt.Errorf("read the terminal's settings: %w", err)
	}
	fmt.Fprintf(e.stderr, "API key of %s (not shown): ", name)
	raw, err := unlessDone(ctx, func() ([]byte, error) { return term.ReadPassword(int(f.Fd())) })
	fmt.Fprintln(e.stderr)
	if err != nil {
		// The read that was left behind has the echo off still.
		_ = term.Restore(int(f.Fd()), before)
		return secrets.Secret{}, fmt.Errorf("read the key: %w", err)
	}
	return secrets.NewSecret(strings.TrimSpace(string(raw))), nil
}

// unlessDone is what read returns, or the context's error once that is done. A
// read that is waiting cannot be called back: it ends with the process.
func unlessDone(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		raw []byte
		err error
	}
	got := make(chan result, 1)
	go func() {
		raw, err := read()
		got <- result{raw, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-got:
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return r.raw, r.err
	}
}
