package profiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/routes"
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
	x, err := a.encode()
	if err != nil {
		return false, err
	}
	y, err := b.encode()
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
// config.yaml.broken beside it, and Change.Aside names it.
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
	_, err = s.readConfig(p)
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
	}
	// The engine may have loaded this seq from what the file was before: a new one proves the new file.
	_, c, err := s.apply(ctx, p, p, true)
	c.Aside = aside
	return c, err
}

// apply brings the files from before to after, under the lock. Everything is
// validated before anything is written. The order of the writes is the one that
// a crash can be mended from: the profile first, whose seq is then ahead.
func (s *Store) apply(ctx context.Context, before, after Profile, changed bool) (Profile, Change, error) {
	fail := func(err error) (Profile, Change, error) { return Profile{}, Change{}, err }
	if _, err := after.check(); err != nil {
		return fail(err)
	}
	config, warnings, err := s.generate(after)
	if err != nil {
		return fail(err)
	}
	onDisk, err := s.readConfig(after)
	if err != nil {
		return fail(err)
	}
	c := Change{ConfigPath: onDisk.path, Warnings: fresh(warnings, before)}
	port, sums, err := s.provision(ctx, after)
	if err != nil {
		return fail(err)
	}
	if port == 0 || len(sums) == 0 { // no proxy: the profile is all there is
		if changed {
			after.Seq = max(after.Seq, onDisk.seq()) + 1
			c.Profile = true
			err = s.save(after)
		}
		c.Seq = after.Seq
		return after, c, err
	}
	c.Port = port
	config.Server.Port, config.Ringlet.TokenSHA256 = port, sums
	keepExtra(config, onDisk.config)
	config.Ringlet.Seq = after.Seq
	same, err := matches(config, onDisk.raw)
	switch {
	case err != nil:
		return fail(err)
	case !changed && same:
		c.Seq = after.Seq
		return after, c, nil
	case changed || after.Seq == 0 || onDisk.config != nil && onDisk.seq() >= after.Seq:
		after.Seq = max(after.Seq, onDisk.seq()) + 1
		config.Ringlet.Seq = after.Seq
		if err := s.saveBoth(after, config, onDisk.path); err != nil {
			return fail(err)
		}
		c.Profile = true
	default: // the profile is ahead: a crash before the second write, or no file yet
		if err := s.saveConfig(config, onDisk.path); err != nil {
			return fail(err)
		}
	}
	c.Config, c.Seq = true, after.Seq
	return after, c, nil
}

func (s *Store) saveBoth(p Profile, config *routes.Config, path string) error {
	// What cannot be served must not be found out between the two writes.
	if err := config.Check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := s.save(p); err != nil {
		return err
	}
	return s.saveConfig(config, path)
}

func (s *Store) saveConfig(config *routes.Config, path string) error {
	if err := config.Check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	data, err := config.Marshal()
	if err != nil {
		return err
	}
	return s.put(path, data)
}

func matches(config *routes.Config, raw []byte) (bool, error) {
	data, err := config.Marshal()
	return bytes.Equal(data, raw), err
}

// provision finds the port and the token sums of a profile's proxy. An enabled
// one gets what it lacks; another may have them from a session, or not at all.
func (s *Store) provision(ctx context.Context, p Profile) (port int, sums []string, err error) {
	if p.Proxy.Enabled {
		if port, err = s.assign(ctx, p.Alias, pinned(p)); err != nil {
			return 0, nil, err
		}
		if err := s.tokens.MakeToken(string(p.Alias)); err != nil {
			return 0, nil, err
		}
	} else {
		r, err := s.readRegistry()
		if err != nil {
			return 0, nil, err
		}
		port = r.Ports[string(p.Alias)]
	}
	sums, err = s.tokens.TokenSums(string(p.Alias))
	return port, sums, err
}

func pinned(p Profile) int {
	if p.Proxy.Port == nil {
		return 0
	}
	return *p.Proxy.Port
}

// fresh are the warnings about targets that before did not have: an old
// warning was read when it was new.
func fresh(warnings []Warning, before Profile) []Warning {
	had := targets(before)
	return slices.DeleteFunc(warnings, func(w Warning) bool { return slices.Contains(had, w.Target) })
}

// Delete removes a profile: its engine folder with configuration, logs and
// usage, its token, its port, what ringlet kept to restore, and last its file,
// so that an interrupted delete can be repeated. The profile's home is the
// user's; its path is returned, or "" where nothing was left in it.
func (s *Store) Delete(ctx context.Context, alias Alias) (home string, err error) {
	release, err := s.lock(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	p, err := s.Get(alias)
	if err != nil {
		return "", err
	}
	engine := s.dirs.EngineDir(p.Agent, string(alias))
	if err := safefile.CheckDir(engine); err != nil {
		return "", err
	}
	if _, err := s.readRegistry(); err != nil { // refused before anything is removed
		return "", err
	}
	for _, dir := range []string{engine, s.dirs.RestoreDir(string(alias))} {
		if err := os.RemoveAll(dir); err != nil {
			return "", fault.New(fault.Failed, "make it yours, then repeat the command", "cannot remove %s: %w", dir, err)
		}
		s.log.Debug("folder removed", "path", dir)
	}
	if err := s.release(alias); err != nil {
		return "", err
	}
	if err := safefile.Remove(s.dirs.Profile(string(alias))); err != nil {
		return "", fmt.Errorf("remove the profile %q: %w", alias, err)
	}
	s.log.Debug("file removed", "path", s.dirs.Profile(string(alias)))
	home = s.dirs.ProfileHome(p.Agent, string(alias))
	if err := os.Remove(home); err == nil || errors.Is(err, fs.ErrNotExist) { // only ever removes an empty folder
		home = ""
	}
	return home, safefile.SyncDir(s.dirs.ProfilesDir())
}
