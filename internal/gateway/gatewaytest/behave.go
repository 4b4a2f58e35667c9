package gatewaytest

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Behave answers by the words in the model's name; the package comment has the table.
func Behave(r *Request) Reply {
	answer := Converse(r)
	if strings.HasSuffix(r.Path, "/count_tokens") {
		return answer.count()
	}
	if n, ok := number(r.Model, `fail-([45]\d\d)`); ok {
		p := Reply{Status: n, Body: answer.voice.failure(n, "scripted failure "+strconv.Itoa(n)+" of "+r.Model)}
		if after, ok := number(r.Model, `retry-after-(\d+)`); ok {
			p = p.With("Retry-After", strconv.Itoa(after))
		}
		return p
	}
	if continues(r) {
		return lostThread()
	}
	switch m := r.Model; {
	case strings.Contains(m, "late-error-event"):
		return Reply{Events: append(answer.upTo(half), answer.voice.errorEvent("overloaded_error", "Overloaded"))}
	case strings.Contains(m, "error-event"):
		return Reply{Events: append(answer.upTo(opening), answer.voice.errorEvent("overloaded_error", "Overloaded"))}
	case strings.Contains(m, "cut-early"):
		return Reply{Events: answer.upTo(opening), End: Cut}
	case strings.Contains(m, "cut-mid"):
		return Reply{Events: answer.upTo(half), End: Cut}
	case strings.Contains(m, "empty"):
		return Reply{Events: []Event{}}
	case strings.Contains(m, "hang"):
		return Reply{HeaderDelay: -1}
	case strings.Contains(m, "redirect"):
		return Reply{Status: 302, Body: []byte("{}")}.With("Location", "/elsewhere")
	case strings.Contains(m, "slow"):
		return slow(r, answer)
	case strings.Contains(m, "silent"):
		if n, ok := number(m, `silent-(\d+)`); ok {
			p := answer.reply()
			if p.Events == nil {
				p.HeaderDelay = time.Duration(n) * time.Second
				return p
			}
			p.Events[0].Delay = time.Duration(n) * time.Second
			return p
		}
		return Reply{Events: []Event{}, End: Hang}
	}
	return answer.reply()
}

func slow(r *Request, a Answer) Reply {
	pieces, gap := 10, 200*time.Millisecond
	if m := regexp.MustCompile(`slow-(\d{1,5})x(\d{1,6})`).FindStringSubmatch(r.Model); m != nil {
		pieces, _ = strconv.Atoi(m[1])
		ms, _ := strconv.Atoi(m[2])
		gap = time.Duration(ms) * time.Millisecond
	}
	if !a.stream {
		p := a.reply()
		p.HeaderDelay = time.Duration(pieces) * gap
		return p
	}
	text := make([]string, pieces)
	for i := range text {
		text[i] = "piece " + strconv.Itoa(i+1) + " of " + strconv.Itoa(pieces) + " "
	}
	a.Command = ""
	events := a.voice.stream(a, all, text)
	for i, e := range events {
		if strings.Contains(e.Raw, `"piece `) && !strings.Contains(e.Raw, `"piece 1 of `+strconv.Itoa(pieces)+" piece") {
			events[i] = e.After(gap)
		}
	}
	return Reply{Events: events}
}

// upTo is the beginning of a stream, whatever the client asked for.
func (a Answer) upTo(s stage) []Event { return a.voice.stream(a, s, nil) }

func number(s, pattern string) (int, bool) {
	m := regexp.MustCompile(pattern).FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil
}
