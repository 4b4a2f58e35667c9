package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/gateway"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/routes"
	"github.com/tidwall/gjson"
)

// TestOptions say what [App.TestProvider] asks.
type TestOptions struct {
	Model    string // "" for the cheapest that is known
	Endpoint string // "" for the default one
	Timeout  time.Duration
}

// ProviderTest is what became of one smallest request.
type ProviderTest struct {
	Provider     string   `json:"provider"`
	Endpoint     string   `json:"endpoint"`
	Model        string   `json:"model"`
	Format       string   `json:"format"`
	URL          string   `json:"url"`
	KeySource    string   `json:"key_source"` // "" where no key is needed
	Status       int      `json:"status"`     // HTTP's
	Milliseconds int64    `json:"took_ms"`
	InputTokens  int64    `json:"input_tokens"`
	OutputTokens int64    `json:"output_tokens"`
	Cost         *float64 `json:"cost"` // US dollars; null where the price is not known
}

// answerTokens is how much the test asks for: the least that the Responses API
// takes (platform.openai.com/docs/api-reference/responses/create).
const answerTokens = 16

// TestProvider sends one smallest request with the stored key, past any proxy, and says
// in its error what is wrong and what to do.
func (a *App) TestProvider(ctx context.Context, provider string, o TestOptions) (ProviderTest, error) {
	p, err := a.Catalogue.Provider(provider)
	if err != nil {
		return ProviderTest{}, err
	}
	if p.AuthHeader == providers.Client {
		return ProviderTest{}, fault.New(fault.Usage, "ask with the agent: ringlet profiles run <alias>", "%q has no key of ringlet's to test: it is the login that an agent sends", p.ID)
	}
	up, err := Catalogue{a.Catalogue}.Upstream(provider, o.Endpoint)
	if err != nil {
		return ProviderTest{}, err
	}
	r := ProviderTest{Provider: provider, Endpoint: o.Endpoint, Model: o.Model}
	if r.Endpoint == "" {
		r.Endpoint = p.DefaultEndpoint
	}
	if r.Model == "" {
		r.Model = cheapest(p)
	} else if r.Model, _, _, err = a.Catalogue.ResolveModel(provider, o.Model); err != nil {
		return r, err
	}
	if r.Model == "" {
		return r, fault.New(fault.Usage, "name one: ringlet providers test "+provider+" <model>", "no model of %s is known", p.Name)
	}
	formats := up.FormatsFor(r.Model)
	if len(formats) == 0 {
		return r, fault.New(fault.Failed, "see: ringlet providers models "+provider, "%s does not serve %s in any format at its endpoint %q", p.Name, r.Model, r.Endpoint)
	}
	r.Format = formats[0]
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	defer a.progress(ctx, fmt.Sprintf("waiting for %s, at most %v", p.Name, o.Timeout))()
	got, err := gateway.Ask(ctx, provider, up, a.Secrets, gateway.Question{Format: r.Format, Model: r.Model, Body: smallest(r.Format, provider)})
	r.URL, r.KeySource, r.Status, r.Milliseconds = got.URL, got.KeySource, got.Status, got.Took.Milliseconds()
	if err != nil {
		return r, a.unanswered(p, err)
	}
	if got.Status != http.StatusOK {
		return r, explain(p, r, got.Body)
	}
	if !readUsage(&r, got.Body) {
		return r, fault.New(fault.Failed, "check the address: ringlet providers inspect "+provider, "%s answered, but not in the format %s", p.Name, r.Format)
	}
	if m, ok := p.Model(r.Model); ok && m.Priced {
		cost := (float64(r.InputTokens)*m.Input + float64(r.OutputTokens)*m.Output) / 1e6
		r.Cost = &cost
	}
	return r, nil
}

// cheapest is the known model that one short question costs the least at; with
// no prices known, the first.
func cheapest(p providers.Provider) string {
	best, least := "", 0.0
	for _, m := range p.Models {
		if cost := m.Input + m.Output; m.Priced && cost > 0 && (best == "" || cost < least) {
			best, least = m.ID, cost
		}
	}
	if best == "" && len(p.Models) > 0 {
		best = p.Models[0].ID
	}
	return best
}

// smallest is the body of a question in a format.
func smallest(format, provider string) func(model string) []byte {
	return func(model string) []byte {
		const words = "Answer with OK."
		message := []map[string]string{{"role": "user", "content": words}}
		body := map[string]any{"model": model, "max_tokens": answerTokens, "messages": message}
		switch {
		case format == routes.Responses:
			body = map[string]any{"model": model, "max_output_tokens": answerTokens, "input": words, "store": false}
		case format == routes.Chat && (provider == "openai" || provider == "azure"):
			// Their newer models refuse max_tokens: platform.openai.com/docs/api-reference/chat/create
			body = map[string]any{"model": model, "max_completion_tokens": answerTokens, "messages": message}
		}
		out, _ := json.Marshal(body) // strings and numbers always encode
		return out
	}
}

// readUsage takes the counts from an answer; false where it is none.
func readUsage(r *ProviderTest, body []byte) bool {
	in, out, proof := "usage.input_tokens", "usage.output_tokens", "content"
	switch r.Format {
	case routes.Chat:
		in, out, proof = "usage.prompt_tokens", "usage.completion_tokens", "choices"
	case routes.Responses:
		proof = "output"
	}
	r.InputTokens, r.OutputTokens = gjson.GetBytes(body, in).Int(), gjson.GetBytes(body, out).Int()
	return gjson.ValidBytes(body) && gjson.GetBytes(body, proof).IsArray()
}

// unanswered explains why there was no answer.
func (a *App) unanswered(p providers.Provider, err error) error {
	var e *gateway.AskError
	if errors.As(err, &e) && e.NoKey {
		hint := "store it: ringlet providers login " + p.ID
		if strings.Contains(e.Reason, ";") { // it says what to do by itself
			hint = "then: ringlet providers test " + p.ID
		}
		return fault.New(fault.Failed, hint, "%s was not asked: %w", p.Name, err)
	}
	hint := "check the network, a proxy in HTTPS_PROXY, and the address: ringlet providers inspect " + p.ID
	if p.AuthHeader == providers.NoAuth {
		hint = "start its server, or correct its address: ringlet providers inspect " + p.ID
	}
	return fault.New(fault.Failed, hint, "%s gave no answer: %w", p.Name, err)
}

// explain says what an error status means, in the provider's own words where it has some.
func explain(p providers.Provider, r ProviderTest, body []byte) error {
	words := upstreamWords(body)
	fail := func(hint, format string, args ...any) error {
		text := fmt.Sprintf(format, args...) + fmt.Sprintf(" (HTTP %d)", r.Status)
		if words != "" {
			text += ": " + words
		}
		return fault.New(fault.Failed, hint, "%s", text)
	}
	again := "ringlet providers test " + p.ID
	switch s := r.Status; {
	case s == http.StatusUnauthorized:
		if !p.TakesKey() || r.KeySource == "AWS credentials" {
			return fail("log in to the cloud again, then: "+again, "%s does not accept the %s", p.Name, r.KeySource)
		}
		return fail("store the right one: ringlet providers login "+p.ID, "%s does not accept the key from %s", p.Name, r.KeySource)
	case s == http.StatusForbidden:
		return fail("see what the key may do in the provider's console, or store another: ringlet providers login "+p.ID, "%s refuses this to the key from %s", p.Name, r.KeySource)
	case s == http.StatusPaymentRequired:
		return fail("top it up in the provider's console", "the account at %s has no credit", p.Name)
	case s == http.StatusNotFound:
		return fail(fmt.Sprintf("name another: %s <model> (ringlet providers models %s)", again, p.ID), "%s does not have the model %s, or nothing at %s", p.Name, r.Model, r.URL)
	case s == http.StatusTooManyRequests:
		return fail("wait, then: "+again, "the key is accepted, but %s has a limit on it now", p.Name)
	case s >= 300 && s < 400:
		return fail("correct its base URL: ringlet providers inspect "+p.ID, "%s answered with a redirect, which is not followed", p.Name)
	case s >= 500:
		return fail("wait, then: "+again, "%s has trouble of its own", p.Name)
	}
	return fail(fmt.Sprintf("try another model: %s <model>", again), "%s does not take the request for %s", p.Name, r.Model)
}

// upstreamWords is the message in an error body, fit for a terminal.
func upstreamWords(body []byte) string {
	text := ""
	for _, path := range []string{"error.message", "message", "error", "detail", "0.error.message"} {
		if v := gjson.GetBytes(body, path); text == "" && v.Type == gjson.String {
			text = v.String()
		}
	}
	text = strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return ' '
		}
		return c
	}, text)), " ")
	if r := []rune(text); len(r) > 300 {
		text = string(r[:300]) + "…"
	}
	return text
}
