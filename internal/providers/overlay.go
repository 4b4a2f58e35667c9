package providers

// overlay is what catwalk does not say, or says otherwise, about a provider; or
// all about one that it does not know.
type overlay struct {
	id              string
	name            string // "" where catwalk has it
	endpoints       map[string]Endpoint
	defaultEndpoint string
	env             string // "" where catwalk has it, or where no key is taken
	header          string // "" is Bearer
	authFormats     map[string]string
	headers         map[string]string
	formats         []ModelFormats
	models          []Model           // replace those of catwalk with the same id, and add to them
	short           map[string]string // documented short names
	dialect         string            // where special does not say it
	special         *special          // where the user's settings decide the address
}

// pricesAsOf is the date of catwalk v0.52.1, whose prices these are.
const pricesAsOf = "2026-08-19"

// overlays lists them all.
func overlays() []overlay {
	out := []overlay{anthropic(), minimax(), minimaxChina(), zai()}
	out = append(out, vendors()...)
	out = append(out, gateways()...)
	out = append(out, clouds()...)
	return append(out, local()...)
}

// one is a provider with a single endpoint.
func one(e Endpoint) map[string]Endpoint { return map[string]Endpoint{"default": e} }

// prefer says that all models of a provider prefer these formats, the first one first.
func prefer(formats ...string) ModelFormats { return ModelFormats{"*", formats} }

func anthropic() overlay {
	return overlay{
		id: "anthropic", endpoints: one(Endpoint{Messages: "https://api.anthropic.com"}), header: XAPIKey,
		// Models that are newer or older than catwalk v0.52.1's, from Anthropic's price list
		// (platform.claude.com/docs/en/about-claude/pricing).
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
		id: "minimax",
		endpoints: map[string]Endpoint{
			"international": {Messages: "https://api.minimax.io/anthropic", Chat: "https://api.minimax.io/v1"},
			"china":         {Messages: "https://api.minimaxi.com/anthropic", Chat: "https://api.minimaxi.com/v1"},
		},
		defaultEndpoint: "international",
	}
}

// minimaxChina is the china endpoint of minimax under an id of its own, for who
// has an account on either side.
func minimaxChina() overlay {
	return overlay{id: "minimax-china", endpoints: one(minimax().endpoints["china"])}
}

// zai documents ANTHROPIC_AUTH_TOKEN, which is sent as a bearer token, for
// Claude Code on its Messages endpoint (docs.z.ai/devpack/tool/claude), and a
// bearer token for chat (docs.z.ai/api-reference/introduction).
func zai() overlay {
	return overlay{id: "zai", endpoints: one(Endpoint{Messages: "https://api.z.ai/api/anthropic", Chat: "https://api.z.ai/api/coding/paas/v4"})}
}
