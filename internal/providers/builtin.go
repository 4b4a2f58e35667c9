package providers

import (
	"cmp"
	"slices"
	"strings"

	"charm.land/catwalk/pkg/catwalk"
	"charm.land/catwalk/pkg/embedded"
	"github.com/ringlet/ringlet/internal/baseurl"
)

// builtIns are catwalk's providers under our overlays, and the overlays' own.
func builtIns() []Provider {
	known := map[string]overlay{}
	for _, o := range overlays() {
		known[o.id] = o
	}
	var out []Provider
	for _, c := range embedded.GetAll() {
		o, ok := known[string(c.ID)]
		if !ok {
			o = plain(c)
		}
		delete(known, o.id)
		out = append(out, o.provider(c))
	}
	for _, o := range known {
		out = append(out, o.provider(catwalk.Provider{}))
	}
	return append(out, self(out))
}

// plain is a provider that needs no overlay: it speaks OpenAI's chat format at the
// address that catwalk has, and takes a bearer token.
func plain(c catwalk.Provider) overlay {
	return overlay{id: string(c.ID), endpoints: one(Endpoint{Chat: strings.TrimSuffix(c.APIEndpoint, "/")})}
}

// provider is the overlay on what catwalk says. Of catwalk's default headers
// none is taken: they name another program (Crush) as the sender.
func (o overlay) provider(c catwalk.Provider) Provider {
	p := Provider{
		ID: o.id, Name: cmp.Or(o.name, c.Name), Endpoints: o.endpoints, DefaultEndpoint: cmp.Or(o.defaultEndpoint, "default"),
		AuthEnv: cmp.Or(o.env, strings.TrimPrefix(c.APIKey, "$")), AuthHeader: cmp.Or(o.header, Bearer), AuthFormats: o.authFormats,
		Headers: o.headers, Formats: o.formats, BuiltIn: true, Models: o.models,
		Names: o.short, Dialect: o.dialect, Large: c.DefaultLargeModelID, Small: c.DefaultSmallModelID,
	}
	if o.special != nil {
		p.Dialect, p.Settings = o.special.dialect, o.special.settings
		p.set(nil)
	}
	for _, m := range c.Models {
		if _, replaced := p.Model(m.ID); !replaced {
			p.Models = append(p.Models, model(m))
		}
	}
	slices.SortFunc(p.Models, func(a, b Model) int { return cmp.Compare(a.ID, b.ID) })
	if p.Dialect == Bedrock {
		p.Names = anthropicNames(p.Models)
	}
	p.own = ownHosts(o)
	return p
}

// hosts are the places that a built-in provider's key variable is for.
type hosts struct {
	origins  []string
	patterns []string // for addresses that are made of settings
}

func (h hosts) has(origin string) bool {
	return slices.Contains(h.origins, origin) || matchesHost(h.patterns, origin)
}

func ownHosts(o overlay) hosts {
	if o.special != nil {
		return hosts{patterns: o.special.hosts}
	}
	var h hosts
	for _, e := range o.endpoints {
		for _, base := range e {
			if origin, err := baseurl.Origin(base); err == nil && !slices.Contains(h.origins, origin) {
				h.origins = append(h.origins, origin)
			}
		}
	}
	return h
}

// set gives a provider the user's settings, and so its address.
func (p *Provider) set(given map[string]string) {
	p.Values = values(p.Settings, given)
	if s := specialOf(p.ID); s != nil {
		p.Endpoints = s.endpoints(shown(*p))
	}
}

func specialOf(id string) *special {
	for _, o := range clouds() {
		if o.id == id {
			return o.special
		}
	}
	return nil
}

// model reads catwalk's data on one model. Where input and output both cost
// nothing, catwalk means that there is no price per token (coding plans).
func model(m catwalk.Model) Model {
	// catwalk's default is the model's cap for the large vendors, and less than it
	// for some others: what is always taken.
	out := Model{ID: m.ID, Context: int(m.ContextWindow), MaxOutput: int(m.DefaultMaxTokens)}
	if m.CostPer1MIn <= 0 && m.CostPer1MOut <= 0 {
		return out
	}
	out.Priced, out.AsOf = true, pricesAsOf
	out.Input, out.Output = m.CostPer1MIn, m.CostPer1MOut
	out.CacheRead, out.CacheWrite = cachePrices(m)
	return out
}

// BuiltInOrigin reports whether the program itself knows origin, as
// baseurl.Origin writes it, as one of the provider's: a key file that names no
// host counts for those only.
func BuiltInOrigin(provider, origin string) bool {
	for _, o := range overlays() {
		if o.id == provider {
			return ownHosts(o).has(origin)
		}
	}
	for _, c := range embedded.GetAll() {
		if string(c.ID) == provider {
			return ownHosts(plain(c)).has(origin)
		}
	}
	return false
}

// anthropicNames are what Anthropic itself, and so its agents, call the models
// that Bedrock has under a region and a version: claude-opus-4-6 is
// us.anthropic.claude-opus-4-6-v1 there.
func anthropicNames(models []Model) map[string]string {
	out := map[string]string{}
	for _, m := range models {
		if _, name, ok := strings.Cut(m.ID, ".anthropic."); ok {
			name, _, _ = strings.Cut(name, ":")
			if i := strings.LastIndex(name, "-v"); i > 0 && strings.Trim(name[i+2:], "0123456789") == "" {
				name = name[:i]
			}
			out[name] = m.ID
		}
	}
	return out
}
