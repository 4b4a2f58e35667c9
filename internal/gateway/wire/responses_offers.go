package wire

import "github.com/tidwall/gjson"

// respOffered are the tools that this format can have. One that another vendor runs is
// left out where the client merely offers it; a request that is about nothing else
// is refused.
func respOffered(r *Request, drops *Drops) ([]*Tool, error) {
	var tools []*Tool
	var missing string
	for i := range r.Tools {
		t := &r.Tools[i]
		if t.Server == "" || respHosted(gjson.GetBytes(t.Raw, "type").Str) {
			tools = append(tools, t)
			continue
		}
		missing = t.Server
		drops.Add("tools[]." + t.Server)
		if r.ToolChoice.Mode == ToolOne && r.ToolChoice.Name == t.Name {
			return nil, respElsewhere(t.Server)
		}
	}
	if missing != "" && len(tools) == 0 && r.ToolChoice.Mode != ToolNone {
		return nil, respElsewhere(missing)
	}
	return tools, nil
}

func respElsewhere(tool string) *Error {
	return respInvalid("tools", "The tool '%s' is run by another provider than the one that this request goes to.", tool)
}
