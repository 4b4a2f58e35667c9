package wire

import "encoding/json"

// Request is a request in no format's words.
type Request struct {
	Model  string
	Stream bool

	// Turns are the conversation in order, instructions included: a system prompt
	// is the first turn, and agents put system turns between the others too.
	// Neighbouring turns may have the same role; encoders merge what must be merged.
	Turns []Turn

	Tools         []Tool
	ToolChoice    ToolChoice
	ParallelTools *bool // nil: not said

	MaxOutput   int      // the output cap in tokens; 0: not said
	Temperature *float64 // as the client gave it; ranges differ and are an encoder's business
	TopP        *float64
	TopK        *int
	Stop        []string

	Reasoning Reasoning
	Output    Output

	// User is the end user's identifier (metadata.user_id, user, safety_identifier).
	User string
	// CacheKey groups requests for the provider's prompt cache (prompt_cache_key).
	CacheKey string
	// ServiceTier is passed on only between formats of one vendor.
	ServiceTier string

	// IncludeUsage is Chat's stream_options.include_usage: a client that did not
	// ask gets no usage chunk. The other formats always report it.
	IncludeUsage bool

	// LegacyFunctions is true where a Chat client gave its tools as "functions": it
	// reads calls from function_call, one at a time.
	LegacyFunctions bool

	// Created is when the request came, in Unix seconds: answers in OpenAI's formats
	// carry it. The engine sets it, as this package has no clock.
	Created int64

	// Drops lists what the decoder already left out, because no other format has it.
	Drops Drops
}

// Role is who speaks in a turn.
type Role string

// The roles. Developer messages are System; results of tools stand in User turns.
const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
)

// Turn is one message.
type Turn struct {
	Role  Role
	Parts []Part
}

// PartKind says which fields of a [Part] count.
type PartKind int

// The kinds of parts.
const (
	Text       PartKind = iota + 1 // Text
	Image                          // Media
	Document                       // Media
	Thinking                       // Text, Signature, and ID where the format numbers it
	Redacted                       // Signature: thinking that only its provider can read
	Refusal                        // Text: the model's refusal
	ToolCall                       // Call
	ToolResult                     // Result
)

// Part is a piece of a turn.
type Part struct {
	Kind   PartKind
	ID     string // the part's own identifier, as in Responses' "rs_…"; often ""
	Text   string
	Media  *Media
	Call   *Call
	Result *Result
	// Signature proves thinking to the provider that made it: Messages' signature
	// or redacted data, Responses' encrypted_content. Only encoders of the same
	// format may send it on; for every other one thinking is dropped.
	Signature string
	// SignedBy is the format whose signature it is; "" where there is none.
	SignedBy Format
	// Cache marks the end of a prefix to cache (cache_control), for formats that have it.
	Cache json.RawMessage
}

// Media is an image or a document: either Data or URL or FileID is set, or Text for
// a plain-text document.
type Media struct {
	MIME     string // "image/png", "application/pdf"; "" where only a URL is known
	Data     string // base64
	URL      string
	FileID   string // a file stored at the provider; means nothing to another one
	Text     string
	Filename string
	Detail   string // OpenAI's low, high, auto; "" elsewhere
}

// Call is a tool call of the model.
type Call struct {
	ID   string
	Name string // as in Request.Tools: for a namespaced tool its flat name, see Tool.Name
	// Input is the arguments: JSON text as the model wrote it, maybe not valid, or,
	// where Freeform, any text.
	Input    string
	Freeform bool
	ItemID   string // Responses' own id of the item, "fc_…"; often ""
}

// Result is what a tool returned.
type Result struct {
	ID       string // of the call
	Name     string // of the tool, where the format says so; often ""
	Parts    []Part // Text, Image, Document
	IsError  bool
	Freeform bool // the result of a freeform call
}

// Tool is a tool that the model may call.
type Tool struct {
	// Name is flat and unique: 1 to 64 characters of a-z, A-Z, 0-9, _ and -, which is
	// what every provider accepts. A tool in a Responses namespace is
	// "<namespace>__<name>", shortened with a hash where that is too long; Namespace
	// and Local keep what it is called there, for the way back.
	Name        string
	Namespace   string
	Local       string // the name within the namespace; "" where there is none
	Description string
	Schema      json.RawMessage // JSON Schema of the input; nil: no input
	Strict      *bool
	// Freeform tools take text instead of JSON (Responses' custom tools). Formats
	// without them get a function with the one string property "input".
	Freeform bool
	Grammar  json.RawMessage // the format of a freeform tool's input, as given; formats without grammars put it into the description
	// Client is Responses' type of a tool that its client runs and whose calls are
	// items of their own ("local_shell", "tool_search"). Everywhere else it is a
	// function as Name, Description and Schema say.
	Client string
	// Server names a tool that the provider itself runs ("web_search"); it has no
	// Schema. Raw is its definition. Only the same format can have it.
	Server string
	Raw    json.RawMessage
	Cache  json.RawMessage
}

// ToolMode says whether tools are called.
type ToolMode string

// The modes; the zero value means that the client did not say.
const (
	ToolAuto ToolMode = "auto"
	ToolNone ToolMode = "none"
	ToolAny  ToolMode = "any"  // at least one call ("required")
	ToolOne  ToolMode = "tool" // ToolChoice.Name
)

// ToolChoice restricts which tools the model calls.
type ToolChoice struct {
	Mode ToolMode
	Name string // the flat name, for ToolOne
}

// Reasoning is how much the model thinks before it answers.
type Reasoning struct {
	// Mode is "enabled" (Budget counts), "adaptive", "disabled", or "" where the client did not say.
	Mode   string
	Effort string // "none", "minimal", "low", "medium", "high", "xhigh", "max", or ""
	Budget int    // tokens; 0: not said
	// Show is true where the client wants to see the thinking or a summary of it.
	Show bool
	// Encrypted is Responses' include "reasoning.encrypted_content".
	Encrypted bool
}

// Output is the form that the answer's text must have.
type Output struct {
	Kind   string // "" (text), "json" (any object), "schema"
	Name   string // of the schema; required by OpenAI's formats, so encoders make one up ("output")
	Schema json.RawMessage
	Strict *bool
	// Verbosity is OpenAI's low, medium, high; "" elsewhere.
	Verbosity string
}

// Drops are the fields that were left out in a translation, as
// "cache_control" or "tools[].web_search"; each once, in the order met.
type Drops []string

// Add notes a field, once.
func (d *Drops) Add(field string) {
	for _, have := range *d {
		if have == field {
			return
		}
	}
	*d = append(*d, field)
}
