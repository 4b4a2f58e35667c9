package gateway

import (
	"encoding/binary"
	"math/bits"

	"github.com/ringlet/ringlet/internal/gateway/strscan"
)

// scanner walks a JSON text and checks its grammar (RFC 8259). It decodes
// nothing; it knows where it is.
type scanner struct {
	b     []byte
	i     int
	depth int
	err   *jsonError
}

func (s *scanner) fail(problem string) { s.failAt(s.i, problem) }

func (s *scanner) failAt(at int, problem string) {
	if s.err == nil {
		s.err = &jsonError{problem, at}
	}
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\n', '\r', '\t':
			s.i++
		default:
			return
		}
	}
}

// peek is the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) enter() bool {
	if s.depth++; s.depth > maxDepth {
		s.fail("it is nested too deeply")
		return false
	}
	s.i++
	s.space()
	return true
}

// object reads an object, calling member with each key, which must read the
// value that follows. at is where the key stands.
func (s *scanner) object(member func(key []byte, at int)) {
	if !s.enter() {
		return
	}
	for first := true; s.err == nil; first = false {
		if first && s.peek() == '}' {
			break
		}
		if s.peek() != '"' {
			s.fail("expected a field's name")
			return
		}
		at := s.i
		s.str()
		if s.err != nil {
			return
		}
		key := s.b[at:s.i]
		s.space()
		if s.peek() != ':' {
			s.fail("expected a colon")
			return
		}
		s.i++
		s.space()
		if member != nil {
			member(unquote(key), at)
		} else {
			s.value()
		}
		if !s.next('}') {
			break
		}
	}
	s.i++
	s.depth--
}

// array reads a list, calling element at each of its elements.
func (s *scanner) array(element func()) {
	if !s.enter() {
		return
	}
	for first := true; s.err == nil; first = false {
		if first && s.peek() == ']' {
			break
		}
		if element != nil {
			element()
		} else {
			s.value()
		}
		if !s.next(']') {
			break
		}
	}
	s.i++
	s.depth--
}

// next passes the comma before another member; false at the closing bracket.
func (s *scanner) next(closing byte) bool {
	if s.err != nil {
		return false
	}
	s.space()
	switch s.peek() {
	case ',':
		s.i++
		s.space()
		return true
	case closing:
		return false
	}
	s.fail("expected a comma or a closing bracket")
	return false
}

// value reads any value.
func (s *scanner) value() {
	if s.err != nil {
		return
	}
	switch c := s.peek(); {
	case c == '"':
		s.str()
	case c == '{':
		s.object(nil)
	case c == '[':
		s.array(nil)
	case c == 't':
		s.literal("true")
	case c == 'f':
		s.literal("false")
	case c == 'n':
		s.literal("null")
	case c == '-' || c >= '0' && c <= '9':
		s.number()
	default:
		s.fail("expected a value")
	}
}

func (s *scanner) literal(word string) {
	if len(s.b)-s.i < len(word) || string(s.b[s.i:s.i+len(word)]) != word {
		s.fail("expected a value")
		return
	}
	s.i += len(word)
}

func (s *scanner) number() {
	if s.peek() == '-' {
		s.i++
	}
	if s.peek() == '0' {
		s.i++
	} else if !s.digits() {
		return
	}
	if s.peek() == '.' {
		s.i++
		if !s.digits() {
			return
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.i++
		if c := s.peek(); c == '+' || c == '-' {
			s.i++
		}
		if !s.digits() {
			return
		}
	}
}

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	if s.i == start {
		s.fail("expected a digit")
		return false
	}
	return true
}

// nearby is within how many bytes most keys and short values end.
const nearby = 16

// str reads a string.
func (s *scanner) str() {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	b, i := s.b, s.i+1
	for {
		// Eight bytes at a time up to the first that is not plain: the high bit of a
		// byte of m is set where the byte is below 0x20, a quote or a backslash. A
		// borrow can set it for a later byte too, never for one before.
		for end := min(len(b), i+nearby) - 8; i <= end; {
			w := binary.LittleEndian.Uint64(b[i:])
			q, e := w^ones*'"', w^ones*'\\'
			m := ((w-ones*0x20)&^w | (q-ones)&^q | (e-ones)&^e) & highs
			if m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		if len(b)-i >= strscan.Step && b[i] != '"' {
			i += strscan.Skip(b[i:]) // only for what is longer it is worth the call
		}
		if i >= len(b) {
			s.i = len(b)
			s.fail("the body ends inside a string")
			return
		}
		switch c := b[i]; {
		case c == '"':
			s.i = i + 1
			return
		case c == '\\':
			n := 2
			if i+1 >= len(b) || b[i+1] != 'n' && b[i+1] != '"' && b[i+1] != 't' { // nearly all there are
				n = escape(b[i:])
			}
			if n == 0 {
				s.i = i
				s.fail("invalid escape in a string")
				return
			}
			i += n
		case c < 0x20:
			s.i = i
			s.fail("unescaped control character in a string")
			return
		default:
			i++
		}
	}
}

// escape is the length of the escape sequence at the start of b; 0 where there is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 {
			if _, ok := hex4(b[2:6]); ok {
				return 6
			}
		}
	}
	return 0
}
