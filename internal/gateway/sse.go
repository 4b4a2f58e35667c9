package gateway

import "bytes"

// splitter cuts a stream of server-sent events into events: the bytes up to and
// including the blank line that ends each. Lines end in LF, CRLF or CR
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). It works on
// bytes, so that it does not matter where chunks cut lines or characters.
type splitter struct {
	pending []byte // the start of an event that is not complete
	inLine  bool   // the current line has bytes
	cr      bool   // the last byte was CR: an LF now belongs to the same line end
	spill   bool   // pieces of an overlong event have been passed on
}

// feed takes the next bytes and calls event with each complete event. The slice
// is valid only during the call; false stops, and the rest is dropped. An event
// longer than maxEvent is passed on in pieces, with whole false.
func (s *splitter) feed(chunk []byte, event func(raw []byte, whole bool) bool) bool {
	start := 0
	emit := func(end int) bool {
		raw := chunk[start:end]
		if len(s.pending) > 0 {
			s.pending = append(s.pending, raw...)
			raw = s.pending
		}
		whole := !s.spill
		s.spill = false
		start = end
		ok := event(raw, whole)
		s.pending = s.pending[:0]
		return ok
	}
	for i := 0; i < len(chunk); i++ {
		switch c := chunk[i]; {
		case c == '\n' && s.cr:
			// The second half of a line end. Where the first half ended an event at
			// the end of a chunk, it goes along with the next event.
			s.cr = false
		case c == '\n' || c == '\r':
			s.cr = c == '\r'
			if s.inLine {
				s.inLine = false
				continue
			}
			end := i + 1
			if s.cr && end < len(chunk) && chunk[end] == '\n' {
				s.cr = false
				end++
				i++
			}
			if !emit(end) {
				return false
			}
		default:
			s.inLine, s.cr = true, false
			i += lineLength(chunk[i:]) - 1 // on to the end of the line
		}
	}
	s.pending = append(s.pending, chunk[start:]...)
	if len(s.pending) > maxEvent {
		ok := event(s.pending, false)
		s.pending, s.spill = s.pending[:0], true
		return ok
	}
	return true
}

// lineLength is how many bytes come before the first CR or LF.
func lineLength(b []byte) int {
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		b = b[:n]
	}
	if n := bytes.IndexByte(b, '\r'); n >= 0 {
		return n
	}
	return len(b)
}

// boundary reports whether nothing of an unfinished event has been passed on, so
// that another event may be put in.
func (s *splitter) boundary() bool { return !s.spill }

// sseEvent is an event's meaning; both are empty for comments and blank lines.
type sseEvent struct {
	name string
	data []byte // lines joined by LF
}

// parseEvent reads an event's fields.
func parseEvent(raw []byte) sseEvent {
	var e sseEvent
	many := false
	for len(raw) > 0 {
		line := raw
		if n := lineLength(raw); n < len(raw) {
			line, raw = raw[:n], raw[n+1:]
		} else {
			raw = nil
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			e.name = eventName(value)
		case "data":
			if many {
				e.data = append(append(bytes.Clone(e.data), '\n'), value...)
			} else {
				e.data, many = value, true
			}
		}
	}
	return e
}

// eventName is the name as a string, without a copy of those of which a stream
// is full.
func eventName(b []byte) string {
	switch string(b) {
	case "content_block_delta":
		return "content_block_delta"
	case "response.output_text.delta":
		return "response.output_text.delta"
	case "response.function_call_arguments.delta":
		return "response.function_call_arguments.delta"
	}
	return string(b)
}

// formatEvent is an event of our own; name may be empty, data may have several lines.
func formatEvent(name string, data []byte) []byte {
	var b bytes.Buffer
	if name != "" {
		b.WriteString("event: " + name + "\n")
	}
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		b.WriteString("data: ")
		b.Write(bytes.TrimRight(line, "\r"))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return b.Bytes()
}
