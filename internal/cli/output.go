package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ringlet/ringlet/internal/app"
)

// printJSON writes v, indented, to standard output.
func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// note writes a message to standard error.
func (e *env) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintln(e.stderr, text)
	e.said = append(e.said, text)
}

// done is what --json prints of a command that is no listing, once it is done:
// an object with what it was about (a profile or a provider, or "" for all) and
// the messages that stand on standard error as well.
func (e *env) done(kind, name string) error {
	if !e.json {
		return nil
	}
	out := map[string]any{"done": true, "messages": e.said}
	if name != "" {
		out[kind] = name
	}
	return e.printJSON(out)
}

// table prints rows under a heading, columns three spaces apart as wide as
// their widest cell, and no blanks at the ends of lines. Without rows it prints
// nothing: a message has said why there are none.
func (e *env) table(heading []string, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	width := make([]int, len(heading))
	for _, row := range append([][]string{heading}, rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range append([][]string{heading}, rows...) {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+3))
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
	_, err := fmt.Fprint(e.stdout, b.String())
	return err
}

// count is a flag value: a whole number, with an error that says so.
type count struct {
	value int
	least int
	most  int // 0 for no bound but what is sensible
}

func (c *count) String() string { return strconv.Itoa(c.value) }
func (c *count) Type() string   { return "number" }

func (c *count) Set(s string) error {
	n, err := strconv.Atoi(s)
	most := c.most
	if most == 0 {
		most = 1_000_000
	}
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && (n < c.least || n > most):
		return fmt.Errorf("it must be %d to %d", c.least, most)
	case err != nil:
		return errors.New("it is not a whole number")
	}
	c.value = n
	return nil
}

// portFlag is a flag value: a port, or "auto".
type portFlag struct{ count }

func (p *portFlag) String() string {
	if p.value == app.AutoPort {
		return "auto"
	}
	return p.count.String()
}

func (p *portFlag) Set(s string) error {
	if s == "auto" {
		p.value = app.AutoPort
		return nil
	}
	return p.count.Set(s)
}
