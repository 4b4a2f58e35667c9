package app

import "github.com/ringlet/ringlet/internal/agents"

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
