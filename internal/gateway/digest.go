package gateway

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// digest is a running hash of texts, the same in every run of the engine. It tells
// conversations apart; it is no protection against somebody who wants two to look
// alike, who could only send his own requests to the wrong one of his own targets.
type digest struct {
	sum uint64
	any bool
}

// Odd numbers without a pattern: the golden ratio's and the square root of 2's first bits.
const (
	mixA = 0x9e3779b97f4a7c15
	mixB = 0x6a09e667f3bcc909
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^mixA, b^mixB)
	return hi ^ lo
}

// text adds one text, as it stands between its quotes.
func (d *digest) text(b []byte) {
	d.any = true
	sum := mix(d.sum, uint64(len(b)))
	for ; len(b) >= 8; b = b[8:] {
		sum = mix(sum, binary.LittleEndian.Uint64(b))
	}
	var last [8]byte
	copy(last[:], b)
	d.sum = mix(sum, binary.LittleEndian.Uint64(last[:]))
}

// join adds what another digest has.
func (d *digest) join(o digest) {
	if o.any {
		d.any, d.sum = true, mix(d.sum, o.sum)
	}
}

// value is the hash; 0 where there was no text.
func (d *digest) value() uint64 {
	if d.any && d.sum == 0 {
		return 1
	}
	return d.sum
}

// opening follows a conversation's start: its system prompt, and what the user
// says before the first answer. What comes after is not hashed.
type opening struct {
	system, user digest
	into         *digest // where texts go; nil for nowhere
	answered     bool
}

// billing starts a line of Claude Code's system prompt that is no instruction and
// that ends differently in every conversation.
var billing = []byte("x-anthropic-billing-header")

// text takes note of a text that stands in a prompt; quoted includes its quotes.
func (o *opening) text(quoted []byte) {
	if o.into == nil {
		return
	}
	if s := inner(quoted); !bytes.HasPrefix(s, billing) {
		o.into.text(s)
	}
}

// prompt reads a system prompt that stands apart from the messages.
func (o *opening) prompt(read func()) {
	o.into = &o.system
	read()
	o.into = nil
}

// message reads one message, whose role may turn out last.
func (o *opening) message(read func() (role string)) {
	if o.answered {
		read()
		return
	}
	var said digest
	o.into = &said
	role := read()
	o.into = nil
	switch role {
	case "user":
		o.user.join(said)
	case "system", "developer":
		if !o.user.any {
			o.system.join(said)
		}
	default:
		o.answered = true
	}
}
