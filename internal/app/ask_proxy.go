package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/routes"
	"github.com/ringlet/ringlet/service"
	"github.com/tidwall/gjson"
)

// ProxyTest is what became of one smallest request through a profile's proxy.
// The field names are stable.
type ProxyTest struct {
	Profile      string `json:"profile"`
	URL          string `json:"url"`
	Format       string `json:"format"` // the agent's
	Model        string `json:"model"`  // that was asked for
	Status       int    `json:"status"` // HTTP's
	Milliseconds int64  `json:"took_ms"`
	InputTokens  int64  `json:"input_tokens"`
	OutputTokens int64  `json:"output_tokens"`
}

// proxyTestTimeout bounds the request; a model that thinks first takes seconds.
const proxyTestTimeout = 60 * time.Second

// maxTestAnswer bounds what is read of the answer, in bytes.
const maxTestAnswer = 1 << 20

// TestProxy sends one smallest request through the profile's proxy, in the
// agent's format and with the profile's token, and says in its error what is
// wrong. A proxy that no init system runs is started for it.
func (a *App) TestProxy(ctx context.Context, alias string) (ProxyTest, error) {
	p, err := a.proxied(alias)
	if err != nil {
		return ProxyTest{}, err
	}
	agent, err := agents.ByName(p.Agent)
	if err != nil {
		return ProxyTest{}, err
	}
	if a.ownLogin(p) {
		return ProxyTest{}, fault.New(fault.Failed, "ask something in the agent: ringlet profiles run "+alias, "a test needs the login of %s, which only that has", agent.Title())
	}
	sup, err := a.connect(ctx, alias)
	var none *service.Unavailable
	switch {
	case errors.As(err, &none):
		lease, err := a.session(ctx, p)
		if err != nil {
			return ProxyTest{}, err
		}
		defer lease.Close()
	case err != nil:
		return ProxyTest{}, err
	default:
		defer sup.Close()
		if err := a.ready(ctx, sup, p); err != nil {
			return ProxyTest{}, err
		}
	}
	port, err := a.Profiles.Port(p.Alias)
	if err != nil {
		return ProxyTest{}, err
	}
	return a.askProxy(ctx, p, agent, port)
}

func (a *App) askProxy(ctx context.Context, p profiles.Profile, agent agents.Agent, port int) (ProxyTest, error) {
	alias := p.Alias.String()
	token, err := a.Secrets.Token(alias)
	if err != nil {
		return ProxyTest{}, err
	}
	serving := a.serving(p)
	t := ProxyTest{Profile: alias, Format: agent.Formats()[0], Model: serving.Model}
	if t.Model == "" {
		t.Model = "default"
		if len(p.Proxy.Rules) > 0 {
			if target, err := routes.ParseTarget(p.Proxy.Rules[0].Target); err == nil {
				t.Model = target.Model
			}
		}
	}
	t.URL = baseURL(port) + map[string]string{routes.Messages: "/v1/messages", routes.Chat: "/v1/chat/completions", routes.Responses: "/v1/responses"}[t.Format]
	ctx, cancel := context.WithTimeout(ctx, proxyTestTimeout)
	defer cancel()
	defer a.progress(ctx, "waiting for the answer to a test request")()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(smallest(t.Format, "")(t.Model)))
	if err != nil {
		return t, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Anthropic-Version", "2023-06-01")
	// No proxy of the environment's: the token is for this machine only.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}}
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return t, fault.New(fault.Failed, "see its log: ringlet proxy logs "+alias, "the proxy of %q gave no answer: %w", alias, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTestAnswer))
	t.Status, t.Milliseconds = resp.StatusCode, time.Since(began).Milliseconds()
	if err != nil {
		return t, fault.New(fault.Failed, "see its log: ringlet proxy logs "+alias, "the answer broke off: %w", err)
	}
	if t.Status != http.StatusOK {
		return t, explainProxy(p, t, body)
	}
	r := ProviderTest{Format: t.Format}
	if !readUsage(&r, body) {
		return t, fault.New(fault.Failed, "see its log: ringlet proxy logs "+alias, "the proxy of %q answered, but not in the format %s", alias, t.Format)
	}
	t.InputTokens, t.OutputTokens = r.InputTokens, r.OutputTokens
	return t, nil
}

// explainProxy says what an error status that came through the proxy means; the
// words are the provider's, or the proxy's own.
func explainProxy(p profiles.Profile, t ProxyTest, body []byte) error {
	alias, words := p.Alias.String(), upstreamWords(body)
	if words == "" {
		words = strings.TrimSpace(gjson.GetBytes(body, "error").String())
	}
	hint := "see what happened: ringlet proxy logs " + alias
	what := "does not take the request"
	switch s := t.Status; {
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		what, hint = "does not accept the key", "store the right one: ringlet providers login "+p.Provider
	case s == http.StatusPaymentRequired:
		what, hint = "says that the account has no credit", "top it up in the provider's console"
	case s == http.StatusNotFound:
		what, hint = "does not have the model "+t.Model, "choose another: ringlet providers models "+p.Provider
	case s == http.StatusTooManyRequests:
		what, hint = "has a limit on the key now", "wait, then: ringlet profiles run "+alias
	case s >= 500:
		what, hint = "has trouble, or cannot be reached", "see what happened: ringlet proxy logs "+alias+"; ask the provider itself: ringlet providers test "+p.Provider
	}
	if words != "" {
		words = ": " + words
	}
	return fault.New(fault.Failed, hint, "%s %s (HTTP %d)%s", p.Provider, what, t.Status, words)
}
