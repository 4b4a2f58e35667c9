package usage

import (
	"strings"
	"time"
)

// Record is one request, as a line of a usage file. Where something is not
// known the field is null, never 0: an upstream that reports no tokens, a target
// whose price nobody knows.
type Record struct {
	Time    time.Time `json:"time"`    // when the request came; local time with its offset
	Profile string    `json:"profile"` // the profile's alias
	Path    string    `json:"path"`    // "/v1/messages", without a query
	Model   string    `json:"model"`   // as the client asked for it; "" where the request did not get that far
	Rule    string    `json:"rule"`    // the rule's name, or "alias:" and the model asked for, or "provider:" and the provider
	Target  string    `json:"target"`  // "provider/model"; "" where no target was asked
	Tried   []string  `json:"tried"`   // "target=result" in order; the last is the one that answered
	Status  int       `json:"status"`  // HTTP status that the client got; 499 for one that left
	Outcome string    `json:"outcome"` // ok, failed, refused, busy, left, stopped or panicked

	// Tokens as the upstream reported them. Input leaves out what was read from
	// or written to a cache, whatever the wire format counts in.
	Input      *int64 `json:"input_tokens"`
	Output     *int64 `json:"output_tokens"`
	CacheRead  *int64 `json:"cache_read_tokens"`
	CacheWrite *int64 `json:"cache_write_tokens"`
	Estimated  *int64 `json:"estimated_tokens"` // the prompt's size as rules saw it; nil where none asked

	Cost *float64 `json:"cost_usd"` // US dollars; null where the price or the tokens are unknown

	FirstByte *int64 `json:"first_byte_ms"` // until the client got the first byte of the answer; null: it got none
	Duration  int64  `json:"duration_ms"`   // until the answer's end
}

// Reported says whether the upstream told any tokens.
func (r Record) Reported() bool {
	return r.Input != nil || r.Output != nil || r.CacheRead != nil || r.CacheWrite != nil
}

// Failed says whether the client did not get what it asked for, although it
// waited for it.
func (r Record) Failed() bool {
	return r.Outcome != "ok" && r.Outcome != "left" || r.Outcome == "ok" && r.Status >= 400
}

// Generates says whether the request was for an answer of a model. Counting
// tokens and listing models are not, and paths that do not exist are nothing. A
// client may leave the /v1 out.
func (r Record) Generates() bool {
	switch strings.TrimPrefix(r.Path, "/v1") {
	case "/messages", "/chat/completions", "/responses":
		return true
	}
	return false
}
