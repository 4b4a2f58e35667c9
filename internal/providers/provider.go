package providers

import (
	"maps"
	"slices"

	"github.com/ringlet/ringlet/internal/baseurl"
	"github.com/ringlet/ringlet/internal/nearest"
)

// The wire formats by which an endpoint's base URLs are named.
const (
	Messages  = "messages"  // Anthropic Messages: {base}/v1/messages
	Chat      = "chat"      // OpenAI Chat Completions: {base}/chat/completions
	Responses = "responses" // OpenAI Responses: {base}/responses
)

// The ways in which a provider takes its key.
const (
	XAPIKey = "x-api-key" // x-api-key: KEY
	APIKey  = "api-key"   // api-key: KEY, Azure's
	Bearer  = "bearer"    // Authorization: Bearer KEY
	AWS     = "aws"       // a Bedrock API key as bearer where there is one, or else signed with the AWS credentials of this machine
	Google  = "google"    // an access token made from Google's application default credentials
	Client  = "client"    // the agent's own login, of the provider self
	NoAuth  = "none"
)

// The dialects: how an upstream differs from the plain wire formats.
const (
	Azure   = "azure"   // the model is a deployment in the path
	Bedrock = "bedrock" // Messages by InvokeModel
	Gemini  = "gemini"  // errors in an array
	Vertex  = "vertex"  // Messages by rawPredict
)

// Endpoint is one place of a provider: base URLs by wire format.
type Endpoint map[string]string

// Provider is where models are served, and how it is asked.
type Provider struct {
	ID              string
	Name            string
	Endpoints       map[string]Endpoint // by name, such as "international"
	DefaultEndpoint string
	AuthEnv         string // the key's name in the environment; "" when AuthHeader is NoAuth
	AuthHeader      string // XAPIKey, APIKey, Bearer, AWS, Google, Client or NoAuth
	// AuthFormats has the wire formats that take the key in another header than AuthHeader.
	AuthFormats map[string]string
	Headers     map[string]string
	// Dialect is Azure, Bedrock, Gemini, Vertex, or "" for the plain wire formats.
	Dialect string
	// Formats restricts models to wire formats, the first match counting; in each
	// the preferred format for a translated request stands first.
	Formats []ModelFormats
	// Names are other names of models: documented short ones, and at Bedrock Anthropic's own.
	Names map[string]string
	// Settings are what only the user knows, such as an Azure resource; Values is
	// what is known of them, defaults included.
	Settings []Setting
	Values   map[string]string
	Models   []Model
	// Large and Small are the models that the provider is best known for, and for
	// small requests; "" where none stands out.
	Large, Small string
	BuiltIn      bool   // known to the program itself
	Path         string // the file in providers.d that defines or overrides it, or ""

	ownEnv bool  // AuthEnv was named by the file itself
	own    hosts // what the program itself knows as this provider's
	placed bool  // the user's file says the addresses, so that no setting is missing
}

// ModelFormats says which wire formats the models speak whose names match.
type ModelFormats struct {
	Models  string // a name in which * stands for anything
	Formats []string
}

// NeedsKey reports whether nothing can be sent without a key of ringlet's own.
func (p Provider) NeedsKey() bool {
	switch p.AuthHeader {
	case NoAuth, AWS, Google, Client:
		return false
	}
	return true
}

// TakesKey reports whether a key can be stored for the provider.
func (p Provider) TakesKey() bool { return p.AuthEnv != "" }

// Model is one model of a provider.
type Model struct {
	ID string
	// Priced says whether the prices are known. They are US dollars per million tokens.
	Priced     bool
	Input      float64
	Output     float64
	CacheRead  float64
	CacheWrite float64
	AsOf       string // the date of the prices, YYYY-MM-DD; "" for the user's own
	Context    int    // the context window in tokens; 0 where it is not known
	MaxOutput  int    // the longest answer in tokens; 0 where it is not known
}

// Endpoint is the endpoint of that name; "" and, unless there is one of that
// name, "default" mean the provider's default. An unknown one is a *NotFoundError.
func (p Provider) Endpoint(name string) (Endpoint, error) {
	e, ok := p.Endpoints[name]
	if !ok && (name == "" || name == "default") {
		e, ok = p.Endpoints[p.DefaultEndpoint]
	}
	if !ok {
		have := slices.Sorted(maps.Keys(p.Endpoints))
		return nil, &NotFoundError{What: "endpoint", Name: name, In: p.ID, Nearest: nearest.Names(name, have, 5),
			List: "ringlet providers inspect " + p.ID}
	}
	if missing := p.Missing(); len(missing) > 0 {
		return nil, &SettingsError{Provider: p.ID, Missing: missing}
	}
	return e, nil
}

// KeyEnv is the environment variable whose key may be sent to the endpoint e,
// or "". The variable of a built-in provider holds a key for that provider's
// own hosts: where a file in providers.d points elsewhere, it is not used
// unless the file names it.
func (p Provider) KeyEnv(e Endpoint) string {
	if p.AuthHeader == NoAuth || p.AuthHeader == Google || p.AuthHeader == Client {
		return ""
	}
	if !p.BuiltIn || p.ownEnv {
		return p.AuthEnv
	}
	for _, base := range e {
		origin, err := baseurl.Origin(base)
		if err != nil || !p.own.has(origin) {
			return ""
		}
	}
	return p.AuthEnv
}

// Bases are all base URLs of the provider, each once, sorted: what a key that
// is entered for the provider is for.
func (p Provider) Bases() []string {
	var out []string
	for _, e := range p.Endpoints {
		for _, base := range e {
			out = append(out, base)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Model is the model with that id.
func (p Provider) Model(id string) (Model, bool) {
	i := slices.IndexFunc(p.Models, func(m Model) bool { return m.ID == id })
	if i < 0 {
		return Model{}, false
	}
	return p.Models[i], true
}

// clone is a copy that shares nothing with p.
func (p Provider) clone() Provider {
	p.Endpoints = maps.Clone(p.Endpoints)
	for name, e := range p.Endpoints {
		p.Endpoints[name] = maps.Clone(e)
	}
	p.Headers = maps.Clone(p.Headers)
	p.AuthFormats = maps.Clone(p.AuthFormats)
	p.Values = maps.Clone(p.Values)
	p.Names = maps.Clone(p.Names)
	p.Models = slices.Clone(p.Models)
	return p
}
