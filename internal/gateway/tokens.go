package gateway

// The estimate of a prompt's size, in quarter tokens. Vendors' tokenizers are
// not public; these are the usual sizes: four bytes of English or code to a
// token, two Cyrillic or Greek letters, one Chinese or Japanese character.
const (
	// perToken is how many units of cost make a token.
	perToken = 4

	quartersASCII = 1 // a byte
	quarters2     = 2 // a character of two bytes in UTF-8
	quarters3     = 4 // of three
	quarters4     = 8 // of four: emoji

	// perMessage is what a message's frame costs, in tokens.
	perMessage = 4
	// perImage is the usual price of an image: width × height / 750, for images
	// that the API scales down to about 1.15 megapixels. Its base64 data says
	// nothing about it. https://docs.claude.com/en/docs/build-with-claude/vision
	perImage = 1600
	// A document's base64 data is pages: about 2,000 tokens for each 60 kB of it.
	documentBytesPerToken = 30
)

// counted reads a value all of which the model sees as JSON: tools, and the
// input of tool calls.
func (f *inspector) counted() {
	before := f.cost
	f.value()
	f.prompt += f.cost - before
}

// add counts what costs a known number of tokens whatever it looks like: a
// message's frame, an image.
func (f *inspector) add(tokens int) { f.prompt += int64(tokens) * perToken }

// content reads what a message or the system prompt says: a string, or a list of blocks.
func (f *inspector) content() {
	switch f.peek() {
	case '"':
		start, before := f.i, f.cost
		f.str()
		f.prompt += f.cost - before
		if f.err == nil {
			f.start.text(f.b[start:f.i])
		}
	case '[':
		f.array(f.content)
	case '{':
		f.block()
	default:
		f.value()
	}
}

// block reads a message, one of its content blocks, an item, or an object within
// one, and returns its type and role, "" where it has none.
func (f *inspector) block() (kind, role string) {
	data, tools := 0, 0
	f.object(func(key []byte, _ int) {
		switch string(key) {
		case "type":
			kind = f.text()
		case "role":
			role = f.text()
		case "source":
			data = f.source()
		case "image_url", "file", "file_data", "input_audio":
			data = f.media()
		case "input":
			f.counted()
		case "tools":
			tools = f.tools()
		case "id", "tool_use_id", "tool_call_id", "call_id", "cache_control", "signature", "media_type", "file_id", "file_url", "encrypted_content", "status":
			// Not what the model reads, or as good as nothing of it.
			f.value()
		default:
			f.content()
		}
	})
	switch kind {
	case "image", "image_url", "input_image", "computer_screenshot":
		f.Images++
		f.add(perImage)
	case "document", "file", "input_file", "input_audio":
		f.Images++
		f.add(max(perImage, data/documentBytesPerToken))
	case "additional_tools":
		f.Tools += tools
	}
	return kind, role
}

// media reads an image, a file or a recording as OpenAI's formats have it, and
// returns the length of its longest string, which is the encoded data.
func (f *inspector) media() (encoded int) {
	length := func() {
		start, quoted := f.i, f.peek() == '"'
		f.value()
		if quoted && f.err == nil {
			f.start.text(f.b[start:f.i])
			encoded = max(encoded, f.i-start)
		}
	}
	if f.peek() == '{' {
		f.object(func([]byte, int) { length() })
	} else {
		length()
	}
	return encoded
}

// source reads where an image or document of Messages comes from and returns the
// length of its encoded data. Plain text counts as such.
func (f *inspector) source() (encoded int) {
	if f.peek() != '{' {
		f.value()
		return 0
	}
	kind, text, length := "", int64(0), 0
	f.object(func(key []byte, _ int) {
		switch string(key) {
		case "type":
			kind = f.text()
		case "data":
			start, before, quoted := f.i, f.cost, f.peek() == '"'
			f.value()
			text, length = f.cost-before, f.i-start
			if quoted && f.err == nil {
				f.start.text(f.b[start:f.i])
			}
		case "content":
			f.content()
		default:
			f.value()
		}
	})
	if kind == "text" {
		f.prompt += text
		return 0
	}
	return length
}
