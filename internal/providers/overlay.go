package providers

import "charm.land/catwalk/pkg/catwalk"

// overlay is what catwalk does not say, or says otherwise, about a provider.
type overlay struct {
	id              string
	name            string
	endpoints       map[string]Endpoint
	defaultEndpoint string
	env             string
	header          string
	price           func(catwalk.Model) (read, write float64)
	models          []Model           // replace those of catwalk with the same id, and add to them
	short           map[string]string // documented short names
}

// pricesAsOf is the date of catwalk v0.52.1, whose prices these are.
const pricesAsOf = "2026-08-19"

// overlays lists the providers that are offered.
func overlays() []overlay { return []overlay{anthropic(), minimax(), zai()} }

func anthropic() overlay {
	return overlay{
		id: "anthropic", name: "Anthropic",
		endpoints:       map[string]Endpoint{"default": {Messages: "https://api.anthropic.com"}},
		defaultEndpoint: "default",
		env:             "ANTHROPIC_API_KEY", header: XAPIKey,
		// catwalk's "in cached" is 1.25 × input here and its "out cached" 0.1 ×: by Anthropic's
		// price list (platform.claude.com/docs/en/about-claude/pricing) a 5-minute cache write and a read.
		price: func(m catwalk.Model) (read, write float64) { return m.CostPer1MOutCached, m.CostPer1MInCached },
		// Models that are newer or older than catwalk v0.52.1's, from the same price list.
		// Haiku 5.5 has two prices, by the length of the prompt, which one price cannot say.
		models: []Model{
			{ID: "claude-opus-5-5", Priced: true, Input: 4, Output: 20, CacheRead: 0.20, CacheWrite: 5, AsOf: "2026-10-24", Context: 1_000_000},
			{ID: "claude-sonnet-5-5", Priced: true, Input: 2, Output: 10, CacheRead: 0.10, CacheWrite: 2.50, AsOf: "2026-10-24", Context: 1_000_000},
			{ID: "claude-haiku-5-5", Context: 1_000_000},
			{ID: "claude-fable-5-1", Priced: true, Input: 10, Output: 50, CacheRead: 0.25, CacheWrite: 12.50, AsOf: "2026-10-24", Context: 1_000_000},
			{ID: "claude-3-haiku-20240307", Priced: true, Input: 0.25, Output: 1.25, CacheRead: 0.03, CacheWrite: 0.30, AsOf: "2026-10-24", Context: 200_000},
		},
		// The first two and those in -0 and -latest are aliases of Anthropic's models overview;
		// "claude-haiku-3" is the family name turned as that of every later model is.
		short: map[string]string{
			"claude-sonnet-4":          "claude-sonnet-4-20250514",
			"claude-opus-4":            "claude-opus-4-20250514",
			"claude-sonnet-4-0":        "claude-sonnet-4-20250514",
			"claude-opus-4-0":          "claude-opus-4-20250514",
			"claude-haiku-3":           "claude-3-haiku-20240307",
			"claude-3-haiku":           "claude-3-haiku-20240307",
			"claude-3-7-sonnet-latest": "claude-3-7-sonnet-20250219",
			"claude-3-5-haiku-latest":  "claude-3-5-haiku-20241022",
		},
	}
}

// minimax takes its key as a bearer token on the Messages endpoint too: with
// x-api-key it answers 401 "Please carry the API secret key in the
// 'Authorization' field of the request header" (MiniMax-AI/Mini-Agent pull
// request 29, by its users). Base URLs:
// platform.minimax.io/docs/api-reference/text-anthropic-api and text-openai-api,
// the same on platform.minimaxi.com for mainland China.
func minimax() overlay {
	return overlay{
		id: "minimax", name: "MiniMax",
		endpoints: map[string]Endpoint{
			"international": {Messages: "https://api.minimax.io/anthropic", Chat: "https://api.minimax.io/v1"},
			"china":         {Messages: "https://api.minimaxi.com/anthropic", Chat: "https://api.minimaxi.com/v1"},
		},
		defaultEndpoint: "international",
		env:             "MINIMAX_API_KEY", header: Bearer,
		// The other way round than Anthropic's in catwalk: platform.minimax.io/docs/guides/pricing-paygo
		// has 0.06 to read MiniMax-M2.7's cache and 0.375 to write it.
		price: func(m catwalk.Model) (read, write float64) { return m.CostPer1MInCached, m.CostPer1MOutCached },
	}
}

// zai documents ANTHROPIC_AUTH_TOKEN, which is sent as a bearer token, for
// Claude Code on its Messages endpoint (docs.z.ai/devpack/tool/claude), and a
// bearer token for chat (docs.z.ai/api-reference/introduction).
func zai() overlay {
	return overlay{
		id: "zai", name: "Z.AI",
		endpoints: map[string]Endpoint{
			"default": {Messages: "https://api.z.ai/api/anthropic", Chat: "https://api.z.ai/api/coding/paas/v4"},
		},
		defaultEndpoint: "default",
		env:             "ZAI_API_KEY", header: Bearer,
		// Reading the cache is priced, storing is free (docs.z.ai/guides/overview/pricing);
		// catwalk has the one price in either field.
		price: func(m catwalk.Model) (read, write float64) {
			return max(m.CostPer1MInCached, m.CostPer1MOutCached), 0
		},
	}
}
