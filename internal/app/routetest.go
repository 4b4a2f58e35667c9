package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/gateway"
	"github.com/ringlet/ringlet/routes"
)

// RouteQuestion is a request as it is to be routed for a test.
type RouteQuestion struct {
	Path   string // of a file with a request's body in Format; "" where there is none
	Format string // routes.Messages, routes.Chat or routes.Responses
	// Set puts in the facts that were given by hand; they count before the body's.
	Set func(*routes.Request)
}

// RouteFacts are what the rules see of a request. The field names are those of
// conditions.
type RouteFacts struct {
	Model        string `json:"model"`
	Tokens       int    `json:"tokens"`
	Tools        int    `json:"tools"`
	Thinking     bool   `json:"thinking"`
	ThinkingMode string `json:"thinking_mode"`
	Effort       string `json:"effort"`
	Stream       bool   `json:"stream"`
	Images       int    `json:"images"`
	MaxTokens    int    `json:"max_tokens"`
	Messages     int    `json:"messages"`
	Subagent     bool   `json:"subagent"`
	Hour         int    `json:"hour"`
	Weekday      string `json:"weekday"`
}

// RouteTest is how a request would be routed.
type RouteTest struct {
	Profile       string       `json:"profile"`
	Strategy      string       `json:"strategy"`
	StrategyTitle string       `json:"-"`
	Facts         RouteFacts   `json:"facts"`
	Rules         []RouteMatch `json:"rules"`
	Targets       []RoutePlace `json:"targets"` // in the order in which they are tried
}

// RouteMatch is what one rule says to the request.
type RouteMatch struct {
	RouteInfo
	Matches bool   `json:"matches"`
	Problem string `json:"problem,omitempty"` // the condition could not be evaluated
}

// RoutePlace is one target that would be tried.
type RoutePlace struct {
	Target   string `json:"target"`
	Resolved string `json:"model_sent"`
	From     string `json:"from"` // "rule", "alias" or "provider"
	Rule     string `json:"rule"` // the rule's name, the alias's model or the provider
	Why      string `json:"why"`
	// Estimate is what the request costs there without a prompt cache; null where no price is known.
	Estimate *RouteCost `json:"estimate"`
}

// RouteCost is an estimate in US dollars, and the tokens that it counts.
type RouteCost struct {
	USD    float64 `json:"usd"`
	Input  int     `json:"input_tokens"`
	Output int     `json:"output_tokens"`
}

// TestRoute shows how a request would be routed by a profile's rules as they are
// now: as the first of a conversation, with every target working, and adaptive by
// what its engine has saved.
func (a *App) TestRoute(_ context.Context, alias string, q RouteQuestion) (RouteTest, error) {
	p, err := a.profile(alias)
	if err != nil {
		return RouteTest{}, err
	}
	table, err := p.Table()
	if err != nil {
		return RouteTest{}, err
	}
	now := time.Now()
	r, err := savedRequest(q)
	if err != nil {
		return RouteTest{}, err
	}
	r.Hour, r.Weekday = now.Hour(), strings.ToLower(now.Weekday().String()[:3])
	q.Set(&r)
	out := RouteTest{Profile: alias, Strategy: string(table.Strategy()), StrategyTitle: table.Strategy().Title(), Facts: factsOf(r), Rules: []RouteMatch{}, Targets: []RoutePlace{}}
	for _, res := range table.Results(r) {
		m := RouteMatch{RouteInfo: a.routeInfo(res.Rule), Matches: res.Matches}
		if res.Err != nil {
			m.Problem = res.Err.Error()
		}
		out.Rules = append(out.Rules, m)
	}
	in := routes.Inputs{Prices: map[string]routes.Price{}}
	// Once for the candidates, then with the prices of all of them.
	d, _ := table.Decide(r, in) // what does not evaluate is among the results
	for _, c := range d.Candidates {
		if _, price, _, _, err := (Catalogue{a.Catalogue}).Model(c.Target.Provider, c.Target.Model); err == nil && price != nil {
			in.Prices[c.Target.String()] = *price
		}
	}
	if table.Strategy() == routes.Adaptive {
		path := a.Dirs.EngineConfig(p.Agent, p.Alias.String())
		if in.Seen, err = gateway.ReadExperience(path); err != nil {
			return RouteTest{}, fault.New(fault.Failed, "the engine serves without it; to let it learn anew, remove the file and run: ringlet proxy restart "+alias,
				"what the engine knows of its targets cannot be used: %s: %w", gateway.StatePath(path), err)
		}
	}
	d, _ = table.Decide(r, in)
	for _, c := range d.Candidates {
		place := RoutePlace{Target: c.Target.String(), Resolved: a.resolved(c.Target.String()), From: string(c.Kind), Rule: c.Rule, Why: c.Why()}
		if e := in.Estimate(r, c.Target); e.Known {
			place.Estimate = &RouteCost{e.USD, e.Input, e.Output}
		}
		out.Targets = append(out.Targets, place)
	}
	return out, nil
}

// maxSavedRequest bounds a request's file, in bytes, as the engine bounds a body.
const maxSavedRequest = 64 << 20

// savedRequest reads the facts of a saved request.
func savedRequest(q RouteQuestion) (routes.Request, error) {
	if q.Path == "" {
		return routes.Request{}, nil
	}
	f, err := os.Open(q.Path)
	if err != nil {
		return routes.Request{}, fault.New(fault.Failed, "name a file with a request's JSON body by --request", "the request cannot be read: %w", err)
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxSavedRequest+1))
	if err == nil && len(body) > maxSavedRequest {
		err = fmt.Errorf("%s is larger than %d MiB", q.Path, maxSavedRequest>>20)
	}
	if err != nil {
		return routes.Request{}, fault.New(fault.Failed, "name a file with a request's JSON body by --request", "the request cannot be read: %w", err)
	}
	r, err := gateway.Facts(q.Format, body)
	if err != nil {
		return r, fault.New(fault.Failed, "give a request's body as an agent sends it, and its wire format by --format messages, chat or responses", "%s: %w", q.Path, err)
	}
	return r, nil
}

func factsOf(r routes.Request) RouteFacts {
	return RouteFacts{r.Model, r.Tokens, r.Tools, r.Thinking, r.ThinkingMode, r.Effort, r.Stream, r.Images, r.MaxTokens, r.Messages, r.Subagent, r.Hour, r.Weekday}
}
