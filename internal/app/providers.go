package app

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/ringlet/ringlet/internal/baseurl"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/internal/secrets"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/routes"
)

// ProviderInfo is a provider as it is listed. Prices are US dollars per million tokens.
type ProviderInfo struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Source  string   `json:"source"` // "built-in" or the file in providers.d
	Formats []string `json:"formats"`
	Auth    string   `json:"auth"` // x-api-key, api-key, bearer, aws, google, client or none
	// AuthFormats has the formats that take the key in another header than Auth.
	AuthFormats     map[string]string `json:"auth_formats"`
	KeyEnv          string            `json:"key_env"`
	KeySource       string            `json:"key_source"`            // where a key was found, or ""
	KeyProblem      string            `json:"key_problem,omitempty"` // why the key that is there cannot be used
	DefaultEndpoint string            `json:"default_endpoint"`
	Endpoints       []EndpointInfo    `json:"endpoints"`
	Settings        []SettingInfo     `json:"settings"`
	SettingsProblem string            `json:"settings_problem,omitempty"` // what has to be set before it can be used
	Models          []ModelInfo       `json:"models"`
}

// SettingInfo is a setting of a provider and its value.
type SettingInfo struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	About    string `json:"about"`
	Example  string `json:"example"`
	Optional bool   `json:"optional"`
}

// EndpointInfo is one of a provider's endpoints: base URLs by wire format.
type EndpointInfo struct {
	Name  string            `json:"name"`
	Bases map[string]string `json:"bases"`
}

// ModelInfo is one model and its price, in US dollars per million tokens.
type ModelInfo struct {
	ID         string   `json:"id"`
	Priced     bool     `json:"priced"` // whether there is a price per token, and it is known
	Input      float64  `json:"input"`
	Output     float64  `json:"output"`
	CacheRead  float64  `json:"cache_read"`
	CacheWrite float64  `json:"cache_write"`
	AsOf       string   `json:"as_of,omitempty"` // the date of the prices
	Context    int64    `json:"context"`         // tokens; 0 where it is not known
	Formats    []string `json:"formats"`         // the preferred one first
}

// Providers lists the providers by id.
func (a *App) Providers() []ProviderInfo {
	for _, err := range a.Catalogue.Problems() {
		a.warn("%v", err)
	}
	out := []ProviderInfo{}
	for _, p := range a.Catalogue.List() {
		out = append(out, a.providerInfo(p))
	}
	return out
}

// Provider describes one provider.
func (a *App) Provider(id string) (ProviderInfo, error) {
	p, err := a.Catalogue.Provider(id)
	if err != nil {
		return ProviderInfo{}, err
	}
	return a.providerInfo(p), nil
}

func (a *App) providerInfo(p providers.Provider) ProviderInfo {
	info := ProviderInfo{ID: p.ID, Name: p.Name, Source: "built-in", Auth: p.AuthHeader, AuthFormats: orEmpty(p.AuthFormats), KeyEnv: p.AuthEnv, DefaultEndpoint: p.DefaultEndpoint,
		Formats: SortedKeys(p.Endpoints[p.DefaultEndpoint]), Models: []ModelInfo{}, Settings: []SettingInfo{}}
	if p.Path != "" {
		info.Source = p.Path
	}
	for _, name := range SortedKeys(p.Endpoints) {
		info.Endpoints = append(info.Endpoints, EndpointInfo{name, p.Endpoints[name]})
	}
	for _, s := range p.Settings {
		info.Settings = append(info.Settings, SettingInfo{s.Name, p.Values[s.Name], s.About, s.Example, s.Optional})
	}
	up := upstream(p, p.Endpoints[p.DefaultEndpoint])
	for _, m := range p.Models {
		info.Models = append(info.Models, ModelInfo{m.ID, m.Priced, m.Input, m.Output, m.CacheRead, m.CacheWrite, m.AsOf, int64(m.Context), up.FormatsFor(m.ID)})
	}
	_, err := p.Endpoint("")
	if errors.As(err, new(*providers.SettingsError)) {
		info.SettingsProblem = sentence(err)
		return info
	}
	if p.AuthHeader != providers.NoAuth {
		if info.KeySource, err = a.keySource(p, p.DefaultEndpoint); err != nil && !errors.As(err, new(*secrets.MissingError)) {
			info.KeyProblem = sentence(err)
		}
	}
	return info
}

// shellOnly is the source of a key that the shell has and a service does not see.
const shellOnly = "shell only"

// Where the credentials of a whole cloud account come from. They are looked for
// when a request needs them.
const (
	fromAWS    = "AWS credentials"
	fromGoogle = "Google credentials"
)

// use is a provider's endpoint that a profile may send to.
type use struct {
	provider providers.Provider
	endpoint string
}

// uses lists where a profile may send to: its own provider, then those of its
// rules and aliases, each once, by name.
func (a *App) uses(p profiles.Profile) []use {
	names := map[string]bool{p.Provider: true}
	for _, r := range p.Proxy.Rules {
		if t, err := routes.ParseTarget(r.Target); err == nil {
			names[t.Provider] = true
		}
	}
	for _, to := range p.Proxy.Aliases {
		if t, err := routes.ParseTarget(to); err == nil {
			names[t.Provider] = true
		}
	}
	var out []use
	for _, name := range SortedKeys(names) {
		provider, err := a.Catalogue.Provider(name)
		if err != nil {
			continue // Update refused it, or its file has gone since; the engine's own copy still works
		}
		u := use{provider, provider.DefaultEndpoint}
		if name == p.Provider && p.Endpoint != "" && p.Endpoint != "default" {
			u.endpoint = p.Endpoint
		}
		out = append(out, u)
	}
	return out
}

// keySource says where the key for an endpoint would come from. A key that only
// the shell has does not count for an engine that systemd runs.
func (a *App) keySource(p providers.Provider, endpoint string) (string, error) {
	e, err := p.Endpoint(endpoint)
	if err != nil {
		return "", err
	}
	formats := SortedKeys(e)
	if len(formats) == 0 {
		return "", nil
	}
	// An endpoint's formats share a key, and the check of its host is the same.
	switch p.AuthHeader {
	case providers.Google:
		return fromGoogle, nil
	case providers.Client:
		return fromAgent, nil
	}
	_, source, err := a.Secrets.Key(p.ID, p.KeyEnv(e), e[formats[0]])
	if p.AuthHeader == providers.AWS && errors.As(err, new(*secrets.MissingError)) {
		return fromAWS, nil
	}
	if err != nil {
		return "", err
	}
	if source == secrets.FromEnvironment {
		source = shellOnly
	}
	return source, nil
}

// LoginResult is what login did.
type LoginResult struct {
	Path     string
	Origins  []string // the hosts that the key is for
	Reloaded []string // profiles whose running engine took it up
}

// LoginBases are the base URLs that a key for an endpoint, or with "" for all of
// the provider's, would be sent to. It refuses what [App.Login] would, so that
// nobody is asked for a key in vain.
func (a *App) LoginBases(provider, endpoint string) ([]string, error) {
	p, err := a.Catalogue.Provider(provider)
	if err != nil {
		return nil, err
	}
	if !p.TakesKey() {
		hint := "use it as it is"
		if p.AuthHeader == providers.Google {
			hint = "log in to Google Cloud: gcloud auth application-default login"
		}
		if p.AuthHeader == providers.Client {
			hint = "log in with the agent itself: ringlet profiles run <alias>"
		}
		return nil, fault.New(fault.Usage, hint, "%s takes no key", p.Name)
	}
	if _, err := p.Endpoint(endpoint); err != nil {
		return nil, err
	}
	if endpoint == "" {
		// A provider's regions may share accounts, and all of them are the provider's own.
		return p.Bases(), nil
	}
	e, err := p.Endpoint(endpoint)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Values(e)), nil
}

// Login stores a key for the hosts of [App.LoginBases] and lets running engines
// take it up. With an error and a Path the key is stored all the same.
func (a *App) Login(ctx context.Context, provider, endpoint string, key secrets.Secret) (LoginResult, error) {
	urls, err := a.LoginBases(provider, endpoint)
	if err != nil {
		return LoginResult{}, err
	}
	if err := a.Secrets.Put(provider, key, urls...); err != nil {
		return LoginResult{}, err
	}
	r := LoginResult{Path: a.Secrets.Path(provider)}
	for _, u := range urls {
		if origin, err := baseurl.Origin(u); err == nil && !slices.Contains(r.Origins, origin) {
			r.Origins = append(r.Origins, origin)
		}
	}
	slices.Sort(r.Origins)
	r.Reloaded, err = a.reloadAll(ctx)
	return r, err
}

// LogoutResult is what logout did.
type LogoutResult struct{ Removed bool }

// Logout forgets a stored key, and lets running engines forget it.
func (a *App) Logout(ctx context.Context, provider string) (LogoutResult, error) {
	// A key can outlive its provider's file; what has one can be logged out.
	if _, err := a.Catalogue.Provider(provider); err != nil {
		if _, getErr := a.Secrets.Get(provider); getErr != nil {
			return LogoutResult{}, err
		}
	}
	removed, err := a.Secrets.Delete(provider)
	if err != nil || !removed {
		return LogoutResult{}, err
	}
	_, err = a.reloadAll(ctx)
	return LogoutResult{Removed: true}, err
}

// reloadAll lets every running engine read its keys anew.
func (a *App) reloadAll(ctx context.Context) ([]string, error) {
	list, broken := a.Profiles.List(ctx)
	var reloaded []string
	var failed []error
	for _, p := range list {
		if !p.Proxy.Enabled {
			continue
		}
		switch applied, err := a.Reload(ctx, p.Alias.String()); {
		case err != nil:
			failed = append(failed, err)
		case applied == Live:
			reloaded = append(reloaded, p.Alias.String())
		case applied == NeedsRestart:
			a.warn("ultrallm, the engine of %q, reads keys only when it starts: ringlet proxy restart %s", p.Alias, p.Alias)
		}
	}
	return reloaded, errors.Join(append(failed, broken...)...)
}

// SortedKeys lists a map's keys in order.
func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
