package providers

import (
	"cmp"
	"maps"
	"slices"
)

// Self is the provider of who is logged in with the agent itself: Anthropic for
// what speaks Messages, OpenAI for what speaks Chat Completions or Responses, each
// asked with the credentials that the agent sends. Where these go is not to be
// changed: providers.d cannot override it, and its addresses are those of
// routes.SelfUpstream.
const Self = "self"

// self has the models of both, without prices: what a login pays is not told by
// the token.
func self(known []Provider) Provider {
	p := Provider{ID: Self, Name: "The agent's own login", DefaultEndpoint: "default", AuthHeader: Client, BuiltIn: true, Names: map[string]string{},
		Endpoints: one(Endpoint{Messages: "https://api.anthropic.com", Chat: "https://api.openai.com/v1", Responses: "https://api.openai.com/v1"})}
	for _, k := range known {
		if k.ID != "anthropic" && k.ID != "openai" {
			continue
		}
		maps.Copy(p.Names, k.Names)
		for _, m := range k.Models {
			p.Models = append(p.Models, Model{ID: m.ID, Context: m.Context, MaxOutput: m.MaxOutput})
		}
	}
	slices.SortFunc(p.Models, func(a, b Model) int { return cmp.Compare(a.ID, b.ID) })
	return p
}
