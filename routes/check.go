package routes

import (
	"fmt"
)

// The wire formats, as config.yaml and providers.d name them.
const (
	Messages  = "messages"  // Anthropic Messages
	Chat      = "chat"      // OpenAI Chat Completions
	Responses = "responses" // OpenAI Responses
)

// Check validates the whole configuration: what passes can be served.
func (c *Config) Check() error {
	if c.Ringlet.Version != ConfigVersion {
		return fmt.Errorf("ringlet.version is %d; this ringlet reads version %d", c.Ringlet.Version, ConfigVersion)
	}
	if c.Server.Host != "127.0.0.1" {
		return fmt.Errorf("server.host is %q; only 127.0.0.1 is served", c.Server.Host)
	}
	if c.Server.Port < 1 || c.Server.Port > 65535 {
		return fmt.Errorf("server.port is %d; it must be 1 to 65535", c.Server.Port)
	}
	if c.Ringlet.Profile == "" {
		return fmt.Errorf("ringlet.profile is missing")
	}
	if len(c.Ringlet.TokenSHA256) == 0 {
		return fmt.Errorf("ringlet.token_sha256 is empty: nobody could use the proxy")
	}
	for _, entry := range c.Ringlet.TokenSHA256 {
		if _, err := ParseToken(entry); err != nil {
			return fmt.Errorf("ringlet.token_sha256: %w", err)
		}
	}
	for id, up := range c.Ringlet.Providers {
		if err := up.check(); err != nil {
			return fmt.Errorf("ringlet.providers.%s: %w", id, err)
		}
		if (id == Self) != (up.AuthHeader == "client") {
			return fmt.Errorf("ringlet.providers.%s: auth_header client belongs to the provider %q, and only to it", id, Self)
		}
	}
	for target, l := range c.Ringlet.Limits {
		if l.Context < 0 || l.Output < 0 {
			return fmt.Errorf("ringlet.limits.%s is negative", target)
		}
	}
	if l := c.Ringlet.Log; l != nil && (l.MaxBytes < 1 || l.Keep < 0) {
		return fmt.Errorf("ringlet.log is %d bytes and %d older ones; it must be at least 1 and 0", l.MaxBytes, l.Keep)
	}
	table, err := c.Table()
	if err != nil {
		return err
	}
	return c.checkTargets(table)
}

// checkTargets makes sure that each target can be reached by what the file says.
func (c *Config) checkTargets(t *Table) error {
	need := func(what, provider string) error {
		if _, ok := c.Ringlet.Providers[provider]; !ok {
			return fmt.Errorf("%s names the provider %q, which ringlet.providers does not have", what, provider)
		}
		return nil
	}
	for _, r := range t.rules {
		if err := need(fmt.Sprintf("rule %q", r.Name), r.target.Provider); err != nil {
			return err
		}
	}
	for from, target := range t.aliases {
		if err := need(fmt.Sprintf("alias %q", from), target.Provider); err != nil {
			return err
		}
	}
	if t.provider != "" {
		if err := need("ringlet.provider", t.provider); err != nil {
			return err
		}
	}
	for _, m := range c.ModelList {
		if _, err := ParseTarget(m.Name); err != nil {
			return fmt.Errorf("model_list: %w", err)
		}
		if _, err := ParseTarget(m.Params.Model); err != nil {
			return fmt.Errorf("model_list %q: %w", m.Name, err)
		}
	}
	return nil
}
