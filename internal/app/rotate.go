package app

import (
	"context"

	"github.com/ringlet/ringlet/internal/fault"
)

// RotateToken gives the proxy of a profile a new local token. The old one is valid
// until the agent's settings carry the new one; an engine takes both up without a
// restart. live says whether one runs. What was interrupted is gone on with when
// it is typed again.
func (a *App) RotateToken(ctx context.Context, alias string) (live bool, err error) {
	p, release, err := a.locked(ctx, alias, a.proxied)
	if err != nil {
		return false, err
	}
	defer release()
	if external(p) || unresolved(p) {
		return false, fault.New(fault.Usage, "use the built-in engine: ringlet proxy enable "+alias+" --engine builtin", "an ultrallm engine knows no local token, so %q has none to rotate", alias)
	}
	// Gives out a token where the profile has none yet, and mends config.yaml.
	if _, err := a.Profiles.EnsureConfig(ctx, p.Alias); err != nil {
		return false, err
	}
	if err := a.Secrets.RotateToken(alias); err != nil {
		return false, err
	}
	// Both are valid from here on: the old one for the agent that runs.
	c, err := a.Profiles.EnsureConfig(ctx, p.Alias)
	if err != nil {
		return false, err
	}
	if _, err := a.apply(ctx, p, c); err != nil {
		return false, err
	}
	if err := a.point(ctx, p, c.Port); err != nil {
		return false, err
	}
	return a.endRotation(ctx, alias)
}

// endRotation takes the old token's validity.
func (a *App) endRotation(ctx context.Context, alias string) (live bool, err error) {
	p, err := a.proxied(alias)
	if err != nil {
		return false, err
	}
	if err := a.Secrets.DropPreviousToken(alias); err != nil {
		return false, err
	}
	c, err := a.Profiles.EnsureConfig(ctx, p.Alias)
	if err != nil {
		return false, err
	}
	applied, err := a.apply(ctx, p, c)
	return applied == Live, err
}
