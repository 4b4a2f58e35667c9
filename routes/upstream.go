package routes

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/baseurl"
)

// Upstream is how a provider is reached.
type Upstream struct {
	Formats    map[string]string `yaml:"formats"`           // base URL by wire format: messages, chat, responses
	AuthHeader string            `yaml:"auth_header"`       // x-api-key, api-key, bearer, aws, google, client or none
	KeyEnv     string            `yaml:"key_env,omitempty"` // the key's name, never the key
	// AuthFormats has the wire formats that take the key in another header than AuthHeader.
	AuthFormats map[string]string `yaml:"auth_formats,omitempty"`
	Headers     map[string]string `yaml:"headers,omitempty"`
	// ModelFormats restricts models to wire formats; the first match counts, and
	// a model that none matches speaks all. The first format of a match is the
	// preferred one for a request that has to be translated.
	ModelFormats []ModelFormats `yaml:"model_formats,omitempty"`

	// ModelNames has the provider's own ids of models that agents ask for by another name.
	ModelNames map[string]string `yaml:"model_names,omitempty"`

	// Dialect is azure, bedrock, gemini or vertex where URL, body or errors differ from the plain wire formats.
	Dialect         string `yaml:"dialect,omitempty"`
	APIVersion      string `yaml:"api_version,omitempty"`      // azure: the version for deployment URLs; "" means the v1 API
	Region          string `yaml:"region,omitempty"`           // aws: what signatures are for
	AWSProfile      string `yaml:"aws_profile,omitempty"`      // aws: the section in ~/.aws/config
	CredentialsFile string `yaml:"credentials_file,omitempty"` // google: where it is not gcloud's
	ChatGPT         string `yaml:"chatgpt,omitempty"`          // client: where Responses go that come with a ChatGPT login
}

// ModelFormats says which wire formats the models speak whose names match.
type ModelFormats struct {
	Models  string   `yaml:"models"` // a name in which * stands for anything
	Formats []string `yaml:"formats"`
}

// FormatsFor lists the wire formats in which a model can be asked here, the one
// first that a request in a format of none of them should be translated into.
func (u Upstream) FormatsFor(model string) []string {
	// Messages first: it says the most about thinking, caching and tools; chat
	// next, as a provider's Responses are often a beta or stateless.
	order := []string{Messages, Chat, Responses}
	for _, m := range u.ModelFormats {
		if matches(m.Models, model) {
			order = m.Formats
			break
		}
	}
	var out []string
	for _, format := range order {
		if u.Formats[format] != "" {
			out = append(out, format)
		}
	}
	return out
}

// Pick is the wire format to send a request in that came in the format client:
// that one where the model speaks it, or else the one to translate into; "" where
// there is none.
func (u Upstream) Pick(client, model string) string {
	formats := u.FormatsFor(model)
	switch {
	case slices.Contains(formats, client):
		return client
	case len(formats) > 0:
		return formats[0]
	}
	return ""
}

// Auth is the header by which a wire format takes its key.
func (u Upstream) Auth(format string) string {
	if h, ok := u.AuthFormats[format]; ok {
		return h
	}
	return u.AuthHeader
}

// matches compares a name with a pattern in which * stands for anything, "" included.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, ok := strings.Cut(name, part)
		if !ok {
			return false
		}
		name = after
	}
	return strings.HasSuffix(name, last)
}

func isFormat(s string) bool { return s == Messages || s == Chat || s == Responses }

func (u Upstream) check() error {
	if len(u.Formats) == 0 {
		return fmt.Errorf("it has no base URL")
	}
	for format, base := range u.Formats {
		if !isFormat(format) {
			return fmt.Errorf("unknown wire format %q; there are messages, chat and responses", format)
		}
		if err := baseurl.Check(base); err != nil {
			return err
		}
	}
	for _, m := range u.ModelFormats {
		if m.Models == "" || len(m.Formats) == 0 {
			return fmt.Errorf("model_formats has an entry without models or formats")
		}
		for _, format := range m.Formats {
			if !isFormat(format) {
				return fmt.Errorf("model_formats %q: unknown wire format %q; there are messages, chat and responses", m.Models, format)
			}
		}
	}
	for format, header := range u.AuthFormats {
		if !isFormat(format) || header != "x-api-key" && header != "bearer" && header != "api-key" {
			return fmt.Errorf("auth_formats has %s: %q; it is a wire format, and x-api-key, bearer or api-key", format, header)
		}
	}
	if u.ChatGPT != "" && u.AuthHeader != "client" {
		return fmt.Errorf("chatgpt is for auth_header client only")
	}
	if err := u.checkAuth(); err != nil {
		return err
	}
	return u.checkDialect()
}

func (u Upstream) checkAuth() error {
	switch u.AuthHeader {
	case "x-api-key", "api-key", "bearer", "none":
		return nil
	case "aws":
		if u.Region == "" {
			return fmt.Errorf("auth_header aws needs a region")
		}
		return u.hostsEndIn(".amazonaws.com")
	case "google":
		// A Google access token is good for a whole account.
		return u.hostsEndIn(".googleapis.com")
	case "client":
		return u.checkClient()
	}
	return fmt.Errorf("auth_header is %q; it must be x-api-key, api-key, bearer, aws, google, client or none", u.AuthHeader)
}

func (u Upstream) hostsEndIn(suffix string) error {
	for _, base := range u.Formats {
		if parsed, err := url.Parse(base); err != nil || !strings.HasSuffix(parsed.Hostname(), suffix) {
			return fmt.Errorf("the credentials of auth_header %s are for hosts that end in %s, not for %s", u.AuthHeader, suffix, base)
		}
	}
	return nil
}

func (u Upstream) checkDialect() error {
	switch u.Dialect {
	case "", "azure", "bedrock", "gemini", "vertex":
	default:
		return fmt.Errorf("dialect is %q; it must be azure, bedrock, gemini, vertex or left out", u.Dialect)
	}
	if u.APIVersion != "" && u.Dialect != "azure" {
		return fmt.Errorf("api_version is for the dialect azure only")
	}
	return nil
}
