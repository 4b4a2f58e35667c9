package profiles

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
)

// Drift is how an enabled proxy's config.yaml differs from what its profile asks for.
type Drift string

// The kinds.
const (
	NoDrift       Drift = ""
	ConfigMissing Drift = "missing"
	ConfigBehind  Drift = "behind"  // the profile's seq is ahead: a crash between the two writes
	ConfigDiffers Drift = "differs" // edited by hand, or the providers, prices, port or token are others now
)

// Drift compares without changing anything. A broken file is a *ConfigError.
func (s *Store) Drift(alias Alias) (Drift, error) {
	p, err := s.Get(alias)
	if err != nil {
		return NoDrift, err
	}
	config, _, err := s.generate(p)
	if err != nil {
		return NoDrift, err
	}
	onDisk, err := s.readConfig(p)
	if err != nil {
		return NoDrift, err
	}
	if onDisk.config == nil {
		return ConfigMissing, nil
	}
	r, err := s.readRegistry()
	if err != nil {
		return NoDrift, err
	}
	sums, err := s.tokens.TokenSums(string(p.Alias))
	if err != nil {
		return NoDrift, err
	}
	if p.Seq > onDisk.seq() {
		return ConfigBehind, nil
	}
	config.Server.Port, config.Ringlet.TokenSHA256, config.Ringlet.Seq = r.Ports[string(alias)], sums, p.Seq
	keepExtra(config, onDisk.config)
	same, err := matches(config, onDisk.raw)
	if err != nil || same {
		return NoDrift, err
	}
	return ConfigDiffers, nil
}

// Stale lists the profiles that have a port and are not there any more, sorted.
func (s *Store) Stale() ([]Alias, error) {
	r, err := s.readRegistry()
	if err != nil {
		return nil, err
	}
	var out []Alias
	for alias := range r.Ports {
		if s.Gone(alias) {
			out = append(out, Alias(alias))
		}
	}
	slices.Sort(out)
	return out, nil
}

// Reclaim takes back the ports of profiles that are not there any more.
func (s *Store) Reclaim(ctx context.Context) error {
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	r, err := s.readRegistry()
	if err != nil {
		return err
	}
	before := len(r.Ports)
	s.reclaim(r, "")
	if len(r.Ports) == before {
		return nil
	}
	return s.saveRegistry(r)
}

// Gone says whether a profile's file is not there: one that cannot be read is.
func (s *Store) Gone(alias string) bool {
	_, err := os.Lstat(s.dirs.Profile(alias))
	return errors.Is(err, fs.ErrNotExist)
}
