package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
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
	fmt.Fprintf(e.stderr, format+"\n", args...)
}

// table prints rows under a heading, columns three spaces apart as wide as
// their widest cell, and no blanks at the ends of lines.
func (e *env) table(heading []string, rows [][]string) error {
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
	set   bool
}

func (c *count) String() string { return strconv.Itoa(c.value) }
func (c *count) Type() string   { return "number" }

func (c *count) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n > 1_000_000_000 || n < -1_000_000_000 {
		return fmt.Errorf("%q is not a whole number", s)
	}
	if n < c.least {
		return fmt.Errorf("%d is less than %d", n, c.least)
	}
	c.value, c.set = n, true
	return nil
}
