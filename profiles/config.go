package profiles

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/routes"
)

// generate makes the engine's configuration, complete but for port, token and
// seq: endpoints, wire formats, model names, prices and limits are resolved here, so
// that the engine needs no catalogue.
func (s *Store) generate(p Profile) (*routes.Config, []Warning, error) {
	c := &routes.Config{
		Server: routes.Server{Host: "127.0.0.1"},
		Router: routes.RouterSettings{Strategy: p.Proxy.Strategy, Aliases: maps.Clone(p.Proxy.Aliases), Rules: []routes.ConfigRule{}},
		Ringlet: routes.RingletSection{Version: routes.ConfigVersion, Profile: string(p.Alias), Provider: p.Provider,
			Providers: map[string]routes.Upstream{}, Prices: map[string]routes.Price{}, Limits: map[string]routes.Limits{}},
		ModelList: []routes.Model{},
	}
	if log, err := p.Proxy.Log.Bounds(); err != nil {
		return nil, nil, err
	} else if log != routes.DefaultLog() { // an engine of before knows no such section
		c.Ringlet.Log = &log
	}
	for _, r := range p.Proxy.Rules {
		rule := routes.ConfigRule{Name: r.Name, Condition: r.Condition, Model: r.Target, Priority: r.Priority}
		if r.Share() != 1 {
			rule.Weight = r.Weight // left out it means 1, also to engines that know no weights
		}
		c.Router.Rules = append(c.Router.Rules, rule)
	}
	if err := s.addProvider(c, p, p.Provider); err != nil {
		return nil, nil, err
	}
	var warnings []Warning
	for _, target := range targets(p) {
		w, err := s.addTarget(c, p, target)
		if err != nil {
			return nil, nil, err
		}
		if w != nil {
			warnings = append(warnings, *w)
		}
	}
	return c, warnings, s.addOwnPrices(c, p.Provider)
}

// maxOwnPrices bounds how many prices of the profile's own provider are written
// out: each costs the engine's start some 20 µs, and resellers have hundreds.
const maxOwnPrices = 64

// addOwnPrices adds what the models of the profile's own provider cost: a client
// may ask for any of them by name, where no rule takes its request.
func (s *Store) addOwnPrices(c *routes.Config, provider string) error {
	prices, err := s.cat.Prices(provider)
	if err != nil || len(prices) > maxOwnPrices {
		return err
	}
	for id, price := range prices {
		target := routes.Target{Provider: provider, Model: id}.String()
		if _, ok := c.Ringlet.Prices[target]; !ok {
			c.Ringlet.Prices[target] = price
		}
	}
	return nil
}

// targets are those that a profile names, each once: of its rules by age, of
// its aliases by name, of its own model.
func targets(p Profile) []string {
	var out []string
	add := func(target string) {
		if !slices.Contains(out, target) {
			out = append(out, target)
		}
	}
	for _, r := range p.Proxy.Rules {
		add(r.Target)
	}
	for _, from := range slices.Sorted(maps.Keys(p.Proxy.Aliases)) {
		add(p.Proxy.Aliases[from])
	}
	if p.Model != "" {
		add(routes.Target{Provider: p.Provider, Model: p.Model}.String())
	}
	return out
}

// addProvider resolves how a provider is reached. The profile's own provider is
// used at the profile's endpoint, others at their default one.
func (s *Store) addProvider(c *routes.Config, p Profile, id string) error {
	if _, ok := c.Ringlet.Providers[id]; ok {
		return nil
	}
	endpoint := ""
	if id == p.Provider {
		endpoint = p.Endpoint
	}
	up, err := s.cat.Upstream(id, endpoint)
	if err != nil {
		return err
	}
	c.Ringlet.Providers[id] = up
	return nil
}

func (s *Store) addTarget(c *routes.Config, p Profile, target string) (*Warning, error) {
	t, err := routes.ParseTarget(target)
	if err != nil {
		return nil, err
	}
	if err := s.addProvider(c, p, t.Provider); err != nil {
		return nil, fmt.Errorf("target %q: %w", target, err)
	}
	id, price, known, near, err := s.cat.Model(t.Provider, t.Model)
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", target, err)
	}
	up := c.Ringlet.Providers[t.Provider]
	m := routes.Model{Name: target, Params: routes.LiteLLMParams{
		Model: routes.Target{Provider: t.Provider, Model: id}.String(), APIBase: up.Formats[up.Pick(routes.Messages, id)]}}
	if up.KeyEnv != "" {
		m.Params.APIKey = "${" + up.KeyEnv + "}"
	}
	c.ModelList = append(c.ModelList, m)
	if price != nil {
		c.Ringlet.Prices[target] = *price
	}
	limits, err := s.cat.Limits(t.Provider, id)
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", target, err)
	}
	if limits != (routes.Limits{}) {
		c.Ringlet.Limits[target] = limits
	}
	if known {
		return nil, nil
	}
	w := &Warning{Target: target}
	for _, name := range near {
		w.Nearest = append(w.Nearest, routes.Target{Provider: t.Provider, Model: name}.String())
	}
	return w, nil
}

// configFile is a config.yaml as it is on the disk.
type configFile struct {
	path   string
	raw    []byte
	config *routes.Config // nil when there is no file
}

func (f configFile) seq() int64 {
	if f.config == nil {
		return 0
	}
	return f.config.Ringlet.Seq
}

// readConfig reads a profile's config.yaml; one that cannot be read or does not
// parse is a *ConfigError.
func (s *Store) readConfig(p Profile) (configFile, error) {
	f := configFile{path: s.dirs.EngineConfig(p.Agent, string(p.Alias))}
	if err := safefile.CheckDir(s.dirs.EngineDir(p.Agent, string(p.Alias))); err != nil {
		return f, err
	}
	raw, err := safefile.Read(f.path, false)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return f, err
	}
	config, err := routes.ParseConfig(f.path, raw)
	if err != nil {
		return f, &ConfigError{Alias: p.Alias, Path: f.path, Err: err}
	}
	f.raw, f.config = raw, config
	return f, nil
}

// keepExtra takes over what another engine, or the user for it, has put under
// litellm_params of the same models.
func keepExtra(c, from *routes.Config) {
	if from == nil {
		return
	}
	for i, m := range c.ModelList {
		for _, old := range from.ModelList {
			if old.Name == m.Name {
				c.ModelList[i].Params.Extra = old.Params.Extra
			}
		}
	}
}
