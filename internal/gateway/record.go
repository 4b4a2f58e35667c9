package gateway

import (
	"strconv"
	"strings"
	"time"
)

// statusClientLeft is what a record says of a client that did not wait for its
// answer; nginx made the number usual.
const statusClientLeft = 499

// How a request ended, in the field RINGLET_OUTCOME.
const (
	outcomeOK      = "ok"       // answered by a target
	outcomeFailed  = "failed"   // no target answered, or one died in the middle
	outcomeRefused = "refused"  // not sent to any target
	outcomeBusy    = "busy"     // no room for its body
	outcomeLeft    = "left"     // the client went away
	outcomeStopped = "stopped"  // cut because the engine stops
	outcomePanic   = "panicked" // a bug of ours
)

// record is what is remembered of one request: never a body, a key, an
// upstream's words or a query string.
type record struct {
	start     time.Time
	method    string
	path      string
	profile   string
	model     string // as asked for; the client's word, so it is cleaned before it is written
	rule      string
	target    string
	status    int
	outcome   string
	problem   string // in our own words
	estimate  int    // of the prompt, in tokens
	usage     usage
	firstByte time.Duration // until the client got the first byte; 0: it got none
	duration  time.Duration
	tried     []string // target=result, in order
	dropped   []string // fields that the last target's format does not have
}

// each yields the record's fields in the order of proxy.log, with their names in
// the journal and there; a field that nothing is known of is left out. Times are in
// milliseconds.
func (r *record) each(yield func(journal, line, value string)) {
	set := func(journal, line, value string) {
		if value != "" {
			yield(journal, line, value)
		}
	}
	count := func(journal, line string, n int64) {
		if n >= 0 {
			yield(journal, line, strconv.FormatInt(n, 10))
		}
	}
	yield("RINGLET_METHOD", "method", clean(r.method, 10))
	yield("RINGLET_PATH", "path", clean(r.path, 100))
	yield("RINGLET_STATUS", "status", strconv.Itoa(r.status))
	yield("RINGLET_OUTCOME", "outcome", r.outcome)
	set("RINGLET_RULE", "rule", clean(r.rule, 100))
	set("RINGLET_TARGET", "target", clean(r.target, 200))
	set("RINGLET_MODEL", "model", clean(r.model, 100))
	if r.estimate > 0 {
		count("RINGLET_ESTIMATED_TOKENS", "estimated_tokens", int64(r.estimate))
	}
	count("RINGLET_INPUT_TOKENS", "input_tokens", r.usage.input)
	count("RINGLET_OUTPUT_TOKENS", "output_tokens", r.usage.output)
	count("RINGLET_CACHE_READ_TOKENS", "cache_read_tokens", r.usage.cacheRead)
	count("RINGLET_CACHE_WRITE_TOKENS", "cache_write_tokens", r.usage.cacheWrite)
	if r.firstByte > 0 {
		yield("RINGLET_FIRST_BYTE_MS", "first_byte_ms", millis(r.firstByte))
	}
	yield("RINGLET_DURATION_MS", "duration_ms", millis(r.duration))
	set("RINGLET_TRIED", "tried", strings.Join(r.tried, ","))
	set("RINGLET_DROPPED", "dropped", fieldNames(r.dropped))
	set("RINGLET_PROBLEM", "problem", oneLine(r.problem))
}

// fields are the record as the journal gets it.
func (r *record) fields() map[string]string {
	f := map[string]string{"RINGLET_PROFILE": r.profile}
	r.each(func(journal, _, value string) { f[journal] = value })
	return f
}

// line is the record as a line of proxy.log: key=value.
func (r *record) line() string {
	var b strings.Builder
	b.Grow(300)
	r.each(func(_, line, value string) { pair(&b, line, value) })
	return b.String()
}

// message is the sentence for people.
func (r *record) message() string {
	var b strings.Builder
	b.Grow(120)
	add := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
	}
	if r.target != "" {
		add(clean(r.rule, 100), " -> ", clean(r.target, 200))
	} else {
		add(clean(r.method, 10), " ", clean(r.path, 100))
	}
	add(": ", strconv.Itoa(r.status))
	if r.outcome != outcomeOK {
		add(" ", r.outcome)
	}
	add(" in ", millis(r.duration), " ms")
	if r.usage.input >= 0 || r.usage.output >= 0 {
		add(", ", strconv.FormatInt(max(0, r.usage.input)+max(0, r.usage.cacheRead)+max(0, r.usage.cacheWrite), 10), " tokens in, ",
			strconv.FormatInt(max(0, r.usage.output), 10), " out")
	}
	if len(r.tried) > 1 {
		add(" (tried ", strings.Join(r.tried, ", "), ")")
	}
	if r.problem != "" {
		add(": ", oneLine(r.problem))
	}
	return b.String()
}

func (r *record) priority() int {
	switch r.outcome {
	case outcomePanic:
		return priError
	case outcomeFailed, outcomeBusy:
		return priWarning
	}
	return priInfo
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// clean makes a client's word fit for a log: one line, no control characters,
// nothing that another field could be forged with.
func clean(s string, limit int) string {
	if len(s) <= limit && isClean(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if i >= limit {
			b.WriteString("…")
			break
		}
		if r < 0x80 && cleanByte(byte(r)) {
			b.WriteRune(r)
		} else {
			b.WriteByte('?')
		}
	}
	return b.String()
}

// maxDropped bounds how many dropped fields are named.
const maxDropped = 20

// fieldNames lists fields that were left out. Some of them are the client's
// words, so they are cleaned.
func fieldNames(fields []string) string {
	var out []string
	for i, f := range fields {
		if i >= maxDropped {
			out = append(out, "…")
			break
		}
		out = append(out, clean(f, 60))
	}
	return strings.Join(out, ",")
}

func isClean(s string) bool {
	for i := range len(s) {
		if !cleanByte(s[i]) {
			return false
		}
	}
	return true
}

func cleanByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '-' && c <= ':':
		return true // the second range: - . / 0…9 :
	}
	return c == '_' || c == '@' || c == '[' || c == ']' || c == '+'
}

// pair appends key=value, quoted where the value needs it.
func pair(b *strings.Builder, key, value string) {
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(key)
	b.WriteByte('=')
	if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == '"' || r == '=' || r == 0x7f || r > 0x7e }) {
		value = strconv.Quote(value)
	}
	b.WriteString(value)
}
