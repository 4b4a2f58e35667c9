package dialect

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// A beta that a cloud does not know makes it refuse the whole request ("invalid
// beta flag"), and agents send those of Anthropic's own API. So only these travel,
// under the cloud's own name for them. Sources: the list in
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
// and the tables of litellm (anthropic_beta_headers_config.json, read in November 2026).

func bedrockBetas() map[string]string {
	return same(map[string]string{"advanced-tool-use-2025-11-20": "tool-search-tool-2025-10-19"},
		"compact-2026-01-12", "computer-use-2025-01-24", "computer-use-2025-11-24", "context-1m-2025-08-07", "context-management-2025-06-27",
		"effort-2025-11-24", "fine-grained-tool-streaming-2025-05-14", "interleaved-thinking-2025-05-14", "token-efficient-tools-2025-02-19",
		"output-128k-2025-02-19", "tool-search-tool-2025-10-19", "tool-examples-2025-10-29", "thinking-binding-controls-2026-08-01",
		"mid-conversation-output-config-2026-07-01", "mid-conversation-tool-changes-2026-07-01", "thinking-display-updates-2026-08-18")
}

func vertexBetas() map[string]string {
	return same(map[string]string{"advanced-tool-use-2025-11-20": "tool-search-tool-2025-10-19"},
		"compact-2026-01-12", "compact-2026-09-04", "computer-use-2025-01-24", "computer-use-2025-11-24", "context-1m-2025-08-07",
		"context-management-2025-06-27", "interleaved-thinking-2025-05-14", "tool-search-tool-2025-10-19", "web-search-2025-03-05",
		"per-turn-control-2026-07-01", "thinking-binding-controls-2026-08-01", "thinking-display-updates-2026-08-18")
}

func same(m map[string]string, names ...string) map[string]string {
	for _, name := range names {
		m[name] = name
	}
	return m
}

// knownBetas are those of the request's header that the cloud knows, each once.
func knownBetas(h http.Header, known map[string]string) []string {
	var out []string
	for _, line := range h.Values("Anthropic-Beta") {
		for beta := range strings.SplitSeq(line, ",") {
			if name := known[strings.TrimSpace(beta)]; name != "" && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

func betaArray(betas []string) string {
	out, _ := json.Marshal(betas) // strings always encode
	return string(out)
}
