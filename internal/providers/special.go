package providers

import "strings"

// special is a provider whose address needs the user's own settings.
type special struct {
	dialect   string
	settings  []Setting
	endpoints func(v map[string]string) map[string]Endpoint
	hosts     []string // the provider's own, in which * stands for one label
}

// azure is Azure OpenAI. Without api_version its v1 API is used, which takes the
// deployment's name as the model and needs no version
// (learn.microsoft.com/azure/foundry/openai/api-version-lifecycle); with one, the
// deployment stands in the path
// (learn.microsoft.com/azure/ai-services/openai/reference). A version is for
// resources that do not have the v1 API; Responses exist there only by v1.
func azure() *special {
	return &special{
		dialect: Azure,
		settings: []Setting{
			{Name: "endpoint", About: "your Azure resource's address", Example: "https://my-resource.openai.azure.com",
				Env: []string{"AZURE_OPENAI_API_ENDPOINT", "AZURE_OPENAI_ENDPOINT"}, check: resourceURL},
			{Name: "api_version", About: "a dated API version, for resources without the v1 API", Example: "2025-04-01-preview",
				Env: []string{"AZURE_OPENAI_API_VERSION"}, Optional: true, check: word},
		},
		endpoints: func(v map[string]string) map[string]Endpoint {
			base := strings.TrimRight(v["endpoint"], "/")
			base = strings.TrimSuffix(strings.TrimSuffix(base, "/v1"), "/openai")
			if v["api_version"] != "" {
				return map[string]Endpoint{"default": {Chat: base + "/openai"}}
			}
			return map[string]Endpoint{"default": {Chat: base + "/openai/v1", Responses: base + "/openai/v1"}}
		},
		hosts: []string{"*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"},
	}
}

// bedrock is Amazon Bedrock: Claude by InvokeModel
// (docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html),
// others by the OpenAI formats of the same endpoint (…/userguide/inference-responses-api.html,
// …/userguide/inference-chat-completions.html).
func bedrock(region string) *special {
	return &special{
		dialect: Bedrock,
		settings: []Setting{
			{Name: "region", About: "the AWS region", Example: region, Env: []string{"AWS_REGION", "AWS_DEFAULT_REGION"}, Default: region, check: hostWord},
			{Name: "profile", About: "the profile in ~/.aws/config, where it is not the default one", Example: "work", Env: []string{"AWS_PROFILE"},
				Optional: true, check: text},
		},
		endpoints: func(v map[string]string) map[string]Endpoint {
			base := "https://bedrock-runtime." + v["region"] + ".amazonaws.com"
			return map[string]Endpoint{"default": {Messages: base, Chat: base + "/openai/v1", Responses: base + "/openai/v1"}}
		},
		hosts: []string{"bedrock-runtime.*.amazonaws.com"},
	}
}

// vertex is Google's Vertex AI: Claude by rawPredict
// (platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai), Gemini by the
// OpenAI format (cloud.google.com/vertex-ai/generative-ai/docs/start/openai). The host is
// named after the location, but for "global" and for the multi-regions us and eu.
func vertex() *special {
	return &special{
		dialect: Vertex,
		settings: []Setting{
			{Name: "project", About: "your Google Cloud project's id", Example: "my-project",
				Env: []string{"VERTEXAI_PROJECT", "ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"}, check: word},
			{Name: "location", About: "the location", Example: "europe-west1", Env: []string{"VERTEXAI_LOCATION", "CLOUD_ML_REGION", "GOOGLE_CLOUD_LOCATION"},
				Default: "global", check: hostWord},
			{Name: "credentials_file", About: "a file of credentials, where it is not gcloud's", Example: "/home/me/key.json",
				Env: []string{"GOOGLE_APPLICATION_CREDENTIALS"}, Optional: true, check: absolutePath},
		},
		endpoints: func(v map[string]string) map[string]Endpoint {
			host := v["location"] + "-aiplatform.googleapis.com"
			switch v["location"] {
			case "global":
				host = "aiplatform.googleapis.com"
			case "us", "eu":
				host = "aiplatform." + v["location"] + ".rep.googleapis.com"
			}
			base := "https://" + host + "/v1/projects/" + v["project"] + "/locations/" + v["location"]
			return map[string]Endpoint{"default": {Messages: base + "/publishers/anthropic/models", Chat: base + "/endpoints/openapi"}}
		},
		hosts: []string{"aiplatform.googleapis.com", "*-aiplatform.googleapis.com", "aiplatform.*.rep.googleapis.com"},
	}
}

// matchesHost reports whether an origin's host is one of the patterns, in
// which * stands for letters, digits and dashes. An origin with a port is not.
func matchesHost(patterns []string, origin string) bool {
	host, ok := strings.CutPrefix(origin, "https://")
	if !ok {
		return false
	}
	for _, p := range patterns {
		before, after, star := strings.Cut(p, "*")
		if !star {
			if host == p {
				return true
			}
			continue
		}
		middle, ok := strings.CutPrefix(host, before)
		if !ok {
			continue
		}
		middle, ok = strings.CutSuffix(middle, after)
		if ok && middle != "" && strings.Trim(middle, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" {
			return true
		}
	}
	return false
}
