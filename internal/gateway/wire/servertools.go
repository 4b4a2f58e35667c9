package wire

// withoutServerTools notes the tools that their own provider runs and that the
// target of a request cannot have, and returns the rest. Such a tool is an offer to
// the model, which may answer without it; so it is left out, unless the request was
// for the sake of it: a choice that forces it, or no other tool beside it. Then an answer
// without the tool would look like one with it, and the request is refused.
//
// kept says which server tools the target has after all.
func withoutServerTools(r *Request, kept func(*Tool) bool, drops *Drops) ([]*Tool, error) {
	tools := make([]*Tool, 0, len(r.Tools))
	missing := ""
	for i := range r.Tools {
		t := &r.Tools[i]
		if t.Server == "" || kept(t) {
			tools = append(tools, t)
			continue
		}
		missing = t.Server
		if r.ToolChoice.Mode == ToolOne && (r.ToolChoice.Name == t.Name || r.ToolChoice.Name == t.Server) {
			return nil, serverToolError(t.Server)
		}
		drops.Add("tools[]." + t.Server)
	}
	if missing != "" && len(tools) == 0 && r.ToolChoice.Mode != ToolNone {
		return nil, serverToolError(missing)
	}
	return tools, nil
}

func serverToolError(name string) error {
	return &Error{Kind: KindInvalid, Param: "tools", Message: "the tool " + name +
		" is run by its own provider, and the model that this request is routed to has no such tool; route requests with it to a provider that has"}
}
