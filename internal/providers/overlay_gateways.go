package providers

// gateways serve the models of others.
func gateways() []overlay {
	return []overlay{
		// openrouter.ai/docs/guides/claude-code-integration: ANTHROPIC_AUTH_TOKEN, so bearer;
		// openrouter.ai/docs/api/reference/responses/overview.
		{id: "openrouter", endpoints: one(Endpoint{Messages: "https://openrouter.ai/api", Chat: "https://openrouter.ai/api/v1", Responses: "https://openrouter.ai/api/v1"})},
		// vercel.com/docs/ai-gateway/sdks-and-apis: either header on Messages, a bearer token on the others.
		{id: "vercel", name: "Vercel AI Gateway", env: "AI_GATEWAY_API_KEY", endpoints: one(Endpoint{Messages: "https://ai-gateway.vercel.sh",
			Chat: "https://ai-gateway.vercel.sh/v1", Responses: "https://ai-gateway.vercel.sh/v1"})},
		// opencode.ai/docs/zen and /docs/go: the endpoint goes by the model; Messages takes x-api-key, as Anthropic's SDK sends it.
		{id: "opencode-zen", endpoints: one(Endpoint{Messages: "https://opencode.ai/zen", Chat: "https://opencode.ai/zen/v1", Responses: "https://opencode.ai/zen/v1"}),
			authFormats: map[string]string{Messages: XAPIKey},
			formats:     []ModelFormats{{"claude-*", []string{Messages}}, {"gpt-*", []string{Responses}}, prefer(Chat)}},
		// Go refuses a request without a session (docs.rs/rig-core, providers::opencode).
		{id: "opencode-go", endpoints: one(Endpoint{Messages: "https://opencode.ai/zen/go", Chat: "https://opencode.ai/zen/go/v1", Responses: "https://opencode.ai/zen/go/v1"}),
			authFormats: map[string]string{Messages: XAPIKey}, headers: map[string]string{"x-opencode-session": "ringlet"},
			formats: []ModelFormats{{"minimax-*", []string{Messages}}, {"gpt-*", []string{Responses}}, prefer(Chat)}},
		// docs.fireworks.ai/tools-sdks/anthropic-compatibility: a bearer token on both.
		{id: "fireworks", endpoints: one(Endpoint{Messages: "https://api.fireworks.ai/inference", Chat: "https://api.fireworks.ai/inference/v1"})},
		// dev.synthetic.new/docs/anthropic/messages and /docs/guides/claude-code: ANTHROPIC_AUTH_TOKEN, so bearer.
		{id: "synthetic", endpoints: one(Endpoint{Messages: "https://api.synthetic.new/anthropic", Chat: "https://api.synthetic.new/openai/v1"})},
		// docs.aihubmix.com/en/api/Claude-Native: Claude models by Anthropic's format and header.
		{id: "aihubmix", endpoints: one(Endpoint{Messages: "https://aihubmix.com", Chat: "https://aihubmix.com/v1"}),
			authFormats: map[string]string{Messages: XAPIKey},
			formats:     []ModelFormats{{"claude*", []string{Messages, Chat}}, prefer(Chat)}},
		// huggingface.co/docs/inference-providers/guides/responses-api (beta)
		{id: "huggingface", endpoints: one(Endpoint{Chat: "https://router.huggingface.co/v1", Responses: "https://router.huggingface.co/v1"})},
		// console.groq.com/docs/responses-api (beta)
		{id: "groq", endpoints: one(Endpoint{Chat: "https://api.groq.com/openai/v1", Responses: "https://api.groq.com/openai/v1"})},
		// A GitHub token of a Copilot subscription, as its own command takes it by COPILOT_GITHUB_TOKEN
		// (docs.github.com/copilot/how-tos/copilot-cli); the models from GPT-5 on prefer Responses.
		{id: "copilot", env: "COPILOT_GITHUB_TOKEN", endpoints: one(Endpoint{Chat: "https://api.githubcopilot.com", Responses: "https://api.githubcopilot.com"}),
			headers: map[string]string{"openai-intent": "conversation-edits"},
			formats: []ModelFormats{{"*codex*", []string{Responses}}, {"gpt-5-mini", []string{Chat}}, {"gpt-5*", []string{Responses, Chat}}, prefer(Chat)}},
		// docs.together.ai/docs/openai-api-compatibility
		{id: "together", name: "Together AI", env: "TOGETHER_API_KEY", endpoints: one(Endpoint{Chat: "https://api.together.xyz/v1"})},
		// deepinfra.com/docs/openai_api
		{id: "deepinfra", name: "DeepInfra", env: "DEEPINFRA_API_KEY", endpoints: one(Endpoint{Chat: "https://api.deepinfra.com/v1/openai"})},
		// docs.api.nvidia.com/nim/reference
		{id: "nvidia", name: "NVIDIA NIM", env: "NVIDIA_API_KEY", endpoints: one(Endpoint{Chat: "https://integrate.api.nvidia.com/v1"})},
		// docs.ollama.com/api/anthropic-compatibility and openai-compatibility: only a bearer token.
		{id: "ollama-cloud", name: "Ollama Cloud", env: "OLLAMA_API_KEY",
			endpoints: one(Endpoint{Messages: "https://ollama.com", Chat: "https://ollama.com/v1", Responses: "https://ollama.com/v1"})},
	}
}

// clouds are reached at the user's own resource, region or project.
func clouds() []overlay {
	claudeOr := func(formats ...string) []ModelFormats {
		return []ModelFormats{{"*claude-*", []string{Messages}}, prefer(formats...)}
	}
	// An ARN is an inference profile or an imported model, which InvokeModel takes.
	arn := ModelFormats{"arn:*", []string{Messages}}
	return []overlay{
		{id: "azure", header: APIKey, special: azure(), formats: openAIFormats()},
		{id: "bedrock", name: "Amazon Bedrock (US)", env: "AWS_BEARER_TOKEN_BEDROCK", header: AWS, special: bedrock("us-east-1"), formats: append([]ModelFormats{arn}, claudeOr(Chat, Responses)...)},
		{id: "bedrock-europe", name: "Amazon Bedrock (Europe)", env: "AWS_BEARER_TOKEN_BEDROCK", header: AWS, special: bedrock("eu-west-1"), formats: append([]ModelFormats{arn}, claudeOr(Chat, Responses)...)},
		{id: "vertexai", header: Google, special: vertex(), formats: claudeOr(Chat)},
	}
}

// local are servers on this machine, at their own default ports.
func local() []overlay {
	all := func(port string) map[string]Endpoint {
		base := "http://127.0.0.1:" + port
		return one(Endpoint{Messages: base, Chat: base + "/v1", Responses: base + "/v1"})
	}
	return []overlay{
		// docs.ollama.com/api/anthropic-compatibility and openai-compatibility
		{id: "ollama", name: "Ollama", header: NoAuth, endpoints: all("11434")},
		// lmstudio.ai/docs/developer/anthropic-compat and openai-compat
		{id: "lmstudio", name: "LM Studio", header: NoAuth, endpoints: all("1234")},
		// docs.vllm.ai/en/latest/serving/openai_compatible_server, serving/integrations/claude_code
		{id: "vllm", name: "vLLM", header: NoAuth, endpoints: all("8000")},
		// github.com/ggml-org/llama.cpp/tree/master/tools/server: llama-server
		{id: "llama-cpp", name: "llama.cpp", header: NoAuth, endpoints: all("8080")},
	}
}
