package gateway

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/routes"
)

// detour stands in for the network: whatever host a request is for, the scripted
// upstream answers, and finds the URL that was asked for in a header.
type detour struct{ to string }

const askedFor = "X-Test-Asked-For"

func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	there, err := url.Parse(d.to)
	if err != nil {
		return nil, err
	}
	out := r.Clone(r.Context())
	out.Header.Set(askedFor, r.URL.Scheme+"://"+r.URL.Host+r.URL.Path)
	out.URL.Scheme, out.URL.Host, out.Host = there.Scheme, there.Host, there.Host
	return http.DefaultTransport.RoundTrip(out)
}

// selfConfig is a profile of the provider self, with others by their base URLs.
func selfConfig(others map[string]string, rules ...string) *routes.Config {
	c := testConfig(others, rules...)
	c.Ringlet.Providers[routes.Self] = routes.SelfUpstream()
	c.Ringlet.Provider = routes.Self
	return c
}

func TestOwnLogin(t *testing.T) {
	const claude, openai = "https://api.anthropic.com/v1/messages", "https://api.openai.com/v1/"
	for _, tt := range []struct {
		name   string
		path   string
		header []string // besides the token in X-Ringlet-Token
		asked  string   // "" where nothing may go out
		want   map[string]string
	}{
		{"a claude.ai login", "/v1/messages", []string{"Authorization", "Bearer sk-ant-oat01-login", "Anthropic-Beta", "claude-code-20250219,oauth-2025-04-20", "Cookie", "c=1"}, claude,
			map[string]string{"Authorization": "Bearer sk-ant-oat01-login", "X-Api-Key": "", "Anthropic-Beta": "claude-code-20250219,oauth-2025-04-20", "Cookie": ""}},
		{"an API key of Anthropic's", "/v1/messages", []string{"Authorization", "", "X-Api-Key", "sk-ant-api03"}, claude, map[string]string{"Authorization": "", "X-Api-Key": "sk-ant-api03"}},
		{"a ChatGPT login", "/v1/responses", []string{"Authorization", "Bearer eyJ", "ChatGPT-Account-ID", "acc-1"}, "https://chatgpt.com/backend-api/codex/responses",
			map[string]string{"Authorization": "Bearer eyJ", "ChatGPT-Account-ID": "acc-1"}},
		{"an API key of OpenAI's", "/v1/responses", []string{"Authorization", "Bearer sk-proj"}, openai + "responses", map[string]string{"Authorization": "Bearer sk-proj", "Chatgpt-Account-Id": ""}},
		{"chat with an account", "/v1/chat/completions", []string{"Authorization", "Bearer sk-proj", "ChatGPT-Account-ID", "acc-1"}, openai + "chat/completions", map[string]string{"Authorization": "Bearer sk-proj"}},
		{"no login", "/v1/messages", []string{"Authorization", ""}, "", nil},
		{"the local token is no login", "/v1/messages", []string{"Authorization", "Bearer " + testToken, "X-Api-Key", testToken}, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			up := gatewaytest.New(t, nil)
			g := start(t, selfConfig(nil), func(o *Options) { o.transport = detour{up.URL} })
			body := ask("claude-sonnet-4", false)
			if strings.HasSuffix(tt.path, "responses") {
				body = `{"model":"gpt-5","input":"hi"}`
			}
			a := g.do(g.request(tt.path, body, append([]string{"X-Ringlet-Token", testToken}, tt.header...)...))
			asked := up.Requests()
			if tt.asked == "" {
				if a.status != http.StatusUnauthorized || len(asked) != 0 || !strings.Contains(a.body, "log in with the agent") {
					t.Errorf("%+v, %d requests went out", a, len(asked))
				}
				return
			}
			if a.status != http.StatusOK || len(asked) != 1 {
				t.Fatalf("%+v, %d requests", a, len(asked))
			}
			if got := asked[0].Header.Get(askedFor); got != tt.asked {
				t.Errorf("asked %s, want %s", got, tt.asked)
			}
			for name, want := range tt.want {
				if got := asked[0].Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if asked[0].Header.Get("X-Ringlet-Token") != "" {
				t.Error("the local token went out")
			}
		})
	}
}

// TestOwnLoginNeedsTheToken: a login alone does not open the proxy.
func TestOwnLoginNeedsTheToken(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, selfConfig(nil), func(o *Options) { o.transport = detour{up.URL} })
	for _, token := range []string{"", "wrong", "Bearer " + testToken} {
		a := g.post(ask("claude-sonnet-4", false), "Authorization", "Bearer sk-ant-oat01-login", "X-Ringlet-Token", token)
		if a.status != http.StatusUnauthorized || len(up.Requests()) != 0 {
			t.Errorf("token %q: %+v", token, a)
		}
	}
}

// TestOwnLoginStaysAtHome: when a request goes on to another provider, nothing of
// the login goes with it; and the other way round no key of ringlet's goes to self.
func TestOwnLoginStaysAtHome(t *testing.T) {
	other := gatewaytest.New(t, nil)
	home := gatewaytest.New(t, func(*gatewaytest.Request) gatewaytest.Reply {
		return gatewaytest.Error(http.StatusTooManyRequests, "enough")
	})
	c := selfConfig(map[string]string{"other": other.URL}, "always -> self/claude-sonnet-4", "always -> other/m")
	g := start(t, c, func(o *Options) { o.transport = byHost{detour{home.URL}, strings.TrimPrefix(other.URL, "http://")} })
	a := g.post(ask("claude-sonnet-4", false), "X-Ringlet-Token", testToken, "Authorization", "Bearer sk-ant-oat01-login", "ChatGPT-Account-ID", "acc-1",
		"Anthropic-Beta", "claude-code-20250219, oauth-2025-04-20")
	if a.status != http.StatusOK || len(home.Requests()) != 1 || len(other.Requests()) != 1 {
		t.Fatalf("%+v, %d and %d requests", a, len(home.Requests()), len(other.Requests()))
	}
	if got := home.Requests()[0].Header; got.Get("Authorization") != "Bearer sk-ant-oat01-login" || got.Get("X-Api-Key") != "" {
		t.Errorf("self was asked with %v", got)
	}
	got := other.Requests()[0].Header
	for name, want := range map[string]string{"X-Api-Key": "key-of-other", "Authorization": "", "ChatGPT-Account-ID": "", "Anthropic-Beta": "claude-code-20250219"} {
		if got.Get(name) != want {
			t.Errorf("the other provider got %s %q, want %q", name, got.Get(name), want)
		}
	}
	for name, values := range got {
		if strings.Contains(strings.Join(values, " "), "sk-ant-oat01") || strings.Contains(strings.Join(values, " "), testToken) {
			t.Errorf("%s carries a credential of the client's", name)
		}
	}
}

// byHost sends what is for one host there, and everything else on the detour.
type byHost struct {
	rest detour
	host string
}

func (b byHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == b.host {
		return http.DefaultTransport.RoundTrip(r)
	}
	return b.rest.RoundTrip(r)
}

// TestOwnLoginExpired: the agent refreshes its login when it is told that it is
// not valid any more, so that nothing may tell it not to try again.
func TestOwnLoginExpired(t *testing.T) {
	up := gatewaytest.New(t, func(*gatewaytest.Request) gatewaytest.Reply {
		return gatewaytest.Error(http.StatusUnauthorized, "OAuth token has expired")
	})
	g := start(t, selfConfig(nil), func(o *Options) { o.transport = detour{up.URL} })
	a := g.post(ask("claude-sonnet-4", false), "X-Ringlet-Token", testToken, "Authorization", "Bearer old")
	if a.status != http.StatusUnauthorized || a.header.Get("X-Should-Retry") != "" || !strings.Contains(a.body, "OAuth token has expired") {
		t.Errorf("%+v", a)
	}
	if got := g.record()["RINGLET_PROBLEM"]; !strings.Contains(got, "log in again with the agent") {
		t.Errorf("the record says %q", got)
	}
}

// A replaced token is valid until its time, and is kept from going out for ever.
func TestATokenWhoseTimeHasCome(t *testing.T) {
	now := time.Now()
	sum := func(token string, until time.Time) routes.Token {
		return routes.Token{SHA256: sha256.Sum256([]byte(token)), Until: until}
	}
	tokens := localTokens{sum("own", time.Time{}), sum("old", now)}
	for token, want := range map[string][3]bool{"own": {true, true, true}, "old": {true, false, true}, "other": {}} {
		if got := [3]bool{tokens.valid(token, now.Add(-time.Second)), tokens.valid(token, now), tokens.have(token)}; got != want {
			t.Errorf("%s: %v, not %v", token, got, want)
		}
	}
}
