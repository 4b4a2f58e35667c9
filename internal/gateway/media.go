package gateway

import "bytes"

// The usual prices of what is no text, in tokens.
const (
	// defaultImage is for an image whose size is not known: one that is as large as
	// the API takes it without scaling it down.
	// https://docs.claude.com/en/docs/build-with-claude/vision#evaluate-image-size
	defaultImage = 1600
	// A document's data is pages: about 2,000 tokens for each 60 kB of base64. A page
	// has 1,500 to 3,000 tokens of text, and its picture.
	// https://docs.claude.com/en/docs/build-with-claude/pdf-support#estimate-your-costs
	documentBytesPerToken = 30
	// A recording has about 10 tokens a second; as MP3 it has 21 kB of base64 in that time.
	audioBytesPerToken = 2100
)

// media is what a block says of the image, file or recording that it carries.
type media struct {
	data   []byte // base64, or a data: URL, or another URL; without quotes
	at     int    // where it begins
	detail string
	text   bool // a document that is plain text, and counted as such
}

// media reads one field of a block in OpenAI's formats: the data itself, an
// object that has it, or how closely the model shall look.
func (f *inspector) media(m *media) {
	take := func() {
		if f.peek() != '"' {
			f.value()
			return
		}
		at := f.i + 1
		quoted := f.quoted()
		f.start.text(quoted)
		if s := inner(quoted); len(s) > len(m.data) {
			m.data, m.at = s, at
		}
	}
	if f.peek() != '{' {
		take()
		return
	}
	f.object(func(key []byte, _ int) {
		if string(key) == "detail" {
			m.detail = f.text()
			return
		}
		take()
	})
}

// source reads where an image or document of Messages comes from.
func (f *inspector) source(m *media) {
	if f.peek() != '{' {
		f.value()
		return
	}
	kind := ""
	f.object(func(key []byte, _ int) {
		switch string(key) {
		case "type":
			kind = f.text()
		case "data":
			f.media(m)
		case "content":
			m.text = true
			f.content()
		default:
			f.value()
		}
	})
	if kind == "text" {
		m.text = true
		f.size.texts.add(f.b, m.at, m.at+len(m.data), true)
	}
}

func documentTokens(m media) int {
	if m.text {
		return 0
	}
	return max(defaultImage, len(m.data)/documentBytesPerToken)
}

// imageTokens is Anthropic's price of an image: width × height / 750, after an
// image with an edge of more than 1568 pixels, or of more than about 1,600 tokens,
// was scaled down. https://docs.claude.com/en/docs/build-with-claude/vision#calculate-image-costs
func imageTokens(data []byte) int {
	w, h := dimensions(data)
	if w == 0 || h == 0 {
		return defaultImage
	}
	w, h = fit(w, h, 1568)
	return max(1, min(defaultImage, int(w*h/750)))
}

// imageTiles is OpenAI's price of an image: 85, and 170 for each tile of 512 by 512
// pixels after it was scaled to 2048 by 2048 at most, and its shorter edge to 768.
// https://platform.openai.com/docs/guides/images-vision#calculating-costs
func imageTiles(data []byte, detail string) int {
	if detail == "low" {
		return 85
	}
	w, h := dimensions(data)
	if w == 0 || h == 0 {
		return 85 + 4*170 // a square one
	}
	w, h = fit(w, h, 2048)
	if short := min(w, h); short > 768 {
		w, h = w*768/short, h*768/short
	}
	tiles := func(edge float64) int { return (int(edge) + 511) / 512 }
	return 85 + 170*max(1, tiles(w))*max(1, tiles(h))
}

// fit scales an image down until no edge is longer than most.
func fit(w, h, most float64) (float64, float64) {
	if long := max(w, h); long > most {
		return w * most / long, h * most / long
	}
	return w, h
}

// dimensions reads width and height off the header of a PNG, GIF, WebP or JPEG file
// that is given in base64; 0 where it says none.
func dimensions(data []byte) (w, h float64) {
	if bytes.HasPrefix(data, []byte("data:")) {
		_, after, ok := bytes.Cut(data[:min(len(data), 200)], []byte(";base64,"))
		if !ok {
			return 0, 0
		}
		data = data[len(data[:min(len(data), 200)])-len(after):]
	}
	f := &base64File{data: data}
	be := func(at int) float64 { return float64(f.at(at)<<8 | f.at(at+1)) }
	le := func(at int) int { return f.at(at) | f.at(at+1)<<8 }
	switch {
	case f.has(0, "\x89PNG\r\n\x1a\n"):
		return be(16)*65536 + be(18), be(20)*65536 + be(22)
	case f.has(0, "GIF8"):
		return float64(le(6)), float64(le(8))
	case f.has(0, "RIFF") && f.has(8, "WEBP"):
		switch {
		case f.has(12, "VP8 "):
			return float64(le(26) & 0x3fff), float64(le(28) & 0x3fff)
		case f.has(12, "VP8L"):
			return float64(1 + le(21)&0x3fff), float64(1 + (le(22)>>6|f.at(24)<<10)&0x3fff)
		case f.has(12, "VP8X"):
			return float64(1 + le(24) + f.at(26)<<16), float64(1 + le(27) + f.at(29)<<16)
		}
	case f.has(0, "\xff\xd8"):
		return f.jpeg()
	}
	return 0, 0
}

// base64File reads single bytes of a file that is given in base64.
type base64File struct{ data []byte }

// at is a byte of the file; 0 beyond its end.
func (f *base64File) at(i int) int {
	group := i / 3 * 4
	if i < 0 || group+4 > len(f.data) {
		return 0
	}
	v := 0
	for _, c := range f.data[group : group+4] {
		v = v<<6 | sextet(c)
	}
	return v >> (16 - i%3*8) & 0xff
}

func sextet(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return 0
}

func (f *base64File) has(at int, word string) bool {
	for i := range len(word) {
		if f.at(at+i) != int(word[i]) {
			return false
		}
	}
	return true
}

// jpeg walks the segments before the picture up to the one with its size; there
// are few.
func (f *base64File) jpeg() (w, h float64) {
	at := 2
	for range 64 {
		marker := f.at(at + 1)
		if f.at(at) != 0xff {
			return 0, 0
		}
		if marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc {
			return float64(f.at(at+7)<<8 | f.at(at+8)), float64(f.at(at+5)<<8 | f.at(at+6))
		}
		at += 2 + f.at(at+2)<<8 + f.at(at+3)
	}
	return 0, 0
}
