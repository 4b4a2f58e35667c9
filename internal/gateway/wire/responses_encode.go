package wire

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// respMinOutput is the least max_output_tokens that OpenAI takes.
const respMinOutput = 16

// respWriter writes one request.
type respWriter struct {
	dst      []byte
	r        *Request
	t        Target
	model    respModel
	drops    *Drops
	tools    respTools
	items    int             // of the input
	freeform map[string]bool // the ids of freeform calls
}

// EncodeRequest implements [Codec]. Nothing is stored at the provider; so reasoning
// comes back encrypted, and travels with the conversation.
func (responsesCodec) EncodeRequest(r *Request, t Target, drops *Drops) ([]byte, error) {
	if drops == nil {
		drops = &Drops{}
	}
	w := &respWriter{r: r, t: t, model: respModelOf(t.Model), drops: drops, tools: respToolsOf(r), freeform: map[string]bool{},
		dst: make([]byte, 0, respSize(r))}
	w.dst = appendString(append(w.dst, `{"model":`...), t.Model)
	if r.Stream {
		w.raw(`,"stream":true`)
	}
	w.raw(`,"store":false`)
	if w.model.reasons {
		w.raw(`,"include":["reasoning.encrypted_content"]`)
	}
	if err := w.input(); err != nil {
		return nil, err
	}
	if err := w.offers(); err != nil {
		return nil, err
	}
	w.settings()
	w.raw("}")
	return w.dst, nil
}

// respSize guesses how long a request becomes: growing a buffer of 30 MB costs more
// than all the rest.
func respSize(r *Request) int {
	n := 1024
	for i := range r.Turns {
		for j := range r.Turns[i].Parts {
			n += respPartSize(&r.Turns[i].Parts[j])
		}
	}
	for i := range r.Tools {
		n += 128 + len(r.Tools[i].Description) + len(r.Tools[i].Schema)
	}
	return n + n/16
}

func respPartSize(p *Part) int {
	n := 128 + len(p.Text) + len(p.Signature)
	if p.Media != nil {
		n += len(p.Media.Data) + len(p.Media.Text)*4/3 + len(p.Media.URL)
	}
	if p.Call != nil {
		n += len(p.Call.Input)
	}
	if p.Result != nil {
		for i := range p.Result.Parts {
			n += respPartSize(&p.Result.Parts[i])
		}
	}
	return n
}

func (w *respWriter) raw(s string) { w.dst = append(w.dst, s...) }

func (w *respWriter) str(s string) { w.dst = appendString(w.dst, s) }

// field appends a comma, a name and a text.
func (w *respWriter) field(name, value string) { w.dst = respField(w.dst, name, value) }

func respField(dst []byte, name, value string) []byte {
	dst = append(append(append(dst, ',', '"'), name...), '"', ':')
	return appendString(dst, value)
}

// settings writes all that is neither conversation nor tool.
func (w *respWriter) settings() {
	r := w.r
	if n := r.MaxOutput; n > 0 {
		if w.t.MaxOutput > 0 {
			n = min(n, w.t.MaxOutput)
		}
		w.raw(`,"max_output_tokens":`)
		w.dst = strconv.AppendInt(w.dst, int64(max(n, respMinOutput)), 10)
	}
	w.sampling("temperature", r.Temperature, 2)
	w.sampling("top_p", r.TopP, 1)
	if r.TopK != nil {
		w.drops.Add("top_k")
	}
	if len(r.Stop) > 0 {
		w.drops.Add("stop")
	}
	w.reasoning()
	w.text()
	if r.User != "" {
		// user is the older name: https://platform.openai.com/docs/guides/safety-best-practices
		name, user := "user", r.User
		if w.t.Provider == "openai" || w.t.Provider == "azure" {
			name = "safety_identifier"
		}
		if len(user) > 64 {
			user = respHash(user) + respHash(user+"\x00")
		}
		w.field(name, user)
	}
	if r.CacheKey != "" {
		w.field("prompt_cache_key", respCallID(r.CacheKey))
	}
	switch r.ServiceTier {
	case "", "standard_only":
	case "auto", "default", "flex", "scale", "priority":
		w.field("service_tier", r.ServiceTier)
	default:
		w.drops.Add("service_tier")
	}
}

func (w *respWriter) sampling(name string, v *float64, most float64) {
	switch {
	case v == nil:
	case !w.model.samples:
		w.drops.Add(name) // "Unsupported parameter: 'temperature' is not supported with this model."
	default:
		w.raw(`,"` + name + `":`)
		w.dst = strconv.AppendFloat(w.dst, min(max(*v, 0), most), 'g', -1, 64)
	}
}

func (w *respWriter) reasoning() {
	x := w.r.Reasoning
	if !w.model.reasons {
		if x.Mode != "" && x.Mode != "disabled" || x.Effort != "" && x.Effort != "none" {
			w.drops.Add("thinking")
		}
		return
	}
	effort := w.model.effort(x)
	if effort == "" && !x.Show {
		return
	}
	w.raw(`,"reasoning":{`)
	if effort != "" {
		w.raw(`"effort":`)
		w.str(effort)
	}
	if x.Show && effort != "none" {
		if effort != "" {
			w.raw(",")
		}
		w.raw(`"summary":"auto"`)
	}
	w.raw("}")
}

func (w *respWriter) text() {
	o := &w.r.Output
	if o.Kind == "" && o.Verbosity == "" {
		return
	}
	w.raw(`,"text":{`)
	if o.Verbosity != "" {
		w.raw(`"verbosity":`)
		w.str(o.Verbosity)
		if o.Kind != "" {
			w.raw(",")
		}
	}
	switch o.Kind {
	case "json":
		w.raw(`"format":{"type":"json_object"}`)
	case "schema":
		name := "output"
		if o.Name != "" {
			name = respFlat("", o.Name)
		}
		w.raw(`"format":{"type":"json_schema"`)
		w.field("name", name)
		w.raw(`,"schema":`)
		w.dst = append(w.dst, o.Schema...)
		if o.Strict != nil {
			w.raw(`,"strict":` + strconv.FormatBool(*o.Strict))
		}
		w.raw("}")
	}
	w.raw("}")
}

// offers writes the tools and how they are to be used.
func (w *respWriter) offers() error {
	tools, err := withoutServerTools(w.r, func(t *Tool) bool { return respHosted(gjson.GetBytes(t.Raw, "type").Str) }, w.drops)
	if err != nil || len(tools) == 0 {
		return err
	}
	w.raw(`,"tools":[`)
	for i, t := range tools {
		if i > 0 {
			w.raw(",")
		}
		w.tool(t)
	}
	w.raw("]")
	switch c := w.r.ToolChoice; c.Mode {
	case ToolAuto, ToolNone:
		w.field("tool_choice", string(c.Mode))
	case ToolAny:
		w.field("tool_choice", "required")
	case ToolOne:
		kind := "function"
		if w.tools.freeform(c.Name) {
			kind = "custom"
		}
		if t := w.tools[c.Name]; t != nil && t.Server != "" {
			w.raw(`,"tool_choice":{"type":`)
			w.str(t.Server)
			w.raw("}")
			break
		}
		w.raw(`,"tool_choice":{"type":"` + kind + `"`)
		w.field("name", c.Name)
		w.raw("}")
	}
	if p := w.r.ParallelTools; p != nil {
		w.raw(`,"parallel_tool_calls":` + strconv.FormatBool(*p))
	}
	return nil
}

func (w *respWriter) tool(t *Tool) {
	switch {
	case t.Server != "":
		w.dst = append(w.dst, t.Raw...)
		return
	case t.Freeform:
		w.raw(`{"type":"custom"`)
	default:
		w.raw(`{"type":"function"`)
	}
	w.field("name", t.Name)
	if t.Description != "" {
		w.field("description", t.Description)
	}
	switch {
	case !t.Freeform:
		w.raw(`,"parameters":`)
		if len(t.Schema) == 0 {
			w.raw(`{"type":"object","properties":{}}`)
		}
		w.dst = append(w.dst, t.Schema...)
		// Left out, it would be true here, and in no other format.
		w.raw(`,"strict":` + strconv.FormatBool(t.Strict != nil && *t.Strict))
	case len(t.Grammar) > 0:
		w.raw(`,"format":`)
		w.dst = append(w.dst, respGrammar(t.Grammar)...)
	}
	w.raw("}")
	if len(t.Cache) > 0 {
		w.drops.Add("cache_control")
	}
}

// respHosted says whether a tool's type is one that OpenAI runs, rather than
// Anthropic, whose types end in a date without dashes or underscores inside it.
func respHosted(kind string) bool {
	switch kind {
	case "web_search", "file_search", "computer", "computer_use_preview", "code_interpreter", "image_generation", "mcp", "tool_search", "shell":
		return true
	}
	return strings.HasPrefix(kind, "web_search_preview") || strings.HasPrefix(kind, "web_search_20") && strings.Count(kind, "_") > 2
}
