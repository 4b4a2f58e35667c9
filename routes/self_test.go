package routes_test

import (
	"strings"
	"testing"

	"github.com/ringlet/ringlet/routes"
)

func TestSelfGoesToTheBuiltInHostsOnly(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*routes.Upstream)
		says   string
	}{
		{"as it is", func(*routes.Upstream) {}, ""},
		{"without ChatGPT", func(u *routes.Upstream) { u.ChatGPT = "" }, ""},
		{"another host", func(u *routes.Upstream) { u.Formats[routes.Messages] = "https://api.anthropic.com.example.com" }, "only, not to"},
		{"plain http", func(u *routes.Upstream) { u.Formats[routes.Messages] = "http://127.0.0.1:9" }, "only, not to"},
		{"a port", func(u *routes.Upstream) { u.Formats[routes.Messages] = "https://api.anthropic.com:8443" }, "only, not to"},
		{"OpenAI for Messages", func(u *routes.Upstream) { u.Formats[routes.Messages] = "https://api.openai.com/v1" }, "only, not to"},
		{"another ChatGPT", func(u *routes.Upstream) { u.ChatGPT = "https://chatgpt.example.com" }, "ChatGPT login"},
		{"a key", func(u *routes.Upstream) { u.KeyEnv = "KEY" }, "no key"},
		{"a header for a key", func(u *routes.Upstream) { u.AuthFormats = map[string]string{routes.Chat: "bearer"} }, "no key"},
		{"headers", func(u *routes.Upstream) { u.Headers = map[string]string{"authorization": "x"} }, "no headers"},
		{"a dialect", func(u *routes.Upstream) { u.Dialect = "azure" }, "no dialect"},
	} {
		up := routes.SelfUpstream()
		tt.change(&up)
		_, err := parseSelf(t, routes.Self, up)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.says)
		}
	}
	if _, err := parseSelf(t, "mine", routes.SelfUpstream()); err == nil || !strings.Contains(err.Error(), `only to it`) {
		t.Errorf("another provider with the client's login: %v", err)
	}
	other := routes.Upstream{Formats: map[string]string{routes.Messages: "https://api.anthropic.com"}, AuthHeader: "bearer", KeyEnv: "K"}
	if _, err := parseSelf(t, routes.Self, other); err == nil {
		t.Error("self with a key")
	}
	other.ChatGPT = "https://chatgpt.com/backend-api/codex"
	if _, err := parseSelf(t, "mine", other); err == nil || !strings.Contains(err.Error(), "chatgpt is for") {
		t.Errorf("chatgpt beside a key: %v", err)
	}
}

// parseSelf writes a configuration with one provider, and reads it.
func parseSelf(t *testing.T, id string, up routes.Upstream) (*routes.Config, error) {
	t.Helper()
	c := &routes.Config{Server: routes.Server{Host: "127.0.0.1", Port: 8081}, Router: routes.RouterSettings{Strategy: routes.Conditional},
		Ringlet: routes.RingletSection{Version: routes.ConfigVersion, Profile: "work", Provider: id, TokenSHA256: []string{strings.Repeat("0", 64)},
			Providers: map[string]routes.Upstream{id: up}}}
	data, err := c.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := routes.ParseConfig("config.yaml", data)
	if err == nil && back.UsesSelf() != (id == routes.Self) {
		t.Errorf("%s: UsesSelf is %v", id, back.UsesSelf())
	}
	return back, err
}
