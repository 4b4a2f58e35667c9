package busquery

import "encoding/binary"

// Body reads values one after the other ("Marshaling" of the specification). What
// is not there reads as zero, and is an error in the end.
type Body struct {
	data []byte
	at   int
	bad  bool
}

// Err says whether all that was read was there.
func (b *Body) Err() error {
	if b.bad {
		return errMalformed
	}
	return nil
}

// take is the next n bytes.
func (b *Body) take(n int) []byte {
	if b.bad || n < 0 || n > len(b.data)-b.at {
		b.bad = true
		return nil
	}
	b.at += n
	return b.data[b.at-n : b.at]
}

func (b *Body) align(n int) { b.take((n - b.at%n) % n) }

func (b *Body) byte() byte {
	if s := b.take(1); s != nil {
		return s[0]
	}
	return 0
}

// Uint32 reads a number of 32 bits.
func (b *Body) Uint32() uint32 {
	b.align(4)
	if s := b.take(4); s != nil {
		return binary.LittleEndian.Uint32(s)
	}
	return 0
}

// Uint64 reads a number of 64 bits.
func (b *Body) Uint64() uint64 {
	b.align(8)
	if s := b.take(8); s != nil {
		return binary.LittleEndian.Uint64(s)
	}
	return 0
}

// text reads a string or the path of an object, without copying it.
func (b *Body) text() []byte {
	n := b.Uint32()
	s := b.take(int(n))
	b.end()
	return s
}

// end reads the zero after a string.
func (b *Body) end() {
	if b.byte() != 0 {
		b.bad = true
	}
}

// Text reads a string or the path of an object.
func (b *Body) Text() string { return string(b.text()) }

// Pass passes over n strings or paths.
func (b *Body) Pass(n int) {
	for range n {
		b.text()
	}
}

// signature reads the types of what follows.
func (b *Body) signature() string {
	s := b.take(int(b.byte()))
	b.end()
	if len(s) == 1 { // of a variant, mostly: no copy
		if i := s[0]; i < 0x80 {
			return oneByte(i)
		}
	}
	return string(s)
}

// oneByte is a string of one byte; the compiler makes no copy of a constant's part.
func oneByte(c byte) string {
	const types = "sougbity"
	for i := range len(types) {
		if types[i] == c {
			return types[i : i+1]
		}
	}
	return string(rune(c))
}

// Array begins a list whose elements are aligned to so many bytes: 4 for strings,
// 8 for structures. It returns where the list ends, for [Body.Before].
func (b *Body) Array(alignment int) (end int) {
	n := b.Uint32()
	b.align(alignment)
	if b.bad || int(n) > len(b.data)-b.at {
		b.bad = true
		return b.at
	}
	return b.at + int(n)
}

// Before says whether there is more of a list. A list that ends in the middle of
// an element is an error.
func (b *Body) Before(end int) bool {
	if b.at > end {
		b.bad = true
	}
	return !b.bad && b.at < end
}

// Struct begins a structure.
func (b *Body) Struct() { b.align(8) }
