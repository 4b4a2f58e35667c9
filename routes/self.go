package routes

import (
	"fmt"
	"maps"
)

// Self is the provider of requests that travel with the client's own credentials:
// a Claude or a ChatGPT login, or an API key of the agent's.
const Self = "self"

// SelfUpstream is how the provider [Self] is reached. A login of the client's goes
// to these addresses and to no other, so they are not settings: config.yaml names
// them, and [Config.Check] takes these only. Codex's addresses are those of
// https://github.com/openai/codex/blob/main/codex-rs/model-provider-info/src/lib.rs:
// with a ChatGPT login it asks another one than with an API key.
func SelfUpstream() Upstream {
	return Upstream{
		Formats:    map[string]string{Messages: "https://api.anthropic.com", Chat: "https://api.openai.com/v1", Responses: "https://api.openai.com/v1"},
		AuthHeader: "client",
		ChatGPT:    "https://chatgpt.com/backend-api/codex",
	}
}

// checkClient refuses to send a client's own credentials anywhere else.
func (u Upstream) checkClient() error {
	self := SelfUpstream()
	for format, base := range u.Formats {
		if base != self.Formats[format] {
			return fmt.Errorf("auth_header client sends the client's own login, for %s to %s only, not to %s", format, self.Formats[format], base)
		}
	}
	switch {
	case u.ChatGPT != "" && u.ChatGPT != self.ChatGPT:
		return fmt.Errorf("auth_header client sends a ChatGPT login to %s only, not to %s", self.ChatGPT, u.ChatGPT)
	case u.KeyEnv != "" || len(u.AuthFormats) > 0:
		return fmt.Errorf("auth_header client takes no key of ringlet's")
	case u.Dialect != "":
		return fmt.Errorf("auth_header client has no dialect")
	case len(u.Headers) > 0:
		return fmt.Errorf("auth_header client sends no headers of ringlet's")
	}
	return nil
}

// UsesSelf reports whether requests may go out with the client's own credentials.
func (c *Config) UsesSelf() bool {
	for up := range maps.Values(c.Ringlet.Providers) {
		if up.AuthHeader == "client" {
			return true
		}
	}
	return false
}
