package wire

import (
	"fmt"

	"github.com/tidwall/gjson"
)

// tools reads a list of tools, of the request, of a namespace or of an item of the input.
func (d *respReader) tools(list gjson.Result, namespace, param string) error {
	if !respGiven(list) {
		return nil
	}
	if !list.IsArray() {
		return respType(param, "an array")
	}
	var err error
	i := 0
	list.ForEach(func(_, t gjson.Result) bool {
		err = d.tool(t, namespace, fmt.Sprintf("%s[%d]", param, i))
		i++
		return err == nil
	})
	return err
}

func (d *respReader) tool(v gjson.Result, namespace, param string) error {
	if !v.IsObject() {
		return respType(param, "an object")
	}
	t := Tool{Namespace: namespace, Description: v.Get("description").Str}
	name := v.Get("name").Str
	switch kind := v.Get("type").Str; kind {
	case "namespace":
		if name == "" {
			return respInvalid(param+".name", "Missing required parameter: '%s.name'.", param)
		}
		return d.tools(v.Get("tools"), name, param+".tools")
	case "function":
		if p := v.Get("parameters"); p.IsObject() {
			t.Schema = []byte(p.Raw)
		}
		if s := v.Get("strict"); s.IsBool() {
			strict := s.Bool()
			t.Strict = &strict
		}
	case "custom":
		t.Freeform = true
		if f := v.Get("format"); f.Get("type").Str == "grammar" {
			t.Grammar = []byte(f.Raw)
		}
	default:
		if !d.clientTool(&t, kind, v) {
			d.req.Tools = append(d.req.Tools, Tool{Name: respFlat("", kind), Server: kind, Raw: []byte(v.Raw)})
			return nil
		}
		name = kind
	}
	if name == "" {
		return respInvalid(param+".name", "Missing required parameter: '%s.name'.", param)
	}
	d.offer(t, name)
	return nil
}

// clientTool fills in a tool that the client runs itself. A shell in OpenAI's containers
// and a search among tools at OpenAI are not such.
func (d *respReader) clientTool(t *Tool, kind string, v gjson.Result) bool {
	known, ok := respClientToolOf(kind)
	if !ok || kind == "tool_search" && v.Get("execution").Str != "client" {
		return false
	}
	if env := v.Get("environment.type").Str; env != "" && env != "local" {
		return false
	}
	t.Client, t.Schema = kind, []byte(known.schema)
	if p := v.Get("parameters"); p.IsObject() {
		t.Schema = []byte(p.Raw)
	}
	if t.Description == "" {
		t.Description = known.description
	}
	return true
}

// offer adds a tool under a name that no other has. A tool that was found twice is one tool.
func (d *respReader) offer(t Tool, name string) {
	key := respName{t.Namespace, name}
	if _, have := d.flat[key]; have {
		return
	}
	t.Name = respFlat(t.Namespace, name)
	if d.taken[t.Name] {
		t.Name = respShort(t.Name, t.Namespace+"\x00"+name, respMaxName)
	}
	if t.Namespace != "" || t.Name != name {
		t.Local = name
	}
	d.taken[t.Name], d.flat[key] = true, t.Name
	d.req.Tools = append(d.req.Tools, t)
}

// nameOf is the flat name of a call's tool, offered or not.
func (d *respReader) nameOf(namespace, name string) string {
	if flat, ok := d.flat[respName{namespace, name}]; ok {
		return flat
	}
	return respFlat(namespace, name)
}

func (d *respReader) choice(v gjson.Result) error {
	c := &d.req.ToolChoice
	if !respGiven(v) {
		return nil
	}
	if v.Type == gjson.String {
		switch v.Str {
		case "auto":
			c.Mode = ToolAuto
		case "none":
			c.Mode = ToolNone
		case "required":
			c.Mode = ToolAny
		default:
			return respInvalid("tool_choice", "Invalid value: '%s'. Supported values are: 'none', 'auto', and 'required'.", v.Str)
		}
		return nil
	}
	kind := v.Get("type").Str
	if kind == "allowed_tools" {
		return d.allowed(v)
	}
	name, err := d.chosen(v)
	if err != nil {
		return err
	}
	*c = ToolChoice{Mode: ToolOne, Name: name}
	return nil
}

// chosen is the flat name of the tool that a choice names. A tool that runs at OpenAI
// cannot be demanded of anybody else.
func (d *respReader) chosen(v gjson.Result) (string, error) {
	kind := v.Get("type").Str
	if kind == "function" || kind == "custom" {
		name, ok := d.flat[respName{v.Get("namespace").Str, v.Get("name").Str}]
		if !ok {
			return "", respInvalid("tool_choice", "Tool choice '%s' not found in 'tools' parameter.", v.Get("name").Str)
		}
		return name, nil
	}
	if name, ok := d.flat[respName{"", kind}]; ok {
		return name, nil
	}
	return "", respInvalid("tool_choice", "The tool '%s' runs at OpenAI, and this request goes to a provider that does not have it. Send another 'tool_choice', or route the model to OpenAI.", kind)
}

// allowed narrows the tools to those that the choice lists: no other format can say
// that a tool is there and must not be called.
func (d *respReader) allowed(v gjson.Result) error {
	keep := map[string]bool{}
	var err error
	v.Get("tools").ForEach(func(_, one gjson.Result) bool {
		var name string
		kind := one.Get("type").Str
		for _, t := range d.req.Tools {
			if t.Server != "" && t.Server == kind {
				d.req.Drops.Add("tool_choice.tools." + kind)
				return true
			}
		}
		if name, err = d.chosen(one); err == nil {
			keep[name] = true
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	kept := d.req.Tools[:0]
	for _, t := range d.req.Tools {
		if keep[t.Name] && t.Server == "" {
			kept = append(kept, t)
		}
	}
	d.req.Tools = kept
	switch {
	case v.Get("mode").Str != "required":
		d.req.ToolChoice.Mode = ToolAuto
	case len(kept) == 0:
		return respInvalid("tool_choice", "None of the tools that 'tool_choice' allows can be had from this provider.")
	default:
		d.req.ToolChoice.Mode = ToolAny
	}
	return nil
}
