package busquery

import (
	"encoding/binary"
	"fmt"
)

// Call is a method call.
type Call struct {
	Path, Interface, Member string
	Args                    []any // strings and lists of strings
}

// Get is the question for a property.
func Get(path, iface, property string) Call {
	return Call{Path: path, Interface: "org.freedesktop.DBus.Properties", Member: "Get", Args: []any{iface, property}}
}

// Kinds of messages and of header fields ("Message Format" of the specification).
const (
	methodCall = 1
	methodDone = 2
	methodFail = 3

	fieldPath        = 1
	fieldInterface   = 2
	fieldMember      = 3
	fieldErrorName   = 4
	fieldReplySerial = 5
	fieldDestination = 6
	fieldSignature   = 8

	headerSize = 16        // up to the header fields
	maxMessage = 128 << 20 // "The maximum length of a message, including header, header alignment padding, and body is 2 to the 27th power"
)

// append writes the call as a message. It is little-endian, as every platform
// that ringlet is built for is.
func (c Call) append(to []byte, serial uint32, destination string) []byte {
	start := len(to)
	to = append(to, 'l', methodCall, 0, 1, 0, 0, 0, 0)
	to = binary.LittleEndian.AppendUint32(to, serial)
	to = append(to, 0, 0, 0, 0)
	to = field(to, start, fieldPath, 'o', c.Path)
	to = field(to, start, fieldInterface, 's', c.Interface)
	to = field(to, start, fieldMember, 's', c.Member)
	to = field(to, start, fieldDestination, 's', destination)
	if len(c.Args) > 0 {
		to = pad(to, start, 8)
		to = append(to, fieldSignature, 1, 'g', 0, 0)
		sig := len(to)
		for _, arg := range c.Args {
			if _, list := arg.([]string); list {
				to = append(to, 'a')
			}
			to = append(to, 's')
		}
		to[sig-1] = byte(len(to) - sig)
		to = append(to, 0)
	}
	binary.LittleEndian.PutUint32(to[start+12:], uint32(len(to)-start-headerSize))
	to = pad(to, start, 8)
	body := len(to)
	for _, arg := range c.Args {
		switch arg := arg.(type) {
		case string:
			to = text(to, body, arg)
		case []string:
			to = append(pad(to, body, 4), 0, 0, 0, 0)
			list := len(to)
			for _, s := range arg {
				to = text(to, body, s)
			}
			binary.LittleEndian.PutUint32(to[list-4:], uint32(len(to)-list))
		default:
			panic(fmt.Sprintf("busquery: an argument of type %T", arg)) // the caller's mistake, not a peer's
		}
	}
	binary.LittleEndian.PutUint32(to[start+4:], uint32(len(to)-body))
	return to
}

// field writes a header field: its code, then its value as a variant.
func field(to []byte, start int, code, kind byte, value string) []byte {
	to = pad(to, start, 8)
	to = append(to, code, 1, kind, 0)
	return text(to, start, value)
}

// text writes a string: its length, its bytes, a zero.
func text(to []byte, start int, s string) []byte {
	to = pad(to, start, 4)
	to = binary.LittleEndian.AppendUint32(to, uint32(len(s)))
	to = append(to, s...)
	return append(to, 0)
}

// pad fills up to a multiple of n from start on.
func pad(to []byte, start, n int) []byte {
	for (len(to)-start)%n != 0 {
		to = append(to, 0)
	}
	return to
}
