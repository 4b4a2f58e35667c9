package profiles

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/routes"
)

// withDefaults fills in what may be left out.
func (p Profile) withDefaults() Profile {
	if p.Endpoint == "" {
		p.Endpoint = "default"
	}
	if p.Proxy.Engine == "" {
		p.Proxy.Engine = EngineAuto
	}
	if p.Proxy.Strategy == "" {
		p.Proxy.Strategy = routes.Conditional
	}
	return p
}

// check says what is wrong with a profile that can be told without a
// catalogue, and where in its file.
func (p Profile) check() (where []any, err error) {
	if _, err := ParseAlias(string(p.Alias)); err != nil {
		return []any{"alias"}, err
	}
	if !isAgent(p.Agent) {
		return []any{"agent"}, fmt.Errorf("agent %q is no name", p.Agent)
	}
	if t, err := routes.ParseTarget(p.Provider + "/model"); err != nil || t.Provider != p.Provider {
		return []any{"provider"}, fmt.Errorf("provider %q is no name", p.Provider)
	}
	if p.Model != "" {
		if err := routes.CheckModelName(p.Model); err != nil {
			return []any{"model"}, err
		}
	}
	if p.Seq < 0 {
		return []any{"seq"}, fmt.Errorf("seq is %d; it must not be negative", p.Seq)
	}
	if port := p.Proxy.Port; port != nil && (*port < 1 || *port > 65535) {
		return []any{"proxy", "port"}, fault.New(fault.Usage, "choose one, as in: ringlet proxy enable "+string(p.Alias)+" --port 8081", "port %d is not between 1 and 65535", *port)
	}
	if err := CheckEngine(p.Proxy.Engine); err != nil {
		return []any{"proxy", "engine"}, err
	}
	if path := p.Proxy.EnginePath; path != "" && (!filepath.IsAbs(path) || p.Proxy.Engine == EngineBuiltin) {
		return []any{"proxy", "engine_path"}, fmt.Errorf("engine_path is %q; it is the absolute path of an ultrallm binary, and not there with the built-in engine", path)
	}
	if field, err := p.Proxy.Limits.check(); err != nil {
		return []any{"proxy", "limits", field}, err
	}
	if field, err := p.Proxy.Log.check(); err != nil {
		return []any{"proxy", "log", field}, err
	}
	if err := p.CheckIdle(); err != nil {
		return []any{"proxy", "idle"}, err
	}
	if _, err := routes.ParseStrategy(string(p.Proxy.Strategy)); err != nil {
		return []any{"proxy", "strategy"}, err
	}
	for _, name := range slices.Sorted(maps.Keys(p.Proxy.Environment)) {
		if err := CheckEnvironment(name, p.Proxy.Environment[name]); err != nil {
			return []any{"proxy", "environment", name}, err
		}
	}
	return p.checkRoutes()
}

// CheckIdle refuses an idle time where there is no socket to wake the engine.
func (p Profile) CheckIdle() error {
	if p.Proxy.Idle == 0 || p.Proxy.EnginePath == "" && p.Proxy.Engine != EngineUltrallm {
		return nil
	}
	return fault.New(fault.Usage, fmt.Sprintf("use the built-in engine: ringlet proxy enable %s --engine builtin; or none: ringlet proxy enable %s --idle off", p.Alias, p.Alias),
		"an ultrallm engine cannot leave when it is idle: it takes no socket over that could wake it")
}

// checkRoutes compiles the table, and where it does not compile each piece
// alone, to find the place of the error.
func (p Profile) checkRoutes() (where []any, err error) {
	_, whole := p.Table()
	if whole == nil {
		return nil, nil
	}
	seen := map[string]bool{}
	for i, r := range p.Proxy.Rules {
		if seen[r.Name] {
			return []any{"proxy", "rules", i, "name"}, whole
		}
		seen[r.Name] = true
		if _, err := routes.Compile(p.Proxy.Strategy, []routes.Rule{r}, nil, p.Provider); err != nil {
			return []any{"proxy", "rules", i}, err
		}
	}
	for _, from := range slices.Sorted(maps.Keys(p.Proxy.Aliases)) {
		one := map[string]string{from: p.Proxy.Aliases[from]}
		if _, err := routes.Compile(p.Proxy.Strategy, nil, one, p.Provider); err != nil {
			return []any{"proxy", "aliases", from}, err
		}
	}
	return []any{"proxy"}, whole
}

// Engines are the names of the engines, as a user types them.
func Engines() []string { return []string{EngineAuto, EngineBuiltin, EngineUltrallm} }

// CheckEngine refuses names that are no engine's.
func CheckEngine(engine string) error {
	if slices.Contains(Engines(), engine) {
		return nil
	}
	return fault.New(fault.Usage, "choose auto, builtin or ultrallm", "there is no engine %q", engine)
}

// isAgent accepts what can stand in the name of the profile's home.
func isAgent(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= 32
}
