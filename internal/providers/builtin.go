package providers

import (
	"cmp"
	"slices"

	"charm.land/catwalk/pkg/catwalk"
	"charm.land/catwalk/pkg/embedded"
	"github.com/ringlet/ringlet/internal/baseurl"
)

// builtIns are catwalk's data under our overlays.
func builtIns() []Provider {
	known := map[string]catwalk.Provider{}
	for _, p := range embedded.GetAll() {
		known[string(p.ID)] = p
	}
	var out []Provider
	for _, o := range overlays() {
		p := Provider{
			ID: o.id, Name: o.name, Endpoints: o.endpoints, DefaultEndpoint: o.defaultEndpoint,
			AuthEnv: o.env, AuthHeader: o.header, BuiltIn: true, Models: o.models,
		}
		for _, m := range known[o.id].Models {
			if _, replaced := p.Model(m.ID); !replaced {
				p.Models = append(p.Models, o.model(m))
			}
		}
		slices.SortFunc(p.Models, func(a, b Model) int { return cmp.Compare(a.ID, b.ID) })
		out = append(out, p)
	}
	return out
}

// model reads catwalk's data on one model. Where input and output both cost
// nothing, catwalk means that there is no price per token (coding plans).
func (o overlay) model(m catwalk.Model) Model {
	out := Model{ID: m.ID, Context: int(m.ContextWindow)}
	if m.CostPer1MIn == 0 && m.CostPer1MOut == 0 {
		return out
	}
	out.Priced, out.AsOf = true, pricesAsOf
	out.Input, out.Output = m.CostPer1MIn, m.CostPer1MOut
	out.CacheRead, out.CacheWrite = o.price(m)
	return out
}

// BuiltInOrigin reports whether the program itself knows origin, as
// baseurl.Origin writes it, as one of the provider's: a key file that names no
// host counts for those only.
func BuiltInOrigin(provider, origin string) bool {
	for _, o := range overlays() {
		if o.id != provider {
			continue
		}
		for _, e := range o.endpoints {
			for _, base := range e {
				if known, err := baseurl.Origin(base); err == nil && known == origin {
					return true
				}
			}
		}
	}
	return false
}

// shortNames are the documented short names of a built-in provider's models.
func shortNames(provider string) map[string]string {
	for _, o := range overlays() {
		if o.id == provider {
			return o.short
		}
	}
	return nil
}
