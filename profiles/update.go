package profiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Create stores a new profile. CreatedAt is now where it is zero; Engine,
// Strategy and Endpoint may be left out. An alias that is taken is an *ExistsError.
func (s *Store) Create(ctx context.Context, p Profile) (Profile, Change, error) {
	if _, err := ParseAlias(string(p.Alias)); err != nil {
		return Profile{}, Change{}, err
	}
	settings, err := s.Settings()
	if err != nil {
		return Profile{}, Change{}, err
	}
	if p.Proxy.Engine == "" {
		p.Proxy.Engine = settings.Engine
	}
	release, err := s.lock(ctx)
	if err != nil {
		return Profile{}, Change{}, err
	}
	defer release()
	if _, err := os.Lstat(s.dirs.Profile(string(p.Alias))); err == nil {
		return Profile{}, Change{}, &ExistsError{p.Alias}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Profile{}, Change{}, err
	}
	p = p.clone().withDefaults()
	if p.CreatedAt.IsZero() {
		p.CreatedAt = s.now()
	}
	p.CreatedAt = p.CreatedAt.UTC().Truncate(1e9)
	p.LastUsed, p.Seq = nil, 0
	return s.apply(ctx, Profile{}, p, true)
}

// Update changes a profile: lock, read, change, validate all of it, write the
// profile and then its config.yaml, unlock. Nothing is written when anything is
// wrong, a broken config.yaml included, nor when nothing changed. change must
// not keep its argument. Alias, Seq and CreatedAt are not its to change.
func (s *Store) Update(ctx context.Context, alias Alias, change func(*Profile) error) (Profile, Change, error) {
	release, err := s.lock(ctx)
	if err != nil {
		return Profile{}, Change{}, err
	}
	defer release()
	before, err := s.Get(alias)
	if err != nil {
		return Profile{}, Change{}, err
	}
	after := before.clone()
	if err := change(&after); err != nil {
		return Profile{}, Change{}, err
	}
	if after.Alias != before.Alias || after.Agent != before.Agent {
		return Profile{}, Change{}, fmt.Errorf("change the profile %q: alias and agent stay as they are", alias)
	}
	after.Seq, after.CreatedAt, after.LastUsed = before.Seq, before.CreatedAt, before.LastUsed
	changed, err := differ(before, after)
	if err != nil {
		return Profile{}, Change{}, err
	}
	return s.apply(ctx, before, after.withDefaults(), changed)
}

func differ(a, b Profile) (bool, error) {
	x, err := a.encode("")
	if err != nil {
		return false, err
	}
	y, err := b.encode("")
	return !bytes.Equal(x, y), err
}

// Touch notes that the profile was used now. The engine need not learn of it:
// seq stays.
func (s *Store) Touch(ctx context.Context, alias Alias) error {
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	p, err := s.Get(alias)
	if err != nil {
		return err
	}
	now := s.now().UTC().Truncate(1e9)
	p.LastUsed = &now
	return s.save(p)
}

// EnsureConfig makes config.yaml what the profile says: after a crash between
// the two writes, after an edit of the profile or of providers.d by hand, after
// an upgrade with new prices. It does nothing where the file is right, and is
// refused by a broken one, a *ConfigError.
func (s *Store) EnsureConfig(ctx context.Context, alias Alias) (Change, error) {
	release, err := s.lock(ctx)
	if err != nil {
		return Change{}, err
	}
	defer release()
	p, err := s.Get(alias)
	if err != nil {
		return Change{}, err
	}
	_, c, err := s.apply(ctx, p, p, false)
	return c, err
}

// Regenerate writes config.yaml anew; a broken one is moved aside first, to
// config.yaml.broken beside it, one that says something else is kept as
// config.yaml.before, and Change.Aside names either.
func (s *Store) Regenerate(ctx context.Context, alias Alias) (Change, error) {
	release, err := s.lock(ctx)
	if err != nil {
		return Change{}, err
	}
	defer release()
	p, err := s.Get(alias)
	if err != nil {
		return Change{}, err
	}
	aside := ""
	onDisk, err := s.readConfig(p)
	var broken *ConfigError
	switch {
	case errors.As(err, &broken):
		// Everything that can be refused is refused before the file is moved.
		if _, _, err := s.generate(p); err != nil {
			return Change{}, err
		}
		aside = broken.Path + ".broken"
		if err := os.Rename(broken.Path, aside); err != nil {
			return Change{}, fmt.Errorf("move the broken file aside: %w", err)
		}
		s.log.Debug("file moved", "path", broken.Path, "to", aside)
	case err != nil:
		return Change{}, err
	default:
		if drift, err := s.Drift(alias); err == nil && drift == ConfigDiffers {
			aside = onDisk.path + ".before"
			if err := s.put(aside, onDisk.raw); err != nil {
				return Change{}, err
			}
		}
	}
	// The engine may have loaded this seq from what the file was before: a new one proves the new file.
	_, c, err := s.apply(ctx, p, p, true)
	c.Aside = aside
	return c, err
}
