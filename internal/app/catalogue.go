package app

import (
	"maps"

	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/routes"
)

// Catalogue answers the profile store's questions from the provider catalogue.
type Catalogue struct{ *providers.Catalogue }

// Upstream is how a provider's endpoint is reached; "" and "default" are the
// provider's default endpoint.
func (c Catalogue) Upstream(provider, endpoint string) (routes.Upstream, error) {
	p, err := c.Provider(provider)
	if err != nil {
		return routes.Upstream{}, err
	}
	e, err := p.Endpoint(endpoint)
	if err != nil {
		return routes.Upstream{}, err
	}
	return upstream(p, e), nil
}

// upstream is how the endpoint e of p is reached.
func upstream(p providers.Provider, e providers.Endpoint) routes.Upstream {
	up := routes.Upstream{Formats: maps.Clone(e), AuthHeader: p.AuthHeader, KeyEnv: p.KeyEnv(e), AuthFormats: p.AuthFormats, Headers: p.Headers,
		Dialect: p.Dialect, APIVersion: p.Values["api_version"], Region: p.Values["region"], AWSProfile: p.Values["profile"],
		CredentialsFile: p.Values["credentials_file"]}
	if p.AuthHeader == providers.Client {
		up = routes.SelfUpstream()
	}
	if p.Dialect == providers.Bedrock { // elsewhere names are resolved in targets only
		up.ModelNames = p.Names
	}
	for _, m := range p.Formats {
		up.ModelFormats = append(up.ModelFormats, routes.ModelFormats{Models: m.Models, Formats: m.Formats})
	}
	return up
}

// Limits are a model's sizes, as far as the catalogue knows them.
func (c Catalogue) Limits(provider, id string) (routes.Limits, error) {
	p, err := c.Provider(provider)
	if err != nil {
		return routes.Limits{}, err
	}
	m, _ := p.Model(id)
	return routes.Limits{Context: m.Context, Output: m.MaxOutput}, nil
}

// Prices are those of all models of a provider that have one.
func (c Catalogue) Prices(provider string) (map[string]routes.Price, error) {
	p, err := c.Provider(provider)
	if err != nil {
		return nil, err
	}
	out := map[string]routes.Price{}
	for _, m := range p.Models {
		if m.Priced {
			out[m.ID] = price(m)
		}
	}
	return out, nil
}

func price(m providers.Model) routes.Price {
	return routes.Price{Input: m.Input, Output: m.Output, CacheRead: m.CacheRead, CacheWrite: m.CacheWrite, AsOf: m.AsOf}
}

// Model resolves a model's name to the provider's own id, and finds its price.
func (c Catalogue) Model(provider, model string) (id string, found *routes.Price, known bool, nearest []string, err error) {
	id, known, nearest, err = c.ResolveModel(provider, model)
	if err != nil {
		return "", nil, false, nil, err
	}
	p, err := c.Provider(provider)
	if err != nil {
		return "", nil, false, nil, err
	}
	if m, ok := p.Model(id); ok && m.Priced {
		known := price(m)
		found = &known
	}
	return id, found, known, nearest, nil
}
