package gateway

import (
	"fmt"
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

// fields are the record as the journal gets it. Times are in milliseconds.
func (r *record) fields() map[string]string {
	f := map[string]string{
		"RINGLET_PROFILE":     r.profile,
		"RINGLET_METHOD":      clean(r.method, 10),
		"RINGLET_PATH":        clean(r.path, 100),
		"RINGLET_STATUS":      strconv.Itoa(r.status),
		"RINGLET_OUTCOME":     r.outcome,
		"RINGLET_DURATION_MS": millis(r.duration),
	}
	set := func(name, value string) {
		if value != "" {
			f[name] = value
		}
	}
	set("RINGLET_MODEL", clean(r.model, 100))
	set("RINGLET_RULE", clean(r.rule, 100))
	set("RINGLET_TARGET", clean(r.target, 200))
	set("RINGLET_PROBLEM", oneLine(r.problem))
	set("RINGLET_TRIED", strings.Join(r.tried, ","))
	set("RINGLET_DROPPED", fieldNames(r.dropped))
	if r.estimate > 0 {
		f["RINGLET_ESTIMATED_TOKENS"] = strconv.Itoa(r.estimate)
	}
	if r.firstByte > 0 {
		f["RINGLET_FIRST_BYTE_MS"] = millis(r.firstByte)
	}
	for name, n := range map[string]int64{
		"RINGLET_INPUT_TOKENS":       r.usage.input,
		"RINGLET_OUTPUT_TOKENS":      r.usage.output,
		"RINGLET_CACHE_READ_TOKENS":  r.usage.cacheRead,
		"RINGLET_CACHE_WRITE_TOKENS": r.usage.cacheWrite,
	} {
		if n >= 0 {
			f[name] = strconv.FormatInt(n, 10)
		}
	}
	return f
}

// lineFields are the fields of a line in proxy.log, in their order there.
var lineFields = [...]string{"METHOD", "PATH", "STATUS", "OUTCOME", "RULE", "TARGET", "MODEL", "ESTIMATED_TOKENS", "INPUT_TOKENS",
	"OUTPUT_TOKENS", "CACHE_READ_TOKENS", "CACHE_WRITE_TOKENS", "FIRST_BYTE_MS", "DURATION_MS", "TRIED", "DROPPED", "PROBLEM"}

// line is the record as a line of proxy.log: key=value, the journal's names in
// lower case and without their prefix.
func (r *record) line(fields map[string]string) string {
	var b strings.Builder
	for _, name := range lineFields {
		if v, ok := fields["RINGLET_"+name]; ok {
			pair(&b, strings.ToLower(name), v)
		}
	}
	return b.String()
}

// message is the sentence for people.
func (r *record) message() string {
	var b strings.Builder
	switch {
	case r.target != "":
		fmt.Fprintf(&b, "%s -> %s: %d", clean(r.rule, 100), clean(r.target, 200), r.status)
	default:
		fmt.Fprintf(&b, "%s %s: %d", clean(r.method, 10), clean(r.path, 100), r.status)
	}
	if r.outcome != outcomeOK {
		b.WriteString(" " + r.outcome)
	}
	fmt.Fprintf(&b, " in %s ms", millis(r.duration))
	if r.usage.input >= 0 || r.usage.output >= 0 {
		fmt.Fprintf(&b, ", %d tokens in, %d out", max(0, r.usage.input)+max(0, r.usage.cacheRead)+max(0, r.usage.cacheWrite), max(0, r.usage.output))
	}
	if len(r.tried) > 1 {
		b.WriteString(" (tried " + strings.Join(r.tried, ", ") + ")")
	}
	if r.problem != "" {
		b.WriteString(": " + oneLine(r.problem))
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
	var b strings.Builder
	for i, r := range s {
		if i >= limit {
			b.WriteString("…")
			break
		}
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-:/@[]+", r):
			b.WriteRune(r)
		default:
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
