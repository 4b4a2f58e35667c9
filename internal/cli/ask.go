package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
)

// line asks a question on the terminal and reads a line; an empty one is what
// is preset. The end of the input is no answer: nothing goes on without one.
func (e *env) line(ctx context.Context, question, preset string) (string, error) {
	if preset != "" {
		question += " [" + preset + "]"
	}
	fmt.Fprintf(e.stderr, "%s: ", question)
	if e.answers == nil {
		e.answers = bufio.NewReader(e.stdin)
	}
	raw, err := unlessDone(ctx, func() ([]byte, error) { return e.answers.ReadBytes('\n') })
	if errors.Is(err, io.EOF) {
		fmt.Fprintln(e.stderr)
		return "", fault.New(fault.Failed, "repeat it when you know", "the answer is missing, so nothing was done")
	}
	if err != nil {
		fmt.Fprintln(e.stderr)
		return "", fmt.Errorf("read the answer: %w", err)
	}
	if answer := strings.TrimSpace(string(raw)); answer != "" {
		return answer, nil
	}
	return preset, nil
}

// choice is one of several things to choose from.
type choice struct{ id, title string }

// choose lets the user choose by number or by name, and asks again until the
// answer is one of them. A single choice is not asked for.
func (e *env) choose(ctx context.Context, question string, list []choice) (string, error) {
	if len(list) == 1 {
		fmt.Fprintf(e.stderr, "%s: %s\n", question, list[0].title)
		return list[0].id, nil
	}
	fmt.Fprintf(e.stderr, "%s:\n", question)
	for i, c := range list {
		fmt.Fprintf(e.stderr, "  %d) %s\n", i+1, c.title)
	}
	for {
		answer, err := e.line(ctx, "Number or name", "1")
		if err != nil {
			return "", err
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(list) {
			return list[n-1].id, nil
		}
		for _, c := range list {
			if c.id == answer {
				return c.id, nil
			}
		}
		fmt.Fprintf(e.stderr, "%q is none of them.\n", answer)
	}
}

// agreed asks for a yes or no; Enter is yes.
func (e *env) agreed(ctx context.Context, question string) (bool, error) {
	for {
		answer, err := e.line(ctx, question, "Y/n")
		if err != nil {
			return false, err
		}
		switch strings.ToLower(answer) {
		case "y/n", "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}
