package wire

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// respUnwrap is the text within {"input":"…"}: the arguments of a freeform tool where it
// had to be a function. A model that wrote the text itself is taken by its word.
func respUnwrap(arguments string) string {
	if root, ok := respParse([]byte(arguments)); ok && root.Get("input").Type == gjson.String {
		return root.Get("input").Str
	}
	return arguments
}

// respUnwrapper is respUnwrap for arguments that come in pieces. It gives out
// text as soon as it has come, or, where the arguments do not begin as they should,
// all of it at the end.
type respUnwrapper struct {
	state  respUnwrapState
	at     int    // how much of respWrapping has been met
	held   []byte // what came before the text; all of it where it is something else
	escape []byte // an escape sequence that has begun
	high   rune   // the first half of a surrogate pair
}

type respUnwrapState int

const (
	unwrapHead respUnwrapState = iota
	unwrapText
	unwrapOver
	unwrapOther
)

const respWrapping = `{"input":"`

// push takes a piece and appends the text in it to dst.
func (u *respUnwrapper) push(dst []byte, piece string) []byte {
	i := 0
	for ; i < len(piece) && u.state == unwrapHead; i++ {
		u.head(piece[i])
	}
	rest := piece[i:]
	switch u.state {
	case unwrapText:
		return u.text(dst, rest)
	case unwrapOther:
		u.held = append(u.held, rest...)
	}
	return dst
}

// head takes one byte of what comes before the text. Space may stand around the tokens.
func (u *respUnwrapper) head(c byte) {
	u.held = append(u.held, c)
	switch {
	case c == respWrapping[u.at]:
		if u.at++; u.at == len(respWrapping) {
			u.state, u.held = unwrapText, nil
		}
	case (c == ' ' || c == '\n' || c == '\r' || c == '\t') && (u.at < 2 || u.at > 7):
	default:
		u.state = unwrapOther
	}
}

func (u *respUnwrapper) text(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if len(u.escape) > 0 {
			if u.escape = append(u.escape, c); len(u.escape) == 2 && c != 'u' || len(u.escape) == 6 {
				dst = u.unescape(dst)
			}
			start = i + 1
			continue
		}
		if c != '\\' && c != '"' {
			continue
		}
		dst = u.plain(dst, s[start:i])
		start = i + 1
		if c == '"' {
			u.state = unwrapOver
			return u.plain(dst, "")
		}
		u.escape = append(u.escape, c)
	}
	if start < len(s) {
		dst = u.plain(dst, s[start:])
	}
	return dst
}

// plain appends text that is no escape: half a pair before it stays half.
func (u *respUnwrapper) plain(dst []byte, s string) []byte {
	if u.high != 0 && (s != "" || u.state == unwrapOver) {
		dst, u.high = utf8.AppendRune(dst, utf8.RuneError), 0
	}
	return append(dst, s...)
}

// unescape appends what the escape sequence stands for: RFC 8259, section 7.
func (u *respUnwrapper) unescape(dst []byte) []byte {
	seq := u.escape
	u.escape = u.escape[:0]
	if seq[1] == 'u' {
		n, err := strconv.ParseUint(string(seq[2:]), 16, 32)
		if err != nil {
			return u.plain(dst, string(utf8.RuneError))
		}
		r := rune(n)
		if u.high != 0 {
			if both := utf16.DecodeRune(u.high, r); both != utf8.RuneError {
				u.high = 0
				return utf8.AppendRune(dst, both)
			}
		}
		if r >= 0xd800 && r < 0xdc00 {
			dst = u.plain(dst, "")
			if u.high != 0 {
				dst = utf8.AppendRune(dst, utf8.RuneError)
			}
			u.high = r
			return dst
		}
		return u.plain(dst, string(r))
	}
	c := seq[1]
	switch c {
	case 'n':
		c = '\n'
	case 't':
		c = '\t'
	case 'r':
		c = '\r'
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	}
	return u.plain(dst, string(rune(c)))
}

// end is what was held back: arguments of another form.
func (u *respUnwrapper) end(dst []byte) []byte {
	if u.state == unwrapOther || u.state == unwrapHead {
		dst = append(dst, respUnwrap(string(u.held))...)
		u.held = nil
	}
	if u.high != 0 {
		dst, u.high = utf8.AppendRune(dst, utf8.RuneError), 0
	}
	return dst
}
