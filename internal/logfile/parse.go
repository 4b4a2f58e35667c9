package logfile

import (
	"strings"
	"time"
)

// Parse reads a line of a proxy.log: `time=… level=… msg=…`, or a request's
// `time=… method=… path=… status=…`. What is neither belongs to the line before:
// it has its time, and is as urgent.
func Parse(text string, before Line) Line {
	l := Line{Text: text, Message: text, Time: before.Time, Priority: before.Priority}
	if l.Priority == 0 {
		l.Priority = 6
	}
	stamp, ok := strings.CutPrefix(text, "time=")
	if !ok {
		if broke(text) {
			l.Priority = 3
		}
		return l
	}
	stamp, rest, _ := strings.Cut(stamp, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return l
	}
	l.Time, l.Timed, l.Message, l.Priority = at, true, rest, 6
	switch {
	case strings.HasPrefix(rest, "level=error"):
		l.Priority = 3
	case strings.HasPrefix(rest, "level=warn"):
		l.Priority = 4
	case strings.HasPrefix(rest, "method="):
		l.Priority = requestPriority(rest)
	}
	return l
}

// broke says whether a line that an engine has printed begins the trace of a
// crash, or says why it did not start.
func broke(text string) bool {
	for _, begin := range []string{"panic: ", "fatal error: ", "ringlet: "} {
		if strings.HasPrefix(text, begin) {
			return true
		}
	}
	return false
}

// requestPriority is the one that the journal has for a request's line. What a
// client chose comes after the outcome, and in quotes where it has blanks.
func requestPriority(line string) int {
	_, outcome, _ := strings.Cut(line, " outcome=")
	outcome, _, _ = strings.Cut(outcome, " ")
	switch outcome {
	case "panicked":
		return 3
	case "failed", "busy":
		return 4
	}
	return 6
}
