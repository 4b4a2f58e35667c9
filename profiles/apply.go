package profiles

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/ringlet/ringlet/routes"
)

// apply brings the files from before to after, under the lock. Everything is
// validated before anything is written. The order of the writes is the one that
// a crash can be mended from: the profile first, whose seq is then ahead.
func (s *Store) apply(ctx context.Context, before, after Profile, changed bool) (Profile, Change, error) {
	changed = changed || before.older
	after.older = false
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
		if port, err = s.assign(ctx, p, pinned(p)); err != nil {
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
