package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/ringlet/ringlet/internal/strict"
	"github.com/ringlet/ringlet/routes"
)

// facts is what one scan of a Messages request finds.
type facts struct {
	routes.Request
	// modelStart and modelEnd delimit the JSON string that is the model's name,
	// quotes included.
	modelStart, modelEnd int
}

// jsonError is a body that cannot be routed, because it is no JSON or because it
// could be read in two ways.
type jsonError struct {
	problem string
	at      int // byte offset
}

// describe is the sentence for the client; it never quotes the body.
func (e *jsonError) describe(body []byte) string {
	line, col := strict.Position(body, int64(e.at))
	return fmt.Sprintf("The request body is not valid JSON: %s at line %d, column %d (byte %d)", e.problem, line, col, e.at)
}

// maxDepth bounds nesting; what agents send stays below 30.
const maxDepth = 512

// inspect scans a Messages request once. The scan checks the whole body, because
// what is routed on must be what the upstream reads: text after the value, or a
// fact that is given twice, could be understood differently there.
func inspect(body []byte) (facts, *jsonError) {
	s := &scanner{b: body}
	f := &inspector{scanner: s}
	s.space()
	if s.i >= len(body) {
		return facts{}, &jsonError{"the body is empty", 0}
	}
	if body[s.i] != '{' {
		return facts{}, &jsonError{"it must be an object", s.i}
	}
	s.object(f.topLevel)
	s.space()
	if s.err == nil && s.i < len(body) {
		s.fail("text follows the end of the value")
	}
	if s.err != nil {
		return facts{}, s.err
	}
	f.Tokens = int(f.prompt / perToken)
	return f.facts, nil
}

// inspector knows where the facts stand in a request.
type inspector struct {
	*scanner
	facts
	seen   uint  // the facts given so far, a bit each
	prompt int64 // the prompt's estimated size, in the units of scanner.cost
}

// The facts that may stand only once.
const (
	seenModel = 1 << iota
	seenStream
	seenThinking
	seenOutputConfig
	seenTools
	seenMaxTokens
	seenMessages
	seenSystem
	seenThinkingType
	seenEffort
)

func (f *inspector) once(bit uint, key string, at int) bool {
	if f.seen&bit != 0 {
		f.failAt(at, fmt.Sprintf("the field %q is given twice", key))
		return false
	}
	f.seen |= bit
	return true
}

func (f *inspector) topLevel(name []byte, at int) {
	switch key := string(name); key {
	case "model":
		if f.once(seenModel, key, at) {
			f.readModel()
		}
	case "stream":
		if f.once(seenStream, key, at) {
			f.Stream = f.peek() == 't'
			f.value()
		}
	case "max_tokens":
		if f.once(seenMaxTokens, key, at) {
			start := f.i
			f.value()
			f.MaxTokens = smallInt(f.b[start:f.i])
		}
	case "thinking":
		if f.once(seenThinking, key, at) {
			f.members(func(key []byte, at int) {
				if string(key) == "type" && f.once(seenThinkingType, "thinking.type", at) {
					f.ThinkingMode = f.text()
					f.Thinking = f.ThinkingMode == "enabled" || f.ThinkingMode == "adaptive"
					return
				}
				f.value()
			})
		}
	case "output_config":
		if f.once(seenOutputConfig, key, at) {
			f.members(func(key []byte, at int) {
				if string(key) == "effort" && f.once(seenEffort, "output_config.effort", at) {
					f.Effort = f.text()
					return
				}
				f.value()
			})
		}
	case "tools":
		if f.once(seenTools, key, at) {
			f.Tools = f.elements(func() { f.counted() })
		}
	case "system":
		if f.once(seenSystem, key, at) {
			f.content()
		}
	case "messages":
		if f.once(seenMessages, key, at) {
			f.Messages = f.elements(f.message)
		}
	default:
		if len(key) == len("model") && foldsToModel(key) {
			// A lenient upstream would take it for the model.
			f.failAt(at, fmt.Sprintf("the field %q must be written \"model\"", key))
			return
		}
		f.value()
	}
}

func foldsToModel(key string) bool {
	for i := range len(key) {
		if key[i]|0x20 != "model"[i] {
			return false
		}
	}
	return true
}

func (f *inspector) readModel() {
	if f.peek() != '"' {
		f.fail("the model must be a string")
		return
	}
	f.modelStart = f.i
	f.Model = f.text()
	f.modelEnd = f.i
}

// text reads a value; the result is empty where it is no string.
func (f *inspector) text() string {
	if f.peek() != '"' {
		f.value()
		return ""
	}
	start := f.i
	f.str()
	if f.err != nil {
		return ""
	}
	return string(unquote(f.b[start:f.i]))
}

func (f *inspector) message() {
	f.add(perMessage)
	if f.peek() != '{' {
		f.value()
		return
	}
	f.object(func(key []byte, _ int) {
		if string(key) == "content" {
			f.content()
			return
		}
		f.value()
	})
}

// members reads an object by its members, or any other value as it is.
func (f *inspector) members(member func(key []byte, at int)) {
	if f.peek() != '{' {
		f.value()
		return
	}
	f.object(member)
}

// elements reads a list by its elements and counts them; any other value counts 0.
func (f *inspector) elements(element func()) int {
	if f.peek() != '[' {
		f.value()
		return 0
	}
	n := 0
	f.array(func() { n++; element() })
	return n
}

// unquote decodes a JSON string that the scanner has accepted; the result may
// be part of it.
func unquote(quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return nil
	}
	return []byte(s)
}

// smallInt reads a whole number; 0 for what is none or out of range.
func smallInt(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
