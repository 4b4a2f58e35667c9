package gatewaytest

import (
	"encoding/json"
	"strings"
)

// stage is how much of a stream is sent.
type stage int

const (
	opening stage = iota // what comes before the first content
	half                 // the first words of content too
	all
)

// voice speaks one wire format.
type voice interface {
	// read is the conversation in a request's body.
	read(body []byte) conversation
	// stream is an answer up to a stage; where it says text, in these pieces.
	stream(a Answer, upTo stage, pieces []string) []Event
	whole(a Answer) []byte
	errorEvent(kind, text string) Event
	failure(status int, text string) []byte
	// refuse is what the real API would answer to a bad request: a status and a
	// sentence, or 0.
	refuse(r *Request) (int, string)
}

// voiceOf goes by the path's end; nil where there is no such path.
func voiceOf(path string) voice {
	switch {
	case strings.HasSuffix(path, "/v1/messages"), strings.HasSuffix(path, "/v1/messages/count_tokens"):
		return messagesVoice{}
	case strings.HasSuffix(path, "/chat/completions"):
		return chatVoice{}
	case strings.HasSuffix(path, "/responses"):
		return responsesVoice{}
	}
	return nil
}

// conversation is the part of a request that the scripted model looks at.
type conversation struct {
	Model  string
	Stream bool
	// LastUser is the newest user's text, where no tool's result is newer.
	LastUser string
	// Result is the newest tool's result, where it is newer than the user's words.
	Result    string
	HasResult bool
	Tools     []offered
	Schema    *schema // of the answer; nil for text
	Usage     bool    // a usage chunk is wanted (Chat)
}

// offered is a tool that the model may call.
type offered struct {
	name      string
	namespace string // Responses
	schema    schema
	freeform  bool
}

// shells are the names under which agents offer a shell.
func (c *conversation) shell() (offered, bool) {
	for _, want := range []string{"bash", "exec_command", "shell_command", "shell", "execute", "run_terminal_command"} {
		for _, t := range c.Tools {
			if strings.EqualFold(t.name, want) {
				return t, true
			}
		}
	}
	return offered{}, false
}

// input calls the tool with a shell command: it goes where the tool's schema
// has a place for it, and every other required field gets an example.
func (t offered) input(command string) map[string]any {
	out := map[string]any{}
	for name, p := range t.schema.Properties {
		switch {
		case (name == "command" || name == "cmd") && p.Type == "array":
			out[name] = []string{"bash", "-lc", command}
		case name == "command" || name == "cmd":
			out[name] = command
		case t.schema.requires(name) && name == "description":
			out[name] = "Run what the prompt asks for"
		case t.schema.requires(name):
			out[name] = p.example()
		}
	}
	if len(t.schema.Properties) == 0 {
		out["command"] = command
		out["description"] = "Run what the prompt asks for"
	}
	return out
}

// data is a server-sent event without a name, as OpenAI's Chat format has it.
func data(v any) Event { return Event{Raw: "data: " + string(mustJSON(v)) + "\n\n"} }

// texts reads content in any of the forms that the formats have: a string, or a
// list of parts with a text.
type texts string

// UnmarshalJSON takes both forms.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*t = texts(s)
		return nil
	}
	var list []struct {
		Text string `json:"text"`
	}
	err := json.Unmarshal(raw, &list)
	var out []string
	for _, p := range list {
		if p.Text != "" {
			out = append(out, p.Text)
		}
	}
	*t = texts(strings.Join(out, "\n"))
	return err
}
