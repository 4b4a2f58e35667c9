package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/profiles"
)

// fromAgent is where the credentials of the provider self come from.
const fromAgent = "the agent's login"

// ownLogin reports whether requests of p may go out with the agent's own login,
// so that the local token has to travel beside it.
func (a *App) ownLogin(p profiles.Profile) bool {
	return slices.ContainsFunc(a.uses(p), func(u use) bool { return u.provider.AuthHeader == providers.Client })
}

// checkLogin refuses the provider self for an agent that has no login of its own.
func (a *App) checkLogin(p profiles.Profile) error {
	agent, err := agents.ByName(p.Agent)
	switch {
	case err != nil, !a.ownLogin(p): // an unknown agent is refused elsewhere
		return nil
	case external(p):
		return fault.New(fault.Failed, fmt.Sprintf("choose it: ringlet proxy enable %s --engine builtin", p.Alias), "the provider %q needs the built-in engine", providers.Self)
	case agent.OwnLogin():
		return nil
	}
	return fault.New(fault.Usage, "choose a provider with a key of yours: ringlet providers list",
		"%s has no login of its own that a proxy could pass on, so the provider %q is not for it", agent.Title(), providers.Self)
}

// repoint points the agent anew after a change that made it use its own login,
// or not use it any more.
func (a *App) repoint(ctx context.Context, p profiles.Profile) error {
	p, release, err := a.locked(ctx, p.Alias.String(), a.proxied)
	if err != nil {
		return err
	}
	defer release()
	port, err := a.Profiles.Port(p.Alias)
	if err != nil || port == 0 { // it has not run yet; what starts it points the agent
		return err
	}
	if err := a.point(ctx, p, port); err != nil {
		return err
	}
	how := "the key of ringlet's that a target needs"
	if a.ownLogin(p) {
		how = "its own login for the targets of the provider " + providers.Self
	}
	a.warn("the agent of %q uses %s from its next start on; start it anew where it runs", p.Alias, how)
	return nil
}
