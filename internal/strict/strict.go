// Package strict decodes the JSON and YAML files that people may edit by hand,
// and says where a file is wrong: its path, line and column.
//
// Unknown fields, repeated keys, more than one document and trailing text are
// errors, because a key that is silently ignored is a setting that silently
// does not apply. Every error is an [*Error].
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Error is a file that could not be decoded. Line and Column count from 1;
// Column counts bytes for JSON and characters for YAML; both are 0 where the
// decoder could not tell.
type Error struct {
	Path    string
	Line    int
	Column  int
	Problem string
	Remedy  string // what to do; "" where mending the file by hand is it
}

// Error is "path:line:column: problem", the form editors and terminals jump to.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Path)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	b.WriteString(": ")
	b.WriteString(e.Problem)
	return b.String()
}

// Hint tells the user what to do; ringlet never replaces a broken file.
func (e *Error) Hint() string {
	if e.Remedy != "" {
		return e.Remedy
	}
	return "mend the file by hand or restore it from a backup; nothing was changed"
}

// YAML decodes one YAML document into v. An empty document is an error.
// path is only used in errors.
func YAML(path string, data []byte, v any) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return &Error{Path: path, Problem: "the file is empty"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		return yamlError(path, err)
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			return yamlError(path, err)
		}
		return &Error{Path: path, Problem: "the file holds more than one document"}
	}
	return nil
}

func yamlError(path string, err error) error {
	if errors.Is(err, io.EOF) {
		return &Error{Path: path, Problem: "the file is empty"}
	}
	var le *yaml.LoadError
	if errors.As(err, &le) {
		msg := le.Message
		// "field x not found in type routes.Config" speaks of our source, not of the user's file.
		if i := strings.Index(msg, " not found in type "); i > 0 {
			msg = fmt.Sprintf("unknown field %q", strings.TrimPrefix(msg[:i], "field "))
		}
		return &Error{Path: path, Line: le.Mark.Line, Column: le.Mark.Column, Problem: msg}
	}
	return &Error{Path: path, Problem: err.Error()}
}

// JSON decodes one JSON value into v.
// path is only used in errors.
func JSON(path string, data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	off := dec.InputOffset()
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			if key, off, twice := repeatedKey(data); twice {
				line, col := Position(data, start(key, off))
				return &Error{Path: path, Line: line, Column: col, Problem: fmt.Sprintf("%q is there twice", key)}
			}
			return nil
		}
		line, col := Position(data, off)
		return &Error{Path: path, Line: line, Column: col, Problem: "text follows the end of the JSON value"}
	}
	problem := err.Error()
	var syn *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return &Error{Path: path, Problem: "the file is empty"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		off, problem = int64(len(data)), "the file ends in the middle of a value"
	case errors.As(err, &syn):
		off = syn.Offset - 1
	case errors.As(err, &typ):
		off = typ.Offset - 1
		problem = fmt.Sprintf("%s must be %s, not %s", orRoot(typ.Field), jsonKind(typ.Type), typ.Value)
	}
	problem = strings.TrimPrefix(problem, "json: ")
	if name, ok := strings.CutPrefix(problem, "unknown field "); ok {
		if key, err := strconv.Unquote(name); err == nil {
			if end, found := firstKey(data, key); found {
				off = start(key, end)
			}
		}
	}
	line, col := Position(data, off)
	return &Error{Path: path, Line: line, Column: col, Problem: problem}
}

// start is where a key that ends at off begins, its quotes included.
func start(key string, off int64) int64 { return off - int64(len(key)) - 2 }

func orRoot(field string) string {
	if field == "" {
		return "the value"
	}
	return fmt.Sprintf("%q", field)
}

func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	default:
		return "a number"
	}
}

// Position turns a byte offset into a line and a column, both from 1.
func Position(data []byte, off int64) (line, col int) {
	off = max(0, min(off, int64(len(data))))
	before := data[:off]
	line = 1 + bytes.Count(before, []byte("\n"))
	return line, int(off) - bytes.LastIndexByte(before, '\n')
}
