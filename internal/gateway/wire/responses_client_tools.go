package wire

// respClientTool is a type of tool that the client runs itself, and whose calls are
// items of a type of their own. Elsewhere it is a function like any other.
type respClientTool struct {
	kind        string // the tool's type
	call        string // the type of the item that calls it
	prefix      string // of that item's id
	field       string // of that item: where the arguments stand, as an object
	description string
	schema      string
}

// respClientToolOf knows the types: https://platform.openai.com/docs/guides/tools-local-shell,
// …/tools-shell, …/tools-apply-patch and …/tools-tool-search. What a tool does not
// define itself is described here, as its own model has learnt it.
func respClientToolOf(kind string) (respClientTool, bool) {
	t := respClientTool{kind: kind, call: kind + "_call", field: "action"}
	switch kind {
	case "local_shell":
		t.prefix = "lsh_"
		t.description = "Runs a command on the user's machine and returns its output."
		t.schema = `{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"},"description":"The program and its arguments."},` +
			`"working_directory":{"type":"string"},"timeout_ms":{"type":"integer"}},"required":["command"],"additionalProperties":false}`
	case "shell":
		t.prefix = "sh_"
		t.description = "Runs shell commands on the user's machine and returns their output."
		t.schema = `{"type":"object","properties":{"commands":{"type":"array","items":{"type":"string"},"description":"The commands, each a line for the shell."},` +
			`"timeout_ms":{"type":"integer"},"max_output_length":{"type":"integer"}},"required":["commands"],"additionalProperties":false}`
	case "apply_patch":
		t.prefix = "apc_"
		t.field = "operation"
		t.description = "Creates, updates or deletes a file. A diff is in the V4A format: context lines begin with a space, removed ones with -, added ones with +, after a line that begins with @@."
		t.schema = `{"type":"object","properties":{"type":{"type":"string","enum":["create_file","update_file","delete_file"]},"path":{"type":"string"},` +
			`"diff":{"type":"string","description":"Not for delete_file."}},"required":["type","path"],"additionalProperties":false}`
	case "tool_search":
		t.prefix = "tsc_"
		t.field = "arguments"
		t.description = "Finds further tools by what they do. The tools that it finds can be called afterwards."
		t.schema = `{"type":"object","properties":{"query":{"type":"string"},"limit":{"type":"integer"}},"required":["query"],"additionalProperties":false}`
	default:
		return respClientTool{}, false
	}
	return t, true
}
