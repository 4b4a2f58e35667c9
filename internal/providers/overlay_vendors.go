package providers

// vendors make models of their own.
func vendors() []overlay {
	return []overlay{
		// platform.openai.com/docs/models: the codex and pro models answer Responses only;
		// for the others it is the format that keeps their reasoning between turns
		// (platform.openai.com/docs/guides/migrate-to-responses).
		{id: "openai", endpoints: one(Endpoint{Chat: "https://api.openai.com/v1", Responses: "https://api.openai.com/v1"}), formats: openAIFormats()},
		// ai.google.dev/gemini-api/docs/openai
		{id: "gemini", dialect: Gemini, endpoints: one(Endpoint{Chat: "https://generativelanguage.googleapis.com/v1beta/openai"})},
		// docs.x.ai/developers/model-capabilities/text/comparison: Responses is the recommended API, chat
		// a legacy one; its Messages endpoint is "fully deprecated" and left out.
		{id: "xai", endpoints: one(Endpoint{Chat: "https://api.x.ai/v1", Responses: "https://api.x.ai/v1"}), formats: []ModelFormats{prefer(Responses, Chat)}},
		// www.kimi.com/code/docs: one address for each protocol. The Messages one takes ANTHROPIC_API_KEY, so x-api-key.
		{id: "kimi-coding", endpoints: one(Endpoint{Messages: "https://api.kimi.com/coding", Chat: "https://api.kimi.com/coding/v1"}),
			authFormats: map[string]string{Messages: XAPIKey}},
		// platform.moonshot.ai/docs/guide/agent-support: ANTHROPIC_AUTH_TOKEN, so bearer; the same on .cn with a key of its own.
		// Responses are documented for .ai.
		{id: "moonshot", defaultEndpoint: "international", endpoints: map[string]Endpoint{
			"international": {Messages: "https://api.moonshot.ai/anthropic", Chat: "https://api.moonshot.ai/v1", Responses: "https://api.moonshot.ai/v1"},
			"china":         {Messages: "https://api.moonshot.cn/anthropic", Chat: "https://api.moonshot.cn/v1"},
		}},
		// api-docs.deepseek.com/guides/anthropic_api: x-api-key on Messages, a bearer token on chat.
		{id: "deepseek", endpoints: one(Endpoint{Messages: "https://api.deepseek.com/anthropic", Chat: "https://api.deepseek.com/v1"}),
			authFormats: map[string]string{Messages: XAPIKey}},
		// docs.bigmodel.cn/cn/guide/develop/claude: ANTHROPIC_AUTH_TOKEN, so bearer.
		{id: "zhipu", endpoints: one(Endpoint{Messages: "https://open.bigmodel.cn/api/anthropic", Chat: "https://open.bigmodel.cn/api/paas/v4"})},
		{id: "zhipu-coding", endpoints: one(Endpoint{Messages: "https://open.bigmodel.cn/api/anthropic", Chat: "https://open.bigmodel.cn/api/coding/paas/v4"})},
		// www.alibabacloud.com/help/en/model-studio/anthropic-api-messages: its Messages endpoint has the Qwen
		// models only, and only in Singapore and mainland China.
		{id: "alibaba-singapore", endpoints: one(Endpoint{Messages: "https://dashscope-intl.aliyuncs.com/apps/anthropic",
			Chat: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"}),
			authFormats: map[string]string{Messages: XAPIKey},
			formats:     []ModelFormats{{"qwen*", []string{Messages, Chat}}, prefer(Chat)}},
		// docs.mistral.ai/api
		{id: "mistral", name: "Mistral", env: "MISTRAL_API_KEY", endpoints: one(Endpoint{Chat: "https://api.mistral.ai/v1"})},
	}
}

// openAIFormats holds at OpenAI, and at Azure for deployments that are named after their model.
func openAIFormats() []ModelFormats {
	return []ModelFormats{
		{"*codex*", []string{Responses}}, {"*-pro", []string{Responses}}, {"*-pro-20*", []string{Responses}}, {"*-deep-research*", []string{Responses}},
		prefer(Responses, Chat),
	}
}
