package gateway

import (
	"bytes"
	"unicode/utf8"
)

// A long prompt is estimated from samples: windows that lie at the same places of
// the prompt however much is added to its end. Its first part, which is all of many
// requests, is measured whole.
const (
	wholePart   = 16 << 10  // up to here every byte is measured,
	densePart   = 128 << 10 // up to here a window of each denseBlock, then one of each sparseBlock
	sampleSize  = 512
	denseBlock  = 4 << 10
	sparseBlock = 8 << 10
	// priorBytes is for how much the first part counts in the rate of what is left out.
	priorBytes = 2 << 10
)

// sampler estimates the size of a prompt that comes in parts. While they come it only
// notes what there is to measure: not every decision needs the estimate.
type sampler struct {
	at      int // bytes that came so far
	whole   int // of the first part
	sampled int // of the windows after it
	skipped int // between them
	parts   []part
}

// part is a text to measure.
type part struct {
	from, to uint32 // in the body
	first    bool   // it is of the first part
	escaped  bool
}

// most is what the estimate is at most, in tokens: no piece costs more than 101 for
// each of its bytes.
func (s *sampler) most() int { return s.at + s.at/64 + 1 }

// tokens is the estimate of all that came; body is where it came from.
func (s *sampler) tokens(body []byte) int {
	var m measurer
	whole, sampled := 0, 0
	for _, p := range s.parts {
		cost := m.measure(body[p.from:p.to], p.escaped)
		if p.first {
			whole += cost
		} else {
			sampled += cost
		}
	}
	cost := whole + sampled
	if s.skipped > 0 {
		prior := priorBytes * whole / max(1, s.whole)
		cost += s.skipped * (sampled + prior) / (s.sampled + priorBytes)
	}
	return (cost + oneToken/2) / oneToken
}

// add takes the next part, body[from:to]. escaped says that it stands between the
// quotes of a JSON string; otherwise the model sees it as it is.
func (s *sampler) add(body []byte, from, to int, escaped bool) {
	for from < to {
		measured, until := window(s.at)
		n := to - from
		if until-s.at < n {
			n = pieceEnd(body[from:to], until-s.at)
		}
		first := s.at < wholePart
		switch {
		case !measured:
			s.skipped += n
		case first:
			s.whole += n
		default:
			s.sampled += n
		}
		if measured {
			s.parts = append(s.parts, part{uint32(from), uint32(from + n), first, escaped})
		}
		s.at += n
		from += n
	}
}

// window says whether the byte at a place of the prompt is measured, and up to
// where the same holds. A window's place in its block looks random: text that
// repeats itself must not always be seen at the same point.
func window(at int) (measured bool, until int) {
	block := denseBlock
	if at >= densePart {
		block = sparseBlock
	}
	if at < wholePart {
		return true, wholePart
	}
	start := at - at%block
	from := start + int(mix(uint64(start), sampleSize)%uint64(block-sampleSize))
	switch {
	case at < from:
		return false, from
	case at < from+sampleSize:
		return true, from + sampleSize
	}
	return false, start + block
}

// pieceEnd is the first place from n on where a piece may begin, or at least a
// character: half a word costs what no word does.
func pieceEnd(b []byte, n int) int {
	for i := n; i < min(len(b), n+64); i++ {
		switch kinds[b[i]] {
		case '.', '_', 'n':
			if b[i-1] != '\\' {
				return i
			}
		}
	}
	for n < len(b) && !utf8.RuneStart(b[n]) {
		n++
	}
	return n
}

// measurer has room for a text without its escapes.
type measurer struct{ plain [1 << 10]byte }

// measure is the cost of a text.
func (s *measurer) measure(b []byte, escaped bool) (cost int) {
	if !escaped || bytes.IndexByte(b, '\\') < 0 {
		return textCost(b)
	}
	n := 0
	for len(b) > 0 {
		if len(s.plain)-n < utf8.UTFMax {
			cost += textCost(s.plain[:n])
			n = 0
		}
		plain := bytes.IndexByte(b, '\\')
		if plain < 0 {
			plain = len(b)
		}
		if plain > 0 {
			k := copy(s.plain[n:], b[:plain])
			n += k
			b = b[k:]
			continue
		}
		r, size := unescape(b)
		n += utf8.EncodeRune(s.plain[n:], r)
		b = b[size:]
	}
	return cost + textCost(s.plain[:n])
}

// unescape reads the escape sequence at the start of b, which may be cut short.
func unescape(b []byte) (r rune, size int) {
	if len(b) < 2 {
		return '\\', 1
	}
	switch c := b[1]; c {
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'b', 'f':
		return ' ', 2
	case 'u':
		if len(b) < 6 {
			return '\\', len(b)
		}
		r, _ := hex4(b[2:6])
		switch {
		case r >= 0xd800 && r < 0xdc00 && len(b) >= 12 && b[6] == '\\' && b[7] == 'u':
			if low, ok := hex4(b[8:12]); ok && low >= 0xdc00 && low < 0xe000 {
				return (r-0xd800)<<10 | (low - 0xdc00) + 0x10000, 12
			}
		}
		return r, 6
	default:
		return rune(c), 2
	}
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (r rune, ok bool) {
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
