package busquery

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/godbus/dbus/v5"
)

// errMalformed is an answer that is none.
var errMalformed = errors.New("it sent a message that does not follow the D-Bus specification")

// Reply is an answer.
type Reply struct {
	kind byte
	to   uint32 // the serial of what it answers
	name string // an error's
	sig  string // of the body
	all  []byte // the whole message
	body []byte
}

func (r *Reply) answer() bool { return r.kind == methodDone || r.kind == methodFail }

// next reads a message.
func (c *Conn) next() (*Reply, error) {
	head, err := c.in.Peek(headerSize)
	if err != nil {
		return nil, err
	}
	if head[0] != 'l' || head[3] != 1 {
		return nil, errMalformed
	}
	body, fields := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[12:])
	if body > maxMessage || fields > maxMessage {
		return nil, errMalformed
	}
	start := headerSize + (int(fields)+7)/8*8
	c.body = slices.Grow(c.body[:0], start+int(body))[:start+int(body)]
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return nil, err
	}
	return &c.last, parse(&c.last, c.body, headerSize+int(fields), start)
}

// parse reads the header of a whole message, whose fields end at an offset and
// whose body begins at another.
func parse(r *Reply, all []byte, fields, start int) error {
	*r = Reply{kind: all[1], all: all, body: all[start:]}
	d := Body{data: all[:fields], at: headerSize}
	for d.at < fields {
		d.align(8)
		code := d.byte()
		switch sig := d.signature(); sig {
		case "s", "o":
			if s := d.text(); code == fieldErrorName {
				r.name = string(s)
			}
		case "u":
			if n := d.Uint32(); code == fieldReplySerial {
				r.to = n
			}
		case "g":
			if s := d.signature(); code == fieldSignature {
				r.sig = s
			}
		default: // no field that the specification has
			return errMalformed
		}
		if d.bad {
			return errMalformed
		}
	}
	return nil
}

// Err is the error that the peer answered with, a [dbus.Error], or nil.
func (r *Reply) Err() error {
	if r.kind != methodFail {
		return nil
	}
	e := dbus.Error{Name: r.name}
	if b := r.Body(); len(r.sig) > 0 && r.sig[0] == 's' {
		if s := b.Text(); b.Err() == nil {
			e.Body = []any{s}
		}
	}
	return e
}

// Signature is the types of the answer's values.
func (r *Reply) Signature() string { return r.sig }

// Body reads the answer's values.
func (r *Reply) Body() *Body { return &Body{data: r.body} }

// Value is the property that a [Get] was answered with: a string, bool, uint32, int32,
// uint64 or []string; for other types what godbus makes of them.
func (r *Reply) Value() (any, error) {
	if err := r.Err(); err != nil {
		return nil, err
	}
	if r.sig != "v" {
		return nil, errMalformed
	}
	b := r.Body()
	var v any
	switch b.signature() {
	case "s":
		v = b.Text()
	case "b":
		v = b.Uint32() == 1
	case "u":
		v = b.Uint32()
	case "i":
		v = int32(b.Uint32())
	case "t":
		v = b.Uint64()
	case "as":
		list := []string{}
		for end := b.Array(4); b.Before(end); {
			list = append(list, b.Text())
		}
		v = list
	default:
		return r.other()
	}
	return v, b.Err()
}

// other decodes a value of any type.
func (r *Reply) other() (v any, err error) {
	m, err := dbus.DecodeMessage(bytes.NewReader(r.all))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if len(m.Body) == 1 {
		if variant, ok := m.Body[0].(dbus.Variant); ok {
			return variant.Value(), nil
		}
	}
	return nil, errMalformed
}
