package gateway

import (
	"bytes"
	"slices"
	"strings"
	"sync"
)

// sealed is a part of a conversation that its provider made unreadable or
// unchangeable: a thinking block of Messages with its signature, or a reasoning
// item of Responses with its encrypted content. No other provider takes it:
// https://docs.claude.com/en/docs/build-with-claude/extended-thinking#thinking-encryption,
// https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
type sealed struct {
	from, to int    // where it stands in the body
	next     int    // where the element after it begins; 0 where it is the last one
	before   int    // where the element before it ends; 0 where it is the first one
	list     int    // the list that it is an element of
	index    int    // its place there
	of       int    // how many elements that list has
	seal     uint64 // hash of the signature; 0 for none
	alien    bool   // made by a translation: no provider's own
	// setting says that it is no part of the conversation, but an edit of
	// context_management that is refused where thinking is off.
	setting bool
}

// translated begins the signatures that package wire writes into what it
// translates to Messages.
var translated = []byte("wire:")

// sealOf is the hash of a signature.
func sealOf(signature []byte) uint64 {
	if len(signature) == 0 {
		return 0
	}
	var d digest
	d.text(signature)
	return d.value()
}

// elementsOf reads a list and notes where its sealed elements stand; read reads
// one element and returns its type.
func (f *inspector) elementsOf(read func() (kind string)) (list int) {
	f.lists++
	list = f.lists
	n, before, open, begun := 0, 0, -1, len(f.sealed)
	f.array(func() {
		from := f.i
		if open >= 0 {
			f.sealed[open].next = from
			open = -1
		}
		f.seal = nil
		kind := read()
		switch {
		case f.err != nil:
		case strings.HasPrefix(kind, "clear_thinking_"):
			open = len(f.sealed)
			f.sealed = append(f.sealed, sealed{from: from, to: f.i, before: before, list: list, index: n, setting: true})
		case kind == "thinking", kind == "redacted_thinking", kind == "reasoning" && f.seal != nil:
			open = len(f.sealed)
			f.sealed = append(f.sealed, sealed{from: from, to: f.i, before: before, list: list, index: n, seal: sealOf(f.seal), alien: bytes.HasPrefix(f.seal, translated)})
		}
		f.seal = nil
		before = f.i
		n++
	})
	for i := begun; i < len(f.sealed); i++ {
		if f.sealed[i].list == list {
			f.sealed[i].of = n
		}
	}
	return list
}

// contextEdits reads Anthropic's context_management.
// https://docs.claude.com/en/docs/build-with-claude/context-editing
func (f *inspector) contextEdits() {
	f.members(func(key []byte, _ int) {
		if string(key) != "edits" || f.peek() != '[' {
			f.value()
			return
		}
		f.elementsOf(func() (kind string) {
			f.members(func(key []byte, _ int) {
				if string(key) == "type" {
					kind = f.text()
					return
				}
				f.value()
			})
			return kind
		})
	})
}

// carries reports whether parts of the conversation are sealed.
func (f *facts) carries() bool {
	return slices.ContainsFunc(f.sealed, func(p sealed) bool { return !p.setting })
}

// signature reads what a sealed part is known by.
func (f *inspector) signature() {
	if f.peek() != '"' {
		f.value()
		return
	}
	if quoted := f.quoted(); f.err == nil {
		f.seal = unquote(quoted)
	}
}

// maxSeals bounds how many signatures are remembered; of more, the oldest are
// forgotten, and what they sealed is sent on and may be refused.
const maxSeals = 8192

// signers remembers who made which signature.
type signers struct {
	mu    sync.Mutex
	by    map[uint64]string // the base URL of who made it
	order []uint64          // a ring
	next  int
}

func newSigners() *signers { return &signers{by: map[uint64]string{}} }

// learn remembers that an upstream made a signature.
func (s *signers) learn(signature []byte, base string) {
	seal := sealOf(signature)
	if seal == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.by[seal]; known {
		s.by[seal] = base
		return
	}
	if len(s.order) < maxSeals {
		s.order = append(s.order, seal)
	} else {
		delete(s.by, s.order[s.next])
		s.order[s.next] = seal
		s.next = (s.next + 1) % maxSeals
	}
	s.by[seal] = base
}

// another reports whether a signature is known to be another's than the upstream's.
func (s *signers) another(signature, base string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	by, known := s.by[sealOf([]byte(signature))]
	return known && by != base
}

// foreign says which sealed parts are known to be another's than the upstream's;
// nil where none is. Of those that nobody is known to have made, after a restart
// for example, the upstream will say it.
func (s *signers) foreign(parts []sealed, base string) []bool {
	if len(parts) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []bool
	for i, p := range parts {
		if by, known := s.by[p.seal]; p.alien || known && by != base {
			if out == nil {
				out = make([]bool, len(parts))
			}
			out[i] = true
		}
	}
	return out
}
