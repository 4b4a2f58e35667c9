package providers

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/baseurl"
	"github.com/ringlet/ringlet/internal/strict"
)

// file is a file in providers.d. Pointers and nil maps tell what was not given:
// in an override of a built-in provider that stays as it is.
type file struct {
	ID              string                  `yaml:"id"`
	Name            string                  `yaml:"name"`
	Endpoints       map[string]endpointFile `yaml:"endpoints"`
	DefaultEndpoint string                  `yaml:"default_endpoint"`
	Auth            *authFile               `yaml:"auth"`
	Headers         map[string]string       `yaml:"headers"`
	Settings        map[string]string       `yaml:"settings"` // of a built-in provider; see Setting
	Models          []modelFile             `yaml:"models"`
}

type endpointFile struct {
	Messages  string `yaml:"messages"`
	Chat      string `yaml:"chat"`
	Responses string `yaml:"responses"`
}

type authFile struct {
	Env    string `yaml:"env"`
	Header string `yaml:"header"`
}

type modelFile struct {
	ID         string   `yaml:"id"`
	Input      *float64 `yaml:"input"`
	Output     *float64 `yaml:"output"`
	CacheRead  float64  `yaml:"cache_read"`
	CacheWrite float64  `yaml:"cache_write"`
	Context    int      `yaml:"context"`
	MaxOutput  int      `yaml:"max_output"`
	Formats    []string `yaml:"formats"` // those that this model speaks; none means all of the provider's
}

// parse reads the file of provider id. base is the built-in provider of that
// id, or the zero one. Errors name path, line and column.
func parse(path, id string, data []byte, base Provider) (Provider, error) {
	var f file
	if err := strict.YAML(path, data, &f); err != nil {
		return Provider{}, err
	}
	m := merger{path: path, data: data, file: f, p: base.clone()}
	m.p.Path = path
	m.identity(id)
	m.settings()
	m.endpoints()
	m.auth()
	m.machineCredentials()
	m.headers()
	m.models()
	if m.err != nil {
		return Provider{}, m.err
	}
	return m.p, nil
}

// merger lays a file over a built-in provider, or over nothing. It keeps the
// first error.
type merger struct {
	path string
	data []byte
	file file
	p    Provider
	err  error
}

// bad notes that what stands at the given keys of the file is wrong.
func (m *merger) bad(keys []any, format string, args ...any) {
	if m.err == nil {
		line, column := locate(m.data, keys...)
		m.err = &FileError{Path: m.path, Line: line, Column: column, Problem: fmt.Sprintf(format, args...),
			Remedy: "mend the file; ringlet providers list shows what is read from it"}
	}
}

func at(keys ...any) []any { return keys }

func (m *merger) identity(id string) {
	switch {
	case m.file.ID != id:
		m.bad(at("id"), "the file of the provider %q must be called %s.yaml", m.file.ID, m.file.ID)
	case !isName(id):
		m.bad(at("id"), "id %q is no name: use lower-case letters, digits, dots, dashes and underscores, starting with a letter or digit", id)
	case id == "self" || id == "local":
		m.bad(at("id"), "id %q is reserved", id)
	}
	m.p.ID = id
	if m.file.Name != "" {
		m.p.Name = m.file.Name
	}
	if m.p.Name == "" {
		m.p.Name = id
	}
}

// settings makes a built-in provider's address of what the user has set.
func (m *merger) settings() {
	for _, name := range slices.Sorted(maps.Keys(m.file.Settings)) {
		setting, err := m.p.Setting(name)
		if err != nil {
			m.bad(at("settings", name), "%s", err)
			return
		}
		if err := setting.Check(m.file.Settings[name]); err != nil {
			m.bad(at("settings", name), "%s", err)
			return
		}
	}
	if m.p.Dialect != "" {
		m.p.set(m.file.Settings)
	}
}

func (m *merger) endpoints() {
	if m.file.Endpoints != nil {
		m.p.Endpoints, m.p.placed = map[string]Endpoint{}, true
		if m.file.DefaultEndpoint == "" && m.file.Endpoints[m.p.DefaultEndpoint] == (endpointFile{}) {
			m.p.DefaultEndpoint = "" // the built-in one is not there any more
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.file.Endpoints)) {
		e := m.file.Endpoints[name]
		if !isName(name) {
			m.bad(at("endpoints", name), "endpoint %q is no name: use lower-case letters, digits, dots, dashes and underscores", name)
		}
		bases := Endpoint{}
		for format, base := range map[string]string{Messages: e.Messages, Chat: e.Chat, Responses: e.Responses} {
			if base == "" {
				continue
			}
			if err := baseurl.Check(base); err != nil {
				m.bad(at("endpoints", name, format), "%s", err)
			}
			bases[format] = strings.TrimSuffix(base, "/")
		}
		if len(bases) == 0 {
			m.bad(at("endpoints", name), "endpoint %q has no base URL; give one for messages, chat or responses", name)
		}
		m.p.Endpoints[name] = bases
	}
	m.defaultEndpoint()
}

func (m *merger) defaultEndpoint() {
	names := slices.Sorted(maps.Keys(m.p.Endpoints))
	if m.file.DefaultEndpoint != "" {
		m.p.DefaultEndpoint = m.file.DefaultEndpoint
	}
	switch {
	case len(names) == 0:
		m.bad(at("endpoints"), "endpoints are missing: there must be at least one")
	case m.p.DefaultEndpoint == "" && len(names) == 1:
		m.p.DefaultEndpoint = names[0]
	case m.p.DefaultEndpoint == "":
		m.bad(at("endpoints"), "default_endpoint is missing: say which of %s it is", strings.Join(names, ", "))
	case !slices.Contains(names, m.p.DefaultEndpoint):
		m.bad(at("default_endpoint"), "default_endpoint is %q, which is none of the endpoints: %s", m.p.DefaultEndpoint, strings.Join(names, ", "))
	}
}

func (m *merger) auth() {
	a := m.file.Auth
	if a == nil {
		if m.p.AuthHeader == "" {
			m.bad(at("auth"), "auth is missing: give env and header, or header: none")
		}
		return
	}
	switch a.Header {
	case XAPIKey, APIKey, Bearer, NoAuth:
		m.p.AuthHeader, m.p.AuthFormats = a.Header, nil
	case "":
		if m.p.AuthHeader == "" {
			m.bad(at("auth"), "auth.header is missing: it is x-api-key, bearer, api-key or none")
		}
	default:
		m.bad(at("auth", "header"), "auth.header is %q; it must be x-api-key, bearer, api-key or none", a.Header)
	}
	switch {
	case m.p.AuthHeader == NoAuth:
		m.p.AuthEnv = ""
		if a.Env != "" {
			m.bad(at("auth", "env"), "auth.env names a key, but auth.header none means that none is sent")
		}
	case a.Env != "":
		if !isEnv(a.Env) {
			m.bad(at("auth", "env"), "auth.env is %q, which is not the name of an environment variable (never put the key itself here)", masked(a.Env))
		}
		m.p.AuthEnv, m.p.ownEnv = a.Env, true
	case m.p.AuthEnv == "":
		m.bad(at("auth"), "auth.env is missing: name the environment variable that the key may be in, as in MY_GATEWAY_KEY")
	}
}

// machineCredentials refuses to send what the machine holds for a whole cloud
// account to another host than the cloud's.
func (m *merger) machineCredentials() {
	if m.p.AuthHeader != AWS && m.p.AuthHeader != Google {
		return
	}
	for _, base := range m.p.Bases() {
		if origin, err := baseurl.Origin(base); err == nil && !m.p.own.has(origin) {
			m.bad(at("endpoints"), "the credentials of %s are not sent to %s; name a key for it in auth", m.p.Name, origin)
		}
	}
}

func (m *merger) headers() {
	if m.file.Headers == nil {
		return
	}
	m.p.Headers = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(m.file.Headers)) {
		value := m.file.Headers[name]
		switch {
		case !isHeaderName(name):
			m.bad(at("headers", name), "header name %q has characters that it cannot have", name)
		case slices.Contains(reservedHeaders(), strings.ToLower(name)):
			m.bad(at("headers", name), "the header %q is set by ringlet itself; a key belongs into auth", name)
		case !isHeaderValue(value):
			m.bad(at("headers", name), "the value of the header %q has characters that it cannot have", name)
		}
		m.p.Headers[name] = value
	}
}

func (m *merger) models() {
	if m.file.Models == nil {
		return
	}
	m.p.Models = nil
	for i, f := range m.file.Models {
		prices := []float64{f.CacheRead, f.CacheWrite}
		for _, p := range []*float64{f.Input, f.Output} {
			if p != nil {
				prices = append(prices, *p)
			}
		}
		_, twice := m.p.Model(f.ID)
		switch {
		case !isModel(f.ID):
			m.bad(at("models", i, "id"), "model id %q must be 1 to 200 characters without spaces or quotes", f.ID)
		case twice:
			m.bad(at("models", i, "id"), "the model %q is there twice", f.ID)
		case (f.Input == nil) != (f.Output == nil):
			m.bad(at("models", i), "the model %q has a price for input or output only; give both, or neither where they are not known", f.ID)
		case f.Input == nil && (f.CacheRead != 0 || f.CacheWrite != 0):
			m.bad(at("models", i), "the model %q has a price for its cache only; give input and output too", f.ID)
		case slices.ContainsFunc(prices, func(p float64) bool { return !(p >= 0) || math.IsInf(p, 1) }):
			m.bad(at("models", i), "the model %q has a price that is not a number of dollars", f.ID)
		case f.MaxOutput < 0:
			m.bad(at("models", i, "max_output"), "the model %q has a negative max_output", f.ID)
		case f.Context < 0:
			m.bad(at("models", i, "context"), "the model %q has a negative context", f.ID)
		}
		model := Model{ID: f.ID, CacheRead: f.CacheRead, CacheWrite: f.CacheWrite, Context: f.Context, MaxOutput: f.MaxOutput}
		if f.Input != nil && f.Output != nil {
			model.Priced, model.Input, model.Output = true, *f.Input, *f.Output
		}
		m.p.Models = append(m.p.Models, model)
		for _, format := range f.Formats {
			if format != Messages && format != Chat && format != Responses {
				m.bad(at("models", i, "formats"), "the model %q has the wire format %q; there are messages, chat and responses", f.ID, format)
			}
		}
		if len(f.Formats) > 0 {
			m.p.Formats = slices.Insert(slices.Clone(m.p.Formats), 0, ModelFormats{f.ID, f.Formats})
		}
	}
}
