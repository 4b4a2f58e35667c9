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
