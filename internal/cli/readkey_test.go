package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestReadKeyIsInterrupted is about who changes their mind at the prompt: what
// is typed after that is no key.
func TestReadKeyIsInterrupted(t *testing.T) {
	in, keyboard := io.Pipe()
	defer keyboard.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	e := &env{stdin: in, stderr: io.Discard}
	ended := make(chan error, 1)
	go func() {
		_, err := e.readKey(ctx, "Anthropic")
		ended <- err
	}()
	if _, err := keyboard.Write([]byte("sk-half")); err != nil {
		t.Fatal(err)
	}
	interrupt()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted read of the key: %v, want context.Canceled", err)
	}
}

func TestReadKeyIsTrimmed(t *testing.T) {
	e := &env{stdin: strings.NewReader(" sk-whole\r\n"), stderr: io.Discard}
	key, err := e.readKey(t.Context(), "Anthropic")
	if err != nil || key.Reveal() != "sk-whole" {
		t.Errorf("read %q, %v", key.Reveal(), err)
	}
}
