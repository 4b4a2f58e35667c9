package app

import (
	"context"
	"errors"
	"path/filepath"
	"sync"

	"github.com/ringlet/ringlet/internal/agents"
)

// AgentNames lists the agents that profiles can be made for.
func AgentNames() []string {
	var out []string
	for _, a := range agents.All() {
		out = append(out, a.ID())
	}
	return out
}

// DefaultProvider is the provider that an agent is made for; "" for an unknown agent.
func DefaultProvider(agent string) string {
	a, err := agents.ByName(agent)
	if err != nil {
		return ""
	}
	return a.Provider()
}

// AgentInfo is an agent as it is listed and inspected. The field names are stable.
type AgentInfo struct {
	Agent     string   `json:"agent"` // as typed, "claude"
	Title     string   `json:"title"`
	Installed bool     `json:"installed"`
	Path      string   `json:"path,omitempty"`    // of its program
	Version   string   `json:"version,omitempty"` // "2.1.330"
	Variant   string   `json:"variant,omitempty"` // which of the programs of that name it is
	Problem   string   `json:"problem,omitempty"` // why there is no path, or no version
	Install   string   `json:"install,omitempty"` // what to do about an agent that is not there
	Profiles  []string `json:"profiles"`          // those that use it
	Provider  string   `json:"provider"`          // whose models it is made for
	Formats   []string `json:"formats"`           // wire formats that it speaks
	// Settings is the file in a profile's home, relative to it, by which the agent is pointed
	// at its proxy; "" for one that is told everything by environment and arguments.
	Settings string   `json:"settings"`
	Notes    []string `json:"notes"` // what a profile changes in what the agent tells its maker
}

// Agents lists every agent that ringlet knows. Each is asked for its version,
// all at once, for some take seconds. An error beside the list names profiles that could not be read.
func (a *App) Agents(ctx context.Context) ([]AgentInfo, error) {
	all := agents.All()
	used, broken := a.profilesByAgent(ctx)
	out := make([]AgentInfo, len(all))
	defer a.progress(ctx, "waiting for the agents to tell their versions")()
	var wait sync.WaitGroup
	for i, agent := range all {
		wait.Go(func() { out[i] = a.agentInfo(ctx, agent, used[agent.ID()]) })
	}
	wait.Wait()
	return out, broken
}

// Agent describes one agent. An error beside it names profiles that could not be read.
func (a *App) Agent(ctx context.Context, id string) (AgentInfo, error) {
	agent, err := agents.ByName(id)
	if err != nil {
		return AgentInfo{}, err
	}
	used, broken := a.profilesByAgent(ctx)
	return a.agentInfo(ctx, agent, used[id]), broken
}

func (a *App) profilesByAgent(ctx context.Context) (map[string][]string, error) {
	list, broken := a.Profiles.List(ctx)
	used := map[string][]string{}
	for _, p := range list {
		used[p.Agent] = append(used[p.Agent], p.Alias.String())
	}
	return used, errors.Join(broken...)
}

func (a *App) agentInfo(ctx context.Context, agent agents.Agent, used []string) AgentInfo {
	info := AgentInfo{Agent: agent.ID(), Title: agent.Title(), Profiles: orNone(used), Provider: agent.Provider(),
		Formats: agent.Formats(), Notes: orNone(agent.Notes())}
	const home = "/"
	if path := agent.SettingsPath(home); path != "" {
		info.Settings, _ = filepath.Rel(home, path) // both are absolute
	}
	found, err := agent.Detect(ctx, a.hostAnywhere())
	var none *agents.NotInstalledError
	switch {
	case errors.As(err, &none):
		info.Problem, info.Install = none.Error(), none.Install
	case err != nil:
		info.Problem = err.Error()
	default:
		info.Installed, info.Path, info.Version, info.Variant, info.Problem = true, found.Path, found.Version, found.Variant, found.Problem
	}
	return info
}

// orNone is the list as an array in JSON, never null.
func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
