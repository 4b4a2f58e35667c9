package wire

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// EncodeRequest writes the body of POST /v1/messages.
func (messagesCodec) EncodeRequest(r *Request, t Target, drops *Drops) ([]byte, error) {
	w := &messagesWriter{r: r, t: t, model: messagesModelOf(t.Model), drops: drops}
	tools, err := withoutServerTools(r, messagesKeepsServerTool, drops)
	if err != nil {
		return nil, err
	}
	a := messagesArrange(r, drops)
	prefill := messagesPrefill(a)
	w.tools = tools
	w.forced = len(tools) > 0 && (r.ToolChoice.Mode == ToolAny || r.ToolChoice.Mode == ToolOne)
	if len(tools) == 0 {
		w.tools = messagesCalled(a)
	}
	w.only = len(tools) == 0
	w.loop = a.inLoop()
	if r.Output.Kind == "schema" && w.model.schema {
		w.schema = messagesSchema(r.Output.Schema)
	}
	w.dst = make([]byte, 0, messagesSize(r))
	w.dst = appendString(append(w.dst, `{"model":`...), t.Model)
	w.settings()
	// A prefilled answer is text, without thinking or a schema, and newer models refuse one.
	if last := &a.turns[len(a.turns)-1]; last.role == Assistant && (!prefill || w.thinks || w.schema != nil || !w.model.prefill) {
		a.turns = append(a.turns, messagesTurn{role: User, blocks: []messagesBlock{{text: messagesFiller}}})
	}
	if r.Stream {
		w.dst = append(w.dst, `,"stream":true`...)
	}
	w.rest()
	w.caches(a)
	w.writeTools(a)
	w.writeSystem(a)
	w.writeTurns(a)
	if w.err != nil {
		return nil, w.err
	}
	return append(w.dst, '}'), nil
}

// messagesWriter writes one request.
type messagesWriter struct {
	dst    []byte
	r      *Request
	t      Target
	model  messagesModel
	drops  *Drops
	tools  []*Tool
	forced bool            // the tool choice forces a call
	only   bool            // the tools are there for the sake of earlier calls
	loop   bool            // see messagesArranger.inLoop
	thinks bool            // the request asks for thinking
	schema json.RawMessage // of the answer, where the model takes one
	skip   int             // this many of the first cache marks are too many
	auto   bool            // place cache marks
	// What is used up of the limits of strict tools.
	strictTools, strictUnions int
	err                       error
}

// messagesSize is about how long the body gets.
func messagesSize(r *Request) int {
	n := 1024
	var parts func([]Part)
	parts = func(list []Part) {
		for i := range list {
			p := &list[i]
			n += len(p.Text) + len(p.Text)/16 + len(p.Signature) + 64
			if p.Media != nil {
				n += len(p.Media.Data) + len(p.Media.Text) + len(p.Media.URL)
			}
			if p.Call != nil {
				n += len(p.Call.Input) + 64
			}
			if p.Result != nil {
				parts(p.Result.Parts)
			}
		}
	}
	for i := range r.Turns {
		parts(r.Turns[i].Parts)
	}
	for i := range r.Tools {
		n += len(r.Tools[i].Description) + len(r.Tools[i].Schema) + len(r.Tools[i].Raw) + 128
	}
	return n
}

// messagesKeepsServerTool: a tool of this format's own; Anthropic dates the types of all
// that it defines, "web_search_20250305".
func messagesKeepsServerTool(t *Tool) bool {
	kind := gjson.GetBytes(t.Raw, "type").Str
	if kind == "mcp_toolset" {
		return true
	}
	i := strings.LastIndexByte(kind, '_')
	return i > 0 && len(kind)-i == 9 && strings.HasPrefix(kind[i:], "_20")
}

// messagesPrefill trims the text that ends a conversation that ends with the assistant, as a
// prefill may not end in white space. false: it does not end with text of the assistant.
func messagesPrefill(a *messagesArranger) bool {
	last := &a.turns[len(a.turns)-1]
	if n := len(last.blocks); last.role == Assistant && n > 0 {
		if b := &last.blocks[n-1]; b.part != nil && (b.part.Kind == Text || b.part.Kind == Refusal) {
			b.text = strings.TrimRight(b.part.Text, " \t\r\n")
			return true
		}
	}
	return false
}

// caches decides on the cache marks. The API takes 4; of more the last ones, with the
// longest prefixes, count. A format without marks leaves the prefix to its provider;
// here a prompt without any is not cached at all. So where there are tools, which is
// where a prompt comes again, longer, the end of the instructions and the end of the
// conversation are marked. A prompt too short for the cache is not cached, and costs nothing more:
// https://platform.claude.com/docs/en/build-with-claude/prompt-caching#cache-limitations
func (w *messagesWriter) caches(a *messagesArranger) {
	n := 0
	for _, t := range w.tools {
		n += messagesMarks(t.Cache)
	}
	for _, p := range a.system {
		n += messagesMarks(p.Cache)
	}
	for i := range a.turns {
		for _, b := range a.turns[i].blocks {
			if b.part != nil && b.part.Kind != Thinking && b.part.Kind != Redacted {
				n += messagesMarks(b.part.Cache)
			}
		}
		for _, c := range a.turns[i].calls {
			if c.result != nil {
				n += messagesMarks(c.result.Cache)
			}
		}
	}
	w.skip = n - 4
	w.auto = n == 0 && w.model.claude && len(w.tools) > 0
}

func messagesMarks(cache json.RawMessage) int {
	if len(cache) > 0 {
		return 1
	}
	return 0
}

// cache writes a cache mark and the end of a block.
func (w *messagesWriter) cache(mark json.RawMessage, auto bool) {
	switch {
	case auto && w.auto:
		w.dst = append(w.dst, `,"cache_control":{"type":"ephemeral"}`...)
	case len(mark) == 0:
	case w.skip > 0:
		w.skip--
		w.drops.Add("cache_control beyond the fourth")
	default:
		w.dst = append(append(w.dst, `,"cache_control":`...), mark...)
	}
	w.dst = append(w.dst, '}')
}

func (w *messagesWriter) writeSystem(a *messagesArranger) {
	wish := w.wish()
	if len(a.system) == 0 && wish == "" {
		return
	}
	w.dst = append(w.dst, `,"system":[`...)
	for i, p := range a.system {
		w.comma()
		w.dst = appendString(append(w.dst, `{"type":"text","text":`...), p.Text)
		w.cache(p.Cache, i == len(a.system)-1)
	}
	if wish != "" {
		w.comma()
		w.dst = append(appendString(append(w.dst, `{"type":"text","text":`...), wish), '}')
	}
	w.dst = append(w.dst, ']')
}

// comma goes between the members of a list.
func (w *messagesWriter) comma() {
	if w.dst[len(w.dst)-1] != '[' {
		w.dst = append(w.dst, ',')
	}
}

// messagesCalled defines the tools that were called earlier. A conversation with calls is
// refused where no tools are defined ("Requests which include `tool_use` or
// `tool_result` blocks must define tools").
func messagesCalled(a *messagesArranger) []*Tool {
	var tools []*Tool
	seen := map[string]bool{}
	for i := range a.turns {
		for _, b := range a.turns[i].blocks {
			if b.call == nil {
				continue
			}
			if name := messagesFlat(b.part.Call.Name); !seen[name] {
				seen[name] = true
				tools = append(tools, &Tool{Name: name})
			}
		}
	}
	return tools
}

// writeTools writes the tools and which of them are called.
func (w *messagesWriter) writeTools(a *messagesArranger) {
	if len(w.tools) == 0 {
		return
	}
	mode := w.r.ToolChoice.Mode
	if w.only {
		mode = ToolNone
	}
	w.dst = append(w.dst, `,"tools":[`...)
	for i, t := range w.tools {
		w.comma()
		w.tool(t, i == len(w.tools)-1 && len(a.system) == 0)
	}
	w.dst = append(w.dst, ']')
	serial := w.r.ParallelTools != nil && !*w.r.ParallelTools && mode != ToolNone
	if mode == "" && serial {
		mode = ToolAuto
	}
	if mode == "" {
		return
	}
	w.dst = appendString(append(w.dst, `,"tool_choice":{"type":`...), string(mode))
	if mode == ToolOne {
		w.dst = appendString(append(w.dst, `,"name":`...), messagesFlat(w.r.ToolChoice.Name))
	}
	if serial {
		w.dst = append(w.dst, `,"disable_parallel_tool_use":true`...)
	}
	w.dst = append(w.dst, '}')
}

func (w *messagesWriter) tool(t *Tool, last bool) {
	if t.Server != "" { // as it came
		w.dst = append(w.dst, '{')
		gjson.ParseBytes(t.Raw).ForEach(func(key, value gjson.Result) bool {
			if key.Str != "cache_control" {
				if w.dst[len(w.dst)-1] != '{' {
					w.dst = append(w.dst, ',')
				}
				w.dst = append(append(appendString(w.dst, key.Str), ':'), value.Raw...)
			}
			return true
		})
		w.cache(t.Cache, last)
		return
	}
	w.dst = appendString(append(w.dst, `{"name":`...), messagesFlat(t.Name))
	about, schema := t.Description, t.Schema
	if t.Freeform {
		schema = freeformSchema()
		if len(t.Grammar) > 0 {
			w.drops.Add("tools[].format, told in words instead")
			about = strings.TrimSpace(about + "\n\n" + messagesGrammar(t.Grammar))
		}
	} else {
		schema = messagesObject(schema, w.drops)
	}
	if about != "" {
		w.dst = appendString(append(w.dst, `,"description":`...), about)
	}
	if t.Strict != nil && *t.Strict {
		if w.strict(t) {
			w.dst = append(w.dst, `,"strict":true`...)
		} else {
			w.drops.Add("tools[].strict")
		}
	}
	w.dst = append(append(w.dst, `,"input_schema":`...), schema...)
	w.cache(t.Cache, last)
}

// messagesGrammar tells the form of a tool's input in words. Responses has
// {"type":"grammar","syntax":…,"definition":…}, Chat the latter two within "grammar".
func messagesGrammar(grammar json.RawMessage) string {
	g := gjson.ParseBytes(grammar)
	if inner := g.Get("grammar"); inner.IsObject() {
		g = inner
	}
	if definition := g.Get("definition").String(); definition != "" {
		return "The input must follow this " + g.Get("syntax").String() + " grammar:\n" + definition
	}
	return "The input must be of this form: " + string(grammar)
}

// freeformSchema is the input of a tool that takes text, where tools take JSON.
func freeformSchema() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`)
}
