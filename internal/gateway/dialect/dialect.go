// Package dialect turns a request in one of the wire formats into what a
// provider's own endpoint takes, and its answer back: the URL, the headers that
// may travel, the small edits of the body that Amazon Bedrock and Google Vertex ask
// for, and Bedrock's event stream as server-sent events.
//
// It sends nothing and knows no credentials: [Upstream.Prepare] says what to
// send, the caller sends it, [Upstream.Answer] makes the response one that a plain
// provider could have given. For most providers both do next to nothing, and the
// body's bytes are the client's.
package dialect

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ringlet/ringlet/routes"
)

// Upstream is how one provider differs from the plain wire formats.
type Upstream struct {
	formats    map[string]string
	dialect    string
	apiVersion string
	names      map[string]string
	signed     bool // headers are signed, so only those travel that are needed
}

// New reads what config.yaml says about a provider.
func New(u routes.Upstream) *Upstream {
	bases := make(map[string]string, len(u.Formats))
	for format, base := range u.Formats {
		bases[format] = strings.TrimRight(base, "/")
	}
	return &Upstream{formats: bases, dialect: u.Dialect, apiVersion: u.APIVersion, names: u.ModelNames, signed: u.AuthHeader == "aws"}
}

// Call is a request as it goes out.
type Call struct {
	Format string // the wire format: routes.Messages, Chat or Responses
	Model  string // as the provider calls it, see [Upstream.Model]
	Stream bool
	Count  bool        // only count the prompt's tokens; of Messages
	Query  string      // the client's, without "?"; "" for none
	Header http.Header // what travels; Prepare changes it
	// Body is called at most once, where the body has to be edited. What it
	// returns is not changed.
	Body func() []byte
}

// Prepared is where a call goes, and with which body.
type Prepared struct {
	URL  string
	Body []byte // nil: the body is right as it is
}

// Model is the model's name in a request to the provider, made of the one in
// the target: Vertex has Gemini's under its publisher's name, and writes the date
// of Claude's after an @ (platform.claude.com/docs/en/about-claude/models/overview).
func (u *Upstream) Model(format, model string) string {
	if id, ok := u.names[model]; ok {
		return id
	}
	switch {
	case u.dialect != "vertex":
	case format == routes.Chat && !strings.Contains(model, "/"):
		return "google/" + model
	case format == routes.Messages:
		name, date := model[:max(0, len(model)-9)], model[max(0, len(model)-9):]
		if strings.HasPrefix(date, "-20") && strings.Trim(date[1:], "0123456789") == "" {
			return name + "@" + date[1:]
		}
	}
	return model
}

// Prepare says where and how to send a call. An error is about the body, which is
// no JSON object.
func (u *Upstream) Prepare(c Call) (Prepared, error) {
	if u.signed {
		keepOnly(c.Header, "Content-Type", "Accept", "Accept-Encoding", "User-Agent", "Anthropic-Beta")
	}
	base := u.formats[c.Format]
	switch {
	case u.dialect == "bedrock" && c.Format == routes.Messages:
		return u.invoke(base, c)
	case u.dialect == "vertex" && c.Format == routes.Messages:
		return u.rawPredict(base, c)
	}
	var out string
	switch c.Format {
	case routes.Messages:
		if c.Header.Get("Anthropic-Version") == "" { // a request that came in another format has none, and must have one
			c.Header.Set("Anthropic-Version", "2023-06-01")
		}
		out = base + "/v1/messages"
		if c.Count {
			out += "/count_tokens"
		}
	case routes.Chat:
		out = base + "/chat/completions"
		if u.dialect == "azure" && u.apiVersion != "" {
			// https://learn.microsoft.com/azure/ai-services/openai/reference
			return Prepared{URL: base + "/deployments/" + url.PathEscape(c.Model) + "/chat/completions?api-version=" + url.QueryEscape(u.apiVersion)}, nil
		}
	default:
		out = base + "/responses"
	}
	if c.Query != "" {
		out += "?" + c.Query
	}
	return Prepared{URL: out}, nil
}

// Answer makes a response one of the plain wire format: call it once, before
// anything of the body is read. It reads nothing itself.
func (u *Upstream) Answer(c Call, resp *http.Response) {
	if c.Format != routes.Messages {
		if resp.StatusCode >= 400 && (u.dialect == "gemini" || u.dialect == "vertex") {
			convert(resp, outOfArray)
		}
		return
	}
	switch {
	case u.dialect != "bedrock" && u.dialect != "vertex":
	case resp.StatusCode >= 400:
		status := resp.StatusCode
		convert(resp, func(body []byte) []byte { return messagesError(status, body) })
	case u.dialect == "bedrock" && c.Count:
		convert(resp, countOfBedrock)
	case u.dialect == "bedrock" && isEventStream(resp.Header):
		resp.Header.Set("Content-Type", "text/event-stream; charset=utf-8")
		resp.Header.Del("Content-Length")
		resp.ContentLength = -1
		resp.Body = newFrames(resp.Body)
	}
}

func keepOnly(h http.Header, names ...string) {
	kept := make(http.Header, len(names))
	for _, name := range names {
		if v, ok := h[name]; ok {
			kept[name] = v
		}
	}
	clear(h)
	for name, v := range kept {
		h[name] = v
	}
}
