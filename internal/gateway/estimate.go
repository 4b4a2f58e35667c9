package gateway

import (
	"encoding/binary"
	"math/bits"
)

// The estimate of how many tokens a text has. It cuts a text into the pieces that
// o200k cuts it into before it looks anything up (words with the one character
// before them, digits in threes, runs of punctuation, white space), and takes for
// each piece the number of tokens that pieces of its kind and length have on
// average. The averages were measured with o200k over manuals, licences, source
// code in six languages, JSON, logs and translations. Vendors' own tokenizers are
// not public; what they differ by is learned per conversation. The expression:
// https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py

// oneToken is a token in the unit of the costs below.
const oneToken = 100

// abroadCost is for each letter more than seven, where words are no English ones.
const abroadCost = 13

// kinds has the kind of each byte: a lower case, A upper case, 0 digit, _ blank,
// n end of a line, w the beginning or a later byte of a character beyond ASCII,
// and . for all else.
const kinds = "" +
	"........._n__n.." + "................" +
	"_..............." + "0000000000......" +
	".AAAAAAAAAAAAAAA" + "AAAAAAAAAAA....." +
	".aaaaaaaaaaaaaaa" + "aaaaaaaaaaa....." +
	"wwwwwwwwwwwwwwww" + "wwwwwwwwwwwwwwww" + "wwwwwwwwwwwwwwww" + "wwwwwwwwwwwwwwww" +
	"wwwwwwwwwwwwwwww" + "wwwwwwwwwwwwwwww" + "wwwwwwwwwwwwwwww" + "wwwwwwwwwwwwwwww"

// What stands before a word and belongs to its piece.
const (
	leadNone = iota
	leadSpace
	leadOther
)

// estimator adds up the cost of one text's pieces.
type estimator struct {
	b    []byte
	i    int
	cost int
	// abroad is up to where words count as those of a language with letters
	// beyond ASCII: its long words have more tokens than English ones.
	abroad int
}

// textCost is the estimated size of a text, in hundredths of a token.
func textCost(b []byte) int {
	e := estimator{b: b}
	for e.i < len(b) {
		if !e.plainWord() {
			e.piece()
		}
	}
	return e.cost
}

// plainWord passes a word of small letters with the one character before it, if
// that is what comes next: most of what there is, in most texts.
func (e *estimator) plainWord() bool {
	i := e.i
	if len(e.b)-i < 18 {
		return false
	}
	cost := 3 // for each letter more than six
	switch c := e.b[i]; {
	case c == ' ':
	case kinds[c] == '.' || c == '\t':
		cost = 12
	default:
		return false
	}
	n := smallLetters(binary.LittleEndian.Uint64(e.b[i+1:]))
	if n == 8 {
		n += smallLetters(binary.LittleEndian.Uint64(e.b[i+9:]))
	}
	if n == 0 || n == 16 {
		return false
	}
	switch c := e.b[i+1+n]; {
	case c == '\'', kinds[c] == 'A', kinds[c] == '0', kinds[c] == 'w':
		return false
	}
	n++
	e.i = i + n
	if cost == 3 {
		e.cost += oneToken + max(0, n-6)*3 + max(0, n-13)*20
	} else {
		e.cost += oneToken + max(0, n-3)*12
	}
	if i < e.abroad {
		e.cost += max(0, n-7) * abroadCost
	}
	return true
}

// smallLetters is how many of the eight bytes are small letters, from the first on.
func smallLetters(w uint64) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	// A high bit is set in low+… where the byte's lower seven bits are at least the
	// letter; no carry leaves its byte.
	low := w &^ highs
	is := (low + ones*(0x80-'a')) &^ (low + ones*(0x80-'z'-1)) &^ w & highs
	return bits.TrailingZeros64(^is&highs) / 8
}

// piece passes one piece, or a few that belong together.
func (e *estimator) piece() {
	switch kinds[e.b[e.i]] {
	case 'a', 'A', '0':
		e.run(leadNone)
	case '_':
		e.blanks()
	case 'n':
		e.lines()
	case 'w':
		e.wide(leadNone)
	default:
		if e.i+1 < len(e.b) {
			if k := kinds[e.b[e.i+1]]; k == 'a' || k == 'A' {
				e.i++
				e.run(leadOther)
				return
			}
		}
		e.punctuation(e.i)
	}
}

// blanks passes blanks. The last one belongs to the word or the punctuation that
// follows, the others are one token.
func (e *estimator) blanks() {
	start := e.i
	for e.i < len(e.b) && kinds[e.b[e.i]] == '_' {
		e.i++
	}
	n := e.i - start
	if e.i == len(e.b) {
		e.cost += oneToken
		return
	}
	lead := leadOther
	if e.b[e.i-1] == ' ' {
		lead = leadSpace
	}
	k := kinds[e.b[e.i]]
	if k == 'n' {
		e.lines()
		return
	}
	if n > 1 {
		e.cost += oneToken
	}
	switch {
	case k == 'a' || k == 'A':
		e.run(lead)
	case k == '0':
		e.cost += oneToken
	case k == 'w':
		e.wide(lead)
	case lead == leadSpace:
		e.punctuation(e.i - 1)
	default:
		e.cost += oneToken
	}
}

// lines passes ends of lines with the blanks between them, which are one token.
func (e *estimator) lines() {
	end := e.i
	for j := e.i; j < len(e.b); j++ {
		k := kinds[e.b[j]]
		if k == 'n' {
			end = j + 1
		} else if k != '_' {
			break
		}
	}
	e.cost += oneToken + max(0, end-e.i-4)*25
	e.i = end
}

// punctuation passes a run of it, the ends of lines after it included; start is
// where a blank before it stands, or its own beginning.
func (e *estimator) punctuation(start int) {
	first, same := e.b[e.i], true
	for e.i < len(e.b) && kinds[e.b[e.i]] == '.' {
		same = same && e.b[e.i] == first
		e.i++
	}
	n := e.i - start
	for e.i < len(e.b) && kinds[e.b[e.i]] == 'n' {
		e.i++
	}
	switch {
	case n <= 3:
		e.cost += oneToken + n
	case same:
		e.cost += oneToken + n*4
	case first == '"': // within JSON
		e.cost += oneToken + 8 + (n-4)*80
	default:
		e.cost += oneToken + 15 + (n-4)*45
	}
}

// run passes letters and digits that follow each other: words, and numbers.
func (e *estimator) run(lead int) {
	start, before, pieces := e.i, e.cost, 0
	digit := false // digits stand right before
	for e.i < len(e.b) {
		switch kinds[e.b[e.i]] {
		case '0':
			from := e.i
			for e.i < len(e.b) && kinds[e.b[e.i]] == '0' {
				e.i++
			}
			n := (e.i - from + 2) / 3
			e.cost += n * oneToken
			pieces += n
			digit = true
		case 'a', 'A':
			e.word(lead, digit)
			lead, digit = leadNone, false
			pieces++
		default:
			e.chaos(start, before, pieces)
			if e.b[e.i] >= 0x80 && isLetter(e.b[e.i:]) {
				e.wide(leadNone)
			}
			return
		}
	}
	e.chaos(start, before, pieces)
}

// chaos corrects the cost of a run that is no language: keys, hashes, encoded
// data. It has more pieces than any camelCase.
func (e *estimator) chaos(start, before, pieces int) {
	n := e.i - start
	if n < 16 || pieces*4 < n {
		return
	}
	for _, c := range e.b[start:e.i] {
		if kinds[c] == 'A' {
			e.cost = before + n*70
			return
		}
	}
	e.cost = before + n*59
}

// word passes one word: capitals, then small letters.
func (e *estimator) word(lead int, digit bool) {
	b, start := e.b, e.i
	i := start
	for i < len(b) && kinds[b[i]] == 'A' {
		i++
	}
	upper := i - start
	for i < len(b) && kinds[b[i]] == 'a' {
		i++
	}
	e.i = i
	n := i - start
	if lead != leadNone {
		n++
	}
	cost := oneToken
	switch {
	case digit:
		cost = max(cost, n*50)
	case upper == 0 && lead == leadSpace:
		cost += max(0, n-6)*3 + max(0, n-13)*20
	case upper == 0 && lead == leadOther:
		cost += max(0, n-3) * 12
	case upper == 0:
		cost += max(0, n-4) * 10
	case upper == i-start && lead == leadSpace:
		cost += max(0, n-3) * 15
	case upper == i-start && lead == leadOther:
		cost += 5 + max(0, n-2)*17
	case upper == i-start:
		cost += max(0, n-2) * 22
	case upper > 1:
		cost += 80 + min(n, 8)*12
	case lead == leadSpace:
		cost += max(0, n-4)*5 + max(0, n-13)*15
	case lead == leadOther:
		cost += 25 + max(0, n-4)*8
	default:
		cost += max(0, n-3) * 4
	}
	if start < e.abroad {
		cost += max(0, n-7) * abroadCost
	}
	e.cost += cost
	if i+1 < len(b) && b[i] == '\'' {
		e.contraction()
	}
}

// contraction passes the end of "it's" and "they'll", which belongs to the word.
func (e *estimator) contraction() {
	after := e.b[e.i+1:]
	switch after[0] | 0x20 {
	case 's', 't', 'd', 'm':
		e.i += 2
	case 'r', 'v', 'l':
		if len(after) > 1 && (after[1]|0x20 == 'e' && after[0]|0x20 != 'l' || after[0]|0x20 == 'l' && after[1]|0x20 == 'l') {
			e.i += 3
		}
	}
}
