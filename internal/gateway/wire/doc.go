// Package wire translates between the wire formats that agents and providers
// speak: Anthropic Messages, OpenAI Chat Completions and OpenAI Responses. The
// engine uses it only where a provider does not speak the format of the
// request; everywhere else bytes go through untouched.
//
// There is one neutral form, and one codec per format:
//
//	client's body ── DecodeRequest ──► Request ── EncodeRequest ──► upstream's body
//	client's answer ◄── EncodeResponse ── Response ◄── DecodeResponse ── upstream's answer
//	client's events ◄── StreamEncoder ── Event ◄── StreamDecoder ── upstream's events
//
// so that nine pairs cost three codecs. A codec never sees the other format: what
// it decodes must say all that another one may need, and what it encodes
// must not depend on where it came from.
//
// What a target cannot express is dropped where the answer means the same
// without it, and noted ([Drops]); where it would not, the request is refused with
// an [Error]. docs/translation.md has the table, and a test keeps it true.
//
// The package is pure: no clock, no network, no randomness. Identifiers that a
// format wants and the other has not are derived from those at hand.
package wire
