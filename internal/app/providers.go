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
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	Source          string         `json:"source"` // "built-in" or the file in providers.d
	Formats         []string       `json:"formats"`
	Auth            string         `json:"auth"` // x-api-key, bearer or none
	KeyEnv          string         `json:"key_env"`
	KeySource       string         `json:"key_source"`            // where a key was found, or ""
	KeyProblem      string         `json:"key_problem,omitempty"` // why the key that is there cannot be used
	DefaultEndpoint string         `json:"default_endpoint"`
	Endpoints       []EndpointInfo `json:"endpoints"`
	Models          []ModelInfo    `json:"models"`
}

// EndpointInfo is one of a provider's endpoints: base URLs by wire format.
type EndpointInfo struct {
	Name  string            `json:"name"`
	Bases map[string]string `json:"bases"`
}

// ModelInfo is one model and its price, in US dollars per million tokens.
type ModelInfo struct {
	ID         string  `json:"id"`
	Input      float64 `json:"input"`
	Output     float64 `json:"output"`
	CacheRead  float64 `json:"cache_read"`
	CacheWrite float64 `json:"cache_write"`
	Context    int64   `json:"context"` // tokens
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
	info := ProviderInfo{ID: p.ID, Name: p.Name, Source: "built-in", Auth: p.AuthHeader, KeyEnv: p.AuthEnv, DefaultEndpoint: p.DefaultEndpoint,
		Formats: SortedKeys(p.Endpoints[p.DefaultEndpoint]), Models: []ModelInfo{}}
	if p.Path != "" {
		info.Source = p.Path
	}
	for _, name := range SortedKeys(p.Endpoints) {
		info.Endpoints = append(info.Endpoints, EndpointInfo{name, p.Endpoints[name]})
	}
	for _, m := range p.Models {
		info.Models = append(info.Models, ModelInfo{m.ID, m.Input, m.Output, m.CacheRead, m.CacheWrite, int64(m.Context)})
	}
	if p.AuthHeader != "none" {
		var err error
		if info.KeySource, err = a.keySource(p, p.DefaultEndpoint); err != nil && !errors.As(err, new(*secrets.MissingError)) {
			info.KeyProblem = sentence(err)
		}
	}
	return info
}

// shellOnly is the source of a key that the shell has and a service does not see.
const shellOnly = "shell only"

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
	_, source, err := a.Secrets.Key(p.ID, p.KeyEnv(e), e[formats[0]])
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
	if p.AuthHeader == providers.NoAuth {
		return nil, fault.New(fault.Usage, "use it as it is", "%s needs no key", p.Name)
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
		}
	}
	return reloaded, errors.Join(append(failed, broken...)...)
}

// SortedKeys lists a map's keys in order.
func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
