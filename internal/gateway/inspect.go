package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/ringlet/ringlet/internal/strict"
	"github.com/ringlet/ringlet/routes"
)

// facts is what one scan of a request finds.
type facts struct {
	routes.Request // without Tokens, until measure
	size           estimate
	// modelStart and modelEnd delimit the JSON string that is the model's name,
	// quotes included.
	modelStart, modelEnd int
	// system is a hash of the system prompt's text, opening one of what the user
	// said before the first answer. Both stay the same while a conversation grows,
	// and from one run of the engine to the next; 0 is for none. Where cache
	// markers stand makes no difference, nor whether a text is a string or a block.
	system, opening uint64
	// sealed are the parts that only the provider that made them takes, in the order
	// of the body.
	sealed []sealed
	// toolTurn is the list of the last answer's blocks, where it calls tools; else 0.
	toolTurn int
	// thinkingStart and thinkingEnd delimit the value of the field thinking.
	thinkingStart, thinkingEnd int
	// threadStart and threadEnd delimit the field thread, its name included;
	// threadKind is its type.
	threadStart, threadEnd int
	threadKind             string
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

// measure estimates the size of the prompt; body is what was inspected.
func (f *facts) measure(body []byte) { f.Tokens = f.size.tokens(body) }

// inspect scans a request once; format is one of routes.Messages, routes.Chat and
// routes.Responses. The scan checks the whole body, because what is routed on
// must be what the upstream reads: text after the value, or a fact that is given
// twice, could be understood differently there.
func inspect(format string, body []byte) (facts, *jsonError) {
	s := &scanner{b: body}
	f := &inspector{scanner: s, format: format}
	s.space()
	if s.i >= len(body) {
		return facts{}, &jsonError{"the body is empty", 0}
	}
	if body[s.i] != '{' {
		return facts{}, &jsonError{"it must be an object", s.i}
	}
	switch format {
	case routes.Chat:
		s.object(f.chat)
	case routes.Responses:
		s.object(f.responses)
	default:
		s.object(f.messages)
	}
	s.space()
	if s.err == nil && s.i < len(body) {
		s.fail("text follows the end of the value")
	}
	if s.err != nil {
		return facts{}, s.err
	}
	f.finish()
	return f.facts, nil
}

// inspector knows where the facts stand in a request.
type inspector struct {
	*scanner
	facts
	format string
	seen   uint // the facts given so far, a bit each
	start  opening
	// Of the turn that is being read: it calls tools, and the list of its blocks.
	calls  bool
	blocks int
	lists  int    // read so far whose elements may be sealed
	seal   []byte // what the element that is being read is known by; nil for nothing
}

// The facts that may stand only once, those of all formats.
const (
	seenModel = 1 << iota
	seenStream
	seenThinking
	seenOutputConfig
	seenTools
	seenFunctions
	seenMaxTokens
	seenMaxCompletion
	seenMessages
	seenSystem
	seenThinkingType
	seenReasoning
	seenEffort
	seenReasoningEffort
	seenThread
	seenThreadType
)

// finish says what can be said only at the end.
func (f *inspector) finish() {
	f.system, f.opening = f.start.system.value(), f.start.user.value()
}

func (f *inspector) once(bit uint, key string, at int) bool {
	if f.seen&bit != 0 {
		f.failAt(at, fmt.Sprintf("the field %q is given twice", key))
		return false
	}
	f.seen |= bit
	return true
}

// common reads the fields that every format has, and passes over the rest.
func (f *inspector) common(key string, at int) {
	switch key {
	case "model":
		if f.once(seenModel, key, at) {
			f.readModel()
		}
	case "stream":
		if f.once(seenStream, key, at) {
			f.Stream = f.peek() == 't'
			f.value()
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

// whole reads a value; the result is 0 where it is no whole number in range.
func (f *inspector) whole() int {
	start := f.i
	f.value()
	return smallInt(f.b[start:f.i])
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
