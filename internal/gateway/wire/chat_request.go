package wire

import (
	"encoding/json"
	"strconv"

	"github.com/tidwall/gjson"
)

// chatReader reads one request.
type chatReader struct {
	r        *Request
	messages gjson.Result
	tools    gjson.Result
	funcs    gjson.Result // the older "functions"
	choice   gjson.Result
	funcCall gjson.Result // the older "function_call"
	maxOld   int          // max_tokens, which max_completion_tokens overrides
	calls    map[string]chatCalled
	legacy   map[string][]string // identifiers of calls of the older form that wait for their result, by function
	nLegacy  int
}

// chatCalled is what must be known of a call when its result comes.
type chatCalled struct {
	name     string
	freeform bool
}

func chatDecodeRequest(body []byte) (*Request, error) {
	root, err := chatParse(body)
	if err != nil {
		return nil, chatInvalid("", "The request body cannot be read: %s.", err)
	}
	d := &chatReader{r: &Request{}}
	var failed error
	root.ForEach(func(key, v gjson.Result) bool {
		if !chatIsNull(v) {
			failed = d.field(key.Str, v)
		}
		return failed == nil
	})
	if failed != nil {
		return nil, failed
	}
	if d.r.MaxOutput == 0 {
		d.r.MaxOutput = d.maxOld
	}
	if err := d.readTools(); err != nil {
		return nil, err
	}
	if err := d.readMessages(); err != nil {
		return nil, err
	}
	return d.r, nil
}

// field takes one field of the body. The big ones are kept for later: results need
// to know the calls, and the choice of tools the tools.
func (d *chatReader) field(name string, v gjson.Result) error {
	r := d.r
	switch name {
	case "model":
		r.Model = v.String()
	case "stream":
		r.Stream = v.Bool()
	case "messages":
		d.messages = v
	case "tools":
		d.tools = v
	case "functions":
		d.funcs = v
	case "tool_choice":
		d.choice = v
	case "function_call":
		d.funcCall = v
	case "parallel_tool_calls":
		yes := v.Bool()
		r.ParallelTools = &yes
	case "stream_options":
		r.IncludeUsage = v.Get("include_usage").Bool()
	case "stop":
		return d.readStop(v)
	case "response_format":
		return d.readFormat(v)
	case "verbosity":
		r.Output.Verbosity = v.String()
	case "user", "safety_identifier":
		if r.User == "" || name == "safety_identifier" {
			r.User = v.String()
		}
	case "prompt_cache_key":
		r.CacheKey = v.String()
	case "service_tier":
		r.ServiceTier = v.String()
	case "reasoning_effort", "reasoning", "thinking", "include_reasoning", "enable_thinking", "thinking_budget":
		d.readReasoning(name, v)
	case "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "n":
		return d.readNumber(name, v)
	case "web_search_options":
		return chatInvalid(name, "web_search_options asks OpenAI's own web search for an answer, and the model that this request was routed to is not reached by OpenAI's format. "+
			"Leave the field out, or route the request to a provider that speaks Chat Completions.")
	case "modalities":
		for _, m := range v.Array() {
			if m.Str != "text" {
				return chatInvalid(name, "Answers of the modality %q cannot be translated into another format; ask for text only.", m.String())
			}
		}
	case "audio":
		return chatInvalid(name, "Spoken answers cannot be translated into another format; leave out audio.")
	case "store", "logprobs":
		if v.Bool() { // false is what every other format does
			r.Drops.Add(name)
		}
	default: // seed, logit_bias, penalties, metadata, prediction, search_parameters, and what nobody has heard of
		if len(r.Drops) < chatMaxDrops {
			r.Drops.Add(name)
		}
	}
	return nil
}

// chatMaxDrops is how many fields are noted: a body of nothing but unknown fields is no reason
// to compare each with all others.
const chatMaxDrops = 64

func (d *chatReader) readNumber(name string, v gjson.Result) error {
	if v.Type != gjson.Number {
		return chatInvalid(name, "Invalid type for '%s': expected a number.", name)
	}
	r := d.r
	switch name {
	case "temperature":
		f := v.Num
		r.Temperature = &f
	case "top_p":
		f := v.Num
		r.TopP = &f
	case "top_k":
		n := int(v.Int())
		r.TopK = &n
	case "n":
		if v.Num != 1 {
			return chatInvalid(name, "Invalid value for 'n': the model that this request was routed to gives one answer, so n must be 1.")
		}
	default:
		n := v.Int()
		if n < 1 || n > 1<<31-1 {
			return chatInvalid(name, "Invalid value for '%s': expected a positive number of tokens.", name)
		}
		if name == "max_tokens" {
			d.maxOld = int(n)
		} else {
			r.MaxOutput = int(n)
		}
	}
	return nil
}

func (d *chatReader) readStop(v gjson.Result) error {
	if v.Type == gjson.String {
		d.r.Stop = []string{v.Str}
		return nil
	}
	if !v.IsArray() {
		return chatInvalid("stop", "Invalid type for 'stop': expected a string or an array of strings.")
	}
	for _, s := range v.Array() {
		if s.Type != gjson.String {
			return chatInvalid("stop", "Invalid type for 'stop': expected a string or an array of strings.")
		}
		d.r.Stop = append(d.r.Stop, s.Str)
	}
	return nil
}

// readFormat reads response_format:
// https://platform.openai.com/docs/guides/structured-outputs
func (d *chatReader) readFormat(v gjson.Result) error {
	out := &d.r.Output
	switch kind := v.Get("type").String(); kind {
	case "text", "":
	case "json_object":
		out.Kind = "json"
	case "json_schema":
		def := v.Get("json_schema")
		schema := def.Get("schema")
		if !schema.IsObject() {
			return chatInvalid("response_format", "Missing required parameter: 'response_format.json_schema.schema'.")
		}
		out.Kind, out.Name, out.Schema = "schema", def.Get("name").String(), json.RawMessage(schema.Raw)
		if s := def.Get("strict"); s.IsBool() {
			strict := s.Bool()
			out.Strict = &strict
		}
	default:
		return chatInvalid("response_format", "Invalid value for 'response_format.type': %s.", strconv.Quote(kind))
	}
	return nil
}
