package gateway

import (
	"strings"
	"testing"
)

// split feeds text in chunks of n bytes.
func split(text string, n int) (events []string, rest string) {
	var s splitter
	for len(text) > 0 {
		k := min(n, len(text))
		s.feed([]byte(text[:k]), func(raw []byte, whole bool) bool {
			events = append(events, string(raw))
			return true
		})
		text = text[k:]
	}
	return events, string(s.pending)
}

func TestSplitter(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string // joined they are the text, so that the rest is seen too
	}{
		{"LF", "event: a\ndata: 1\n\nevent: b\ndata: 2\n\n", []string{"event: a\ndata: 1\n\n", "event: b\ndata: 2\n\n", ""}},
		{"CRLF", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", []string{"event: a\r\ndata: 1\r\n\r\n", "data: 2\r\n\r\n", ""}},
		{"CR", "data: 1\r\rdata: 2\r\r", []string{"data: 1\r\r", "data: 2\r\r", ""}},
		{"mixed", "data: 1\r\n\ndata: 2\n\r\n", []string{"data: 1\r\n\n", "data: 2\n\r\n", ""}},
		{"many lines", "data: 1\ndata: 2\n\n", []string{"data: 1\ndata: 2\n\n", ""}},
		{"comment", ": ping\n\ndata: 1\n\n", []string{": ping\n\n", "data: 1\n\n", ""}},
		{"unfinished", "data: 1\n\ndata: 2\n", []string{"data: 1\n\n", "data: 2\n"}},
		{"characters of many bytes", "data: é漢😀\n\n", []string{"data: é漢😀\n\n", ""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for n := 1; n <= len(tc.text); n++ {
				events, rest := split(tc.text, n)
				got := append(events, rest)
				// A CRLF that is cut in two may leave its LF to the next event.
				if tc.name == "CRLF" || tc.name == "mixed" {
					for i := range got {
						got[i] = strings.TrimSuffix(strings.TrimPrefix(got[i], "\n"), "\n")
					}
					if a, b := strings.Join(got, "|"), strings.ReplaceAll(strings.Join(tc.want, "|"), "\n|", "|"); a != b {
						t.Errorf("chunks of %d: %q, want %q", n, a, b)
					}
					continue
				}
				if a, b := strings.Join(got, "|"), strings.Join(tc.want, "|"); a != b {
					t.Errorf("chunks of %d: %q, want %q", n, a, b)
				}
			}
		})
	}
}

func TestParseEvent(t *testing.T) {
	for _, tc := range []struct{ raw, name, data string }{
		{"event: a\ndata: {}\n\n", "a", "{}"},
		{"event:a\r\ndata:{}\r\n\r\n", "a", "{}"},
		{"data: 1\ndata: 2\ndata:\n\n", "", "1\n2\n"},
		{"id: 5\nretry: 1\n: note\nevent: x\n\n", "x", ""},
		{"data\n\n", "", ""},
		{": ping\n\n", "", ""},
		{"data:  two spaces\r\r", "", " two spaces"},
	} {
		if e := parseEvent([]byte(tc.raw)); e.name != tc.name || string(e.data) != tc.data {
			t.Errorf("%q: %q, %q", tc.raw, e.name, e.data)
		}
	}
}

// However a stream is cut into chunks: no byte is lost or changed, and the
// events mean the same.
func FuzzSplitter(f *testing.F) {
	for _, s := range []string{"event: a\ndata: é漢😀\n\n", "data: 1\r\n\r\ndata: 2\r\r\n\n", "\n\n\r\r\n\n", "data: x\ndata: y\n\n: c\n\n"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		meanings := func(n int) string {
			var b strings.Builder
			events, rest := split(string(data), n)
			if joined := strings.Join(events, "") + rest; joined != string(data) {
				t.Fatalf("bytes changed: %q, want %q", joined, data)
			}
			for _, raw := range events {
				if e := parseEvent([]byte(raw)); e.name != "" || len(e.data) > 0 {
					b.WriteString(e.name + "=" + string(e.data) + ";")
				}
			}
			return b.String()
		}
		if whole, cut := meanings(len(data)+1), meanings(int(size)+1); whole != cut {
			t.Fatalf("in chunks of %d: %q, want %q", size+1, cut, whole)
		}
	})
}

func TestFormatEvent(t *testing.T) {
	raw := formatEvent("error", []byte("{\n \"a\": 1\r\n}"))
	if e := parseEvent(raw); e.name != "error" || string(e.data) != "{\n \"a\": 1\n}" {
		t.Errorf("%q", raw)
	}
	if events, rest := split(string(raw), 1); len(events) != 1 || rest != "" {
		t.Errorf("%q is not one event", raw)
	}
}

// An event of 10 MB passes in pieces, not a byte lost; the next one is whole again,
// and no more is kept in memory than one event may have.
func TestSplitterLongEvent(t *testing.T) {
	long := "event: x\r\ndata: " + strings.Repeat("漢字 é 😀 ", 10<<20/20) + "\r\ndata: more\r\n\r\n"
	text := "data: before\n\n" + long + "data: after\n\n"
	var (
		s       splitter
		all     strings.Builder
		whole   []string
		largest int
	)
	for rest := text; rest != ""; {
		k := min(len(rest), 16_381) // cuts characters
		s.feed([]byte(rest[:k]), func(raw []byte, complete bool) bool {
			all.Write(raw)
			if complete {
				whole = append(whole, string(raw))
			}
			return true
		})
		largest = max(largest, len(s.pending))
		rest = rest[k:]
	}
	if all.String() != text || len(s.pending) != 0 || !s.boundary() {
		t.Errorf("%d of %d bytes passed, %d are left", all.Len(), len(text), len(s.pending))
	}
	if strings.Join(whole, "|") != "data: before\n\n|data: after\n\n" {
		t.Errorf("whole are %.200q", whole)
	}
	if largest > maxEvent {
		t.Errorf("%d bytes were kept", largest)
	}
}
