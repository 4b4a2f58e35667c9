package gateway

// Characters beyond ASCII, by their first bytes in UTF-8.

// isLetter reports whether b begins with a letter beyond ASCII.
func isLetter(b []byte) bool { kind, _ := wideKind(b); return kind >= wideLatin }

const (
	wideSymbol = iota // punctuation and symbols
	wideEmoji
	wideLatin // letters, from here on
	wideGreek
	wideCyrillic
	wideHan
	wideKana
	wideHangul
	wideThai
	wideOther
)

// wideKind is what the character at the start of b is, and how many bytes it has.
func wideKind(b []byte) (kind, size int) {
	c := b[0]
	var d byte
	if len(b) > 1 {
		d = b[1]
	}
	switch {
	case c < 0xc0: // the rest of a character that was cut
		return wideSymbol, 1
	case c == 0xc2:
		return wideSymbol, 2
	case c < 0xce:
		return wideLatin, 2
	case c < 0xd0:
		return wideGreek, 2
	case c < 0xd4:
		return wideCyrillic, 2
	case c < 0xe0: // Hebrew, Arabic and others
		return wideOther, 2
	case c == 0xe0 && (d == 0xb8 || d == 0xb9):
		return wideThai, 3
	case c == 0xe1 && d >= 0xb8 && d <= 0xbb: // Vietnamese
		return wideLatin, 3
	case c <= 0xe1:
		return wideOther, 3
	case c == 0xe2, c == 0xe3 && d == 0x80, c == 0xef:
		return wideSymbol, 3
	case c == 0xe3 && d <= 0x83:
		return wideKana, 3
	case c <= 0xe9:
		return wideHan, 3
	case c <= 0xed:
		return wideHangul, 3
	case c < 0xf0:
		return wideSymbol, 3
	case c == 0xf0 && d == 0x9f:
		return wideEmoji, 4
	}
	return wideHan, 4
}

// wide passes a run of letters beyond ASCII, or of symbols.
func (e *estimator) wide(lead int) {
	kind, size := wideKind(e.b[e.i:])
	if kind < wideLatin {
		e.symbols(lead)
		return
	}
	_ = size
	n, cost := 0, 0
	if lead != leadNone {
		n++
	}
	latin := 0
	for e.i < len(e.b) {
		switch kinds[e.b[e.i]] {
		case 'a', 'A':
			e.i++
			n++
			latin++
			continue
		case 'w':
		default:
			goto done
		}
		kind, size = wideKind(e.b[e.i:])
		switch kind {
		case wideSymbol, wideEmoji:
			goto done
		case wideLatin:
			latin++
			cost += 10
			e.abroad = e.i + 300
		case wideCyrillic:
			cost += 20
		case wideGreek:
			cost += 31
		case wideHan:
			cost += 67
		case wideKana:
			cost += 67
		case wideHangul:
			cost += 56
		case wideThai:
			cost += 37
		case wideOther:
			cost += 27
		}
		n++
		e.i += size
	}
done:
	e.i = min(e.i, len(e.b))
	e.cost += max(oneToken, 45+cost+latin*10)
}

// symbols passes a run of symbols and punctuation beyond ASCII.
func (e *estimator) symbols(lead int) {
	for e.i < len(e.b) && kinds[e.b[e.i]] == 'w' {
		kind, size := wideKind(e.b[e.i:])
		if kind >= wideLatin {
			break
		}
		if kind == wideEmoji {
			e.cost += 2 * oneToken
		} else {
			e.cost += oneToken
		}
		e.i += size
	}
	e.i = min(e.i, len(e.b))
}
