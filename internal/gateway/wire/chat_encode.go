package wire

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// chatWriter writes one request.
type chatWriter struct {
	dst   []byte
	r     *Request
	t     Target
	q     chatQuirks
	drops *Drops
	role  string // of the last message written
	// custom: the model takes custom tools, as OpenAI's do since gpt-5.
	custom bool
}

func (w *chatWriter) raw(s string) { w.dst = append(w.dst, s...) }
func (w *chatWriter) str(s string) { w.dst = appendString(w.dst, s) }
func (w *chatWriter) int(n int)    { w.dst = strconv.AppendInt(w.dst, int64(n), 10) }

// field appends a further member of an object, a string.
func (w *chatWriter) field(name, value string) {
	w.raw(`,"`)
	w.raw(name)
	w.raw(`":`)
	w.str(value)
}

func chatEncodeRequest(r *Request, t Target, drops *Drops) ([]byte, error) {
	if drops == nil {
		drops = &Drops{}
	}
	w := &chatWriter{r: r, t: t, q: chatQuirksOf(t.Provider), drops: drops, dst: make([]byte, 0, chatSize(r))}
	w.custom = w.q.openAI && (!w.q.byModel || chatReasons(t.Model))
	w.raw(`{"model":`)
	w.str(t.Model)
	w.raw(`,"messages":[`)
	if err := w.messages(); err != nil {
		return nil, err
	}
	w.raw("]")
	if err := w.tools(); err != nil {
		return nil, err
	}
	if r.Stream {
		w.raw(`,"stream":true`)
		if !w.q.noUsageOption { // wanted whether the client asked or not: usage is recorded
			w.raw(`,"stream_options":{"include_usage":true}`)
		}
	}
	w.limits()
	w.appendReasoning()
	w.output()
	w.identity()
	w.raw("}")
	return w.dst, nil
}

// limits writes the output cap, the sampling and the stop sequences.
func (w *chatWriter) limits() {
	if n := w.r.MaxOutput; n > 0 {
		if w.t.MaxOutput > 0 {
			n = min(n, w.t.MaxOutput)
		}
		if w.q.maxCompletion {
			w.raw(`,"max_completion_tokens":`)
		} else {
			w.raw(`,"max_tokens":`)
		}
		w.int(n)
	}
	fixed := w.q.openAI && chatReasons(w.t.Model) // such models refuse these three
	w.number("temperature", w.r.Temperature, fixed)
	w.number("top_p", w.r.TopP, fixed)
	if w.r.TopK != nil {
		w.drops.Add("top_k")
	}
	if len(w.r.Stop) == 0 {
		return
	}
	if fixed {
		w.drops.Add("stop")
		return
	}
	stop := w.r.Stop
	if len(stop) > 4 { // https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop
		w.drops.Add("stop[4:]")
		stop = stop[:4]
	}
	w.raw(`,"stop":[`)
	for i, s := range stop {
		if i > 0 {
			w.raw(",")
		}
		w.str(s)
	}
	w.raw("]")
}

func (w *chatWriter) number(name string, f *float64, fixed bool) {
	switch {
	case f == nil || math.IsNaN(*f) || math.IsInf(*f, 0):
	case fixed && *f != 1: // 1 is the default, and the only value that is taken
		w.drops.Add(name)
	case !fixed:
		w.raw(`,"` + name + `":`)
		w.dst = strconv.AppendFloat(w.dst, *f, 'g', -1, 64)
	}
}

// output writes the form of the answer. Where the provider knows no schema, the
// instructions carry it, see systemText.
func (w *chatWriter) output() {
	o := w.r.Output
	switch {
	case o.Kind == "json" || o.Kind == "schema" && w.q.noSchema:
		if o.Kind == "schema" {
			w.drops.Add("response_format.json_schema") // the schema is told, but not enforced
		}
		w.raw(`,"response_format":{"type":"json_object"}`)
	case o.Kind == "schema":
		name := chatName(o.Name)
		w.raw(`,"response_format":{"type":"json_schema","json_schema":{"name":`)
		w.str(name)
		if o.Strict != nil {
			w.raw(`,"strict":` + strconv.FormatBool(*o.Strict))
		}
		w.raw(`,"schema":`)
		w.dst = append(w.dst, o.Schema...)
		w.raw("}}")
	}
	if o.Verbosity != "" {
		if w.q.openAI && chatReasons(w.t.Model) {
			w.field("verbosity", o.Verbosity)
		} else {
			w.drops.Add("verbosity")
		}
	}
}

// chatName is a name for a schema as OpenAI takes it: 1 to 64 of a-z, A-Z, 0-9, _ and -.
func chatName(s string) string {
	clean := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' {
			return c
		}
		return '_'
	}, s)
	if clean == "" {
		return "output"
	}
	return clean[:min(len(clean), 64)]
}

// identity writes what tells requests apart. A user's identifier goes only to
// OpenAI and only where it is as short as OpenAI wants it: what Claude Code sends
// names an account at Anthropic, which is nobody else's business.
func (w *chatWriter) identity() {
	if w.r.CacheKey != "" {
		if w.q.cacheKey {
			w.field("prompt_cache_key", w.r.CacheKey)
		} else {
			w.drops.Add("prompt_cache_key")
		}
	}
	if w.r.User != "" {
		if w.q.openAI && len(w.r.User) <= 64 {
			w.field("safety_identifier", w.r.User)
		} else {
			w.drops.Add("user")
		}
	}
	if tier := w.r.ServiceTier; tier != "" {
		if w.q.openAI && slices.Contains([]string{"auto", "default", "flex", "priority"}, tier) {
			w.field("service_tier", tier)
		} else if tier != "auto" {
			w.drops.Add("service_tier")
		}
	}
}

// chatSize is about how long the body will be, so that a long one is not copied
// again and again while it grows.
func chatSize(r *Request) int {
	n := 1024
	for _, t := range r.Turns {
		for _, p := range t.Parts {
			n += 96 + len(p.Text)
			if p.Media != nil {
				n += len(p.Media.Data)
			}
			if p.Call != nil {
				n += len(p.Call.Input) * 5 / 4
			}
			if p.Result != nil {
				for _, q := range p.Result.Parts {
					n += 96 + len(q.Text)
					if q.Media != nil {
						n += len(q.Media.Data)
					}
				}
			}
		}
	}
	for _, t := range r.Tools {
		n += 128 + len(t.Description) + len(t.Schema) + len(t.Grammar)
	}
	return n + n/16
}
