package profiles

import (
	"maps"
	"slices"
	"time"

	"github.com/ringlet/ringlet/routes"
)

// Version is the version of the profile files that this code reads and writes.
const Version = 1

// Profile is one agent with its provider and its proxy. Its JSON form is the
// profile's file, which is the one source of truth.
type Profile struct {
	Alias    Alias
	Agent    string // "claude"; part of the name of the profile's home
	Provider string
	Endpoint string // one of the provider's endpoints; "default" is the provider's own choice
	Model    string // "" leaves the choice to the agent
	// IsolateHome gives the agent the profile's home as HOME; without it the agent
	// keeps the real one, and only its own folders are in the profile's.
	IsolateHome bool
	CreatedAt   time.Time
	LastUsed    *time.Time // nil before the first run
	// Seq rises with every change that the engine must learn of. The generated
	// configuration carries it, so that both can be compared.
	Seq   int64
	Proxy Proxy

	older bool // its file is of an older version; the next change writes it anew
}

// Proxy is what the profile's proxy does.
type Proxy struct {
	Enabled bool
	Port    *int   // nil for a port of ringlet's choice
	Engine  string // EngineAuto, EngineBuiltin or EngineUltrallm: what was asked for
	// EnginePath is the ultrallm binary that enable found, absolute; "" where the
	// engine is the built-in one.
	EnginePath string
	// Idle is the time after which an engine without a request leaves, until the
	// next one wakes it; 0 is never.
	Idle     time.Duration
	Limits   Limits
	Log      Log
	Strategy routes.Strategy
	Rules    []routes.Rule     // in order of age, oldest first
	Aliases  map[string]string // requested model to target
	// Environment are variables that the engine gets besides those of the init
	// system: how it reaches the network. Only [EnvironmentNames] are.
	Environment map[string]string
}

// The engines that a profile can ask for.
const (
	EngineAuto     = "auto"     // ultrallm where its binary is found, otherwise the built-in one
	EngineBuiltin  = "builtin"  // the one in ringlet itself
	EngineUltrallm = "ultrallm" // an ultrallm binary
)

// Table compiles the profile's routing table.
func (p Profile) Table() (*routes.Table, error) {
	return routes.Compile(p.Proxy.Strategy, p.Proxy.Rules, p.Proxy.Aliases, p.Provider)
}

// clone is a copy that shares nothing with p.
func (p Profile) clone() Profile {
	p.Proxy.Rules = slices.Clone(p.Proxy.Rules)
	p.Proxy.Aliases = maps.Clone(p.Proxy.Aliases)
	p.Proxy.Environment = maps.Clone(p.Proxy.Environment)
	if p.Proxy.Log.Keep != nil {
		keep := *p.Proxy.Log.Keep
		p.Proxy.Log.Keep = &keep
	}
	if p.Proxy.Port != nil {
		port := *p.Proxy.Port
		p.Proxy.Port = &port
	}
	if p.LastUsed != nil {
		used := *p.LastUsed
		p.LastUsed = &used
	}
	return p
}
