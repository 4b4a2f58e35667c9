package app

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/profiles"
)

// MaxGrace is how long a replaced token can stay valid.
const MaxGrace = 7 * 24 * time.Hour

// DefaultGrace is how long it does: agents that run since before have it, and
// last for a day's work.
const DefaultGrace = 24 * time.Hour

// rotating is how long the old token is valid at least: until the agent's settings
// carry the new one.
const rotating = time.Minute

// Rotated is what became of a rotation.
type Rotated struct {
	Live  bool       // an engine runs, and takes the new token
	Until *time.Time // the old token is valid until then; nil when it is not any more
	Ended *time.Time // the one before the old one would have been valid until then, and is not any more; nil for none
}

// RotateToken gives the proxy of a profile a new local token. The old one stays
// valid for so long after (not at all: until the agent's settings carry the new
// one); an engine takes both up without a restart. What was interrupted is gone on
// with when it is typed again.
func (a *App) RotateToken(ctx context.Context, alias string, grace time.Duration) (Rotated, error) {
	var r Rotated
	if grace < 0 || grace > MaxGrace {
		return r, fault.New(fault.Usage, "write it as 30m or 24h, up to 168h; 0 ends the old token's validity at once", "--grace %v is no time that a replaced token can be valid for", grace)
	}
	p, release, err := a.tokenHolder(ctx, alias)
	if err != nil {
		return r, err
	}
	defer release()
	// Gives out a token where the profile has none yet, and mends config.yaml.
	if _, err := a.Profiles.EnsureConfig(ctx, p.Alias); err != nil {
		return r, err
	}
	before, err := a.Secrets.PreviousToken(alias)
	if err == nil && before.Ended && time.Now().Before(before.Until) {
		r.Ended = &before.Until
	}
	if err := a.Secrets.RotateToken(alias, time.Now().Add(max(grace, rotating)).Truncate(time.Second)); err != nil {
		return r, err
	}
	// Both are valid from here on: the old one for the agents that run.
	c, err := a.Profiles.EnsureConfig(ctx, p.Alias)
	if err != nil {
		return r, err
	}
	applied, err := a.apply(ctx, p, c)
	if err != nil {
		return r, err
	}
	r.Live = applied == Live
	if err := a.point(ctx, p, c.Port); err != nil {
		return r, err
	}
	if grace == 0 {
		r.Live, err = a.dropPrevious(ctx, p)
		return r, err
	}
	if err := a.Secrets.EndRotation(alias); err != nil {
		return r, err
	}
	previous, err := a.Secrets.PreviousToken(alias)
	if err == nil {
		r.Until = &previous.Until
	}
	return r, err
}

// tokenHolder locks a profile whose proxy knows a token.
func (a *App) tokenHolder(ctx context.Context, alias string) (profiles.Profile, func(), error) {
	p, release, err := a.locked(ctx, alias, a.proxied)
	if err != nil {
		return p, nil, err
	}
	if external(p) || unresolved(p) {
		release()
		return p, nil, fault.New(fault.Usage, "use the built-in engine: ringlet proxy enable "+alias+" --engine builtin", "an ultrallm engine knows no local token, so %q has none to rotate", alias)
	}
	return p, release, nil
}

// RevokeToken ends the validity of the token before the profile's own. had says
// whether there was one.
func (a *App) RevokeToken(ctx context.Context, alias string) (had bool, err error) {
	p, release, err := a.tokenHolder(ctx, alias)
	if err != nil {
		return false, err
	}
	defer release()
	previous, err := a.Secrets.PreviousToken(alias)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// Where a revocation was interrupted the engine may take it still.
	case err != nil:
		return false, err
	case !previous.Ended:
		return false, fault.New(fault.Failed, "go on with it: ringlet proxy token rotate "+alias, "a rotation of the token of %q was interrupted: its agent's settings may have the old one", alias)
	}
	_, err = a.dropPrevious(ctx, p)
	return err == nil && time.Now().Before(previous.Until), err
}

// dropPrevious takes the old token's validity.
func (a *App) dropPrevious(ctx context.Context, p profiles.Profile) (live bool, err error) {
	if err := a.Secrets.DropPreviousToken(p.Alias.String()); err != nil {
		return false, err
	}
	c, err := a.Profiles.EnsureConfig(ctx, p.Alias)
	if err != nil {
		return false, err
	}
	applied, err := a.apply(ctx, p, c)
	return applied == Live, err
}

// settleRotation is called when the agent's settings carry the newest token: a
// rotation that was interrupted has ended then, and an old token whose time has
// passed need not be known any more.
func (a *App) settleRotation(ctx context.Context, p profiles.Profile) error {
	previous, err := a.Secrets.PreviousToken(p.Alias.String())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !time.Now().Before(previous.Until):
		// It lets nobody in any more: a disk that cannot be written is no reason not to run.
		if _, err := a.dropPrevious(ctx, p); err != nil {
			a.warn("the replaced token of %q, which is refused, is not cleared away: %v", p.Alias, err)
		}
		return nil
	}
	return a.Secrets.EndRotation(p.Alias.String())
}
