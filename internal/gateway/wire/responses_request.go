package wire

import (
	"github.com/tidwall/gjson"
)

// respReader reads one request.
type respReader struct {
	req   *Request
	flat  map[respName]string // the flat names of the tools met
	taken map[string]bool
}

type respName struct{ namespace, name string }

// DecodeRequest implements [Codec].
func (responsesCodec) DecodeRequest(body []byte) (*Request, error) {
	root, ok := respParse(body)
	if !ok {
		return nil, respInvalid("", "The body is not a JSON object.")
	}
	d := &respReader{req: &Request{}, flat: map[respName]string{}, taken: map[string]bool{}}
	var input, tools, choice, instructions gjson.Result
	var err error
	root.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "input":
			input = v
		case "tools":
			tools = v
		case "tool_choice":
			choice = v
		case "instructions":
			instructions = v
		default:
			if respGiven(v) {
				err = d.field(key.Str, v)
			}
		}
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	if d.req.Model == "" {
		return nil, respInvalid("model", "Missing required parameter: 'model'.")
	}
	if !respGiven(input) {
		return nil, respInvalid("input", "Missing required parameter: 'input'.")
	}
	text, err := respString(instructions, "instructions")
	if err != nil {
		return nil, err
	}
	if text != "" {
		d.req.Turns = append(d.req.Turns, Turn{Role: System, Parts: []Part{{Kind: Text, Text: text}}})
	}
	// Tools come first: the names of calls depend on them. The choice comes last, as
	// the input can bring further tools.
	if err := d.tools(tools, "", "tools"); err != nil {
		return nil, err
	}
	if err := d.input(input); err != nil {
		return nil, err
	}
	if err := d.choice(choice); err != nil {
		return nil, err
	}
	return d.req, nil
}

// respStateful says why a request cannot be answered elsewhere than where its state lies.
func respStateful(field string) *Error {
	return respInvalid(field, "'%s' refers to what is stored at OpenAI, and this request goes to a provider that does not have it. "+
		"Send the whole input with every request, with \"store\": false and without '%s'.", field, field)
}

// field reads what is neither input nor tools.
func (d *respReader) field(key string, v gjson.Result) error {
	r := d.req
	switch key {
	case "model":
		return d.str(key, v, &r.Model)
	case "stream":
		if !v.IsBool() {
			return respType(key, "a boolean")
		}
		r.Stream = v.Bool()
	case "parallel_tool_calls":
		if !v.IsBool() {
			return respType(key, "a boolean")
		}
		parallel := v.Bool()
		r.ParallelTools = &parallel
	case "max_output_tokens":
		if v.Type != gjson.Number || v.Num < 1 || v.Num > 1<<40 {
			return respType(key, "a positive integer")
		}
		r.MaxOutput = int(v.Num)
	case "temperature":
		return d.number(key, v, &r.Temperature)
	case "top_p":
		return d.number(key, v, &r.TopP)
	case "reasoning":
		return d.reasoning(v)
	case "text":
		return d.text(v)
	case "include":
		v.ForEach(func(_, one gjson.Result) bool {
			if one.Str == "reasoning.encrypted_content" {
				r.Reasoning.Encrypted = true
			} else {
				r.Drops.Add("include." + one.Str)
			}
			return true
		})
	case "safety_identifier":
		return d.str(key, v, &r.User)
	case "user":
		if r.User == "" { // the older name of the same
			return d.str(key, v, &r.User)
		}
	case "prompt_cache_key":
		return d.str(key, v, &r.CacheKey)
	case "service_tier":
		return d.str(key, v, &r.ServiceTier)
	default:
		return d.vendorField(key, v)
	}
	return nil
}

// vendorField reads what only OpenAI has.
func (d *respReader) vendorField(key string, v gjson.Result) error {
	switch key {
	case "previous_response_id", "conversation", "prompt":
		return respStateful(key)
	case "background":
		if v.Bool() {
			return respInvalid(key, "'background' answers are kept at OpenAI, and this request goes to another provider. Send it without 'background', with \"stream\": true for a long answer.")
		}
	case "store":
		if v.Bool() {
			d.req.Drops.Add(key)
		}
	case "truncation":
		if v.Str != "disabled" {
			d.req.Drops.Add(key)
		}
	case "stream_options": // how the stream is padded
	case "metadata", "context_management":
		if n := len(v.Raw); n > 2 {
			d.req.Drops.Add(key)
		}
	default:
		d.req.Drops.Add(key)
	}
	return nil
}

func (d *respReader) str(key string, v gjson.Result, to *string) error {
	s, err := respString(v, key)
	*to = s
	return err
}

func (d *respReader) number(key string, v gjson.Result, to **float64) error {
	if v.Type != gjson.Number {
		return respType(key, "a number")
	}
	n := v.Num
	*to = &n
	return nil
}

// reasoning reads the effort; a summary of any length means that the client wants to see some.
func (d *respReader) reasoning(v gjson.Result) error {
	if !v.IsObject() {
		return respType("reasoning", "an object")
	}
	var err error
	r := &d.req.Reasoning
	v.ForEach(func(key, one gjson.Result) bool {
		switch {
		case !respGiven(one):
		case key.Str == "effort":
			err = d.str("reasoning.effort", one, &r.Effort)
		case key.Str == "summary", key.Str == "generate_summary":
			r.Show = r.Show || one.Str != "" && one.Str != "none"
		default:
			d.req.Drops.Add("reasoning." + key.Str)
		}
		return err == nil
	})
	if r.Effort == "none" {
		r.Mode = "disabled"
	}
	return err
}

// text reads the form of the answer.
func (d *respReader) text(v gjson.Result) error {
	if !v.IsObject() {
		return respType("text", "an object")
	}
	out := &d.req.Output
	if err := d.str("text.verbosity", v.Get("verbosity"), &out.Verbosity); err != nil {
		return err
	}
	format := v.Get("format")
	switch kind := format.Get("type").Str; kind {
	case "", "text":
	case "json_object":
		out.Kind = "json"
	case "json_schema":
		schema := format.Get("schema")
		if !schema.IsObject() {
			return respInvalid("text.format.schema", "Missing required parameter: 'text.format.schema'.")
		}
		out.Kind, out.Name, out.Schema = "schema", format.Get("name").Str, []byte(schema.Raw)
		if s := format.Get("strict"); s.IsBool() {
			strict := s.Bool()
			out.Strict = &strict
		}
	default:
		return respInvalid("text.format", "The answer's format '%s' cannot be had from this provider; use json_schema.", kind)
	}
	return nil
}
