package profiles

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/ringlet/ringlet/internal/fault"
)

// Preview is what [Store.Create] would write for a new profile.
type Preview struct {
	Path     string // the profile's file
	Profile  []byte
	Port     int    // the one that would be given out; 0 without a proxy
	Config   string // config.yaml's path; "" without a proxy
	Text     []byte // of config.yaml; the token's sum is not in it, for the token is not made yet
	Warnings []Warning
}

// Preview checks a new profile as Create does, and writes nothing, not even a
// lock: another command may take the port before Create does.
func (s *Store) Preview(ctx context.Context, p Profile) (Preview, error) {
	settings, err := s.Settings()
	if err != nil {
		return Preview{}, err
	}
	if p.Proxy.Engine == "" {
		p.Proxy.Engine = settings.Engine
	}
	if _, err := os.Lstat(s.dirs.Profile(string(p.Alias))); err == nil {
		return Preview{}, &ExistsError{p.Alias}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Preview{}, err
	}
	p = p.clone().withDefaults()
	if p.CreatedAt.IsZero() {
		p.CreatedAt = s.now()
	}
	p.CreatedAt = p.CreatedAt.UTC().Truncate(1e9)
	p.LastUsed, p.Seq = nil, 1
	if _, err := p.check(); err != nil {
		return Preview{}, err
	}
	config, warnings, err := s.generate(p)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{Path: s.dirs.Profile(string(p.Alias)), Warnings: warnings}
	if out.Profile, err = p.encode(s.version); err != nil || !p.Proxy.Enabled {
		return out, err
	}
	if out.Port, err = s.free(ctx, p.Alias); err != nil {
		return Preview{}, err
	}
	config.Server.Port, config.Ringlet.Seq = out.Port, p.Seq
	out.Config = s.dirs.EngineConfig(p.Agent, string(p.Alias))
	out.Text, err = config.Marshal()
	return out, err
}

// NextPort is the port of a profile's proxy: the one that was given out, the one
// that the user chose, or the one that would be given out now. It gives out none.
func (s *Store) NextPort(ctx context.Context, p Profile) (int, error) {
	if p.Proxy.Port != nil {
		return *p.Proxy.Port, nil
	}
	return s.free(ctx, p.Alias)
}

// free is the port that choose would give out.
func (s *Store) free(ctx context.Context, alias Alias) (int, error) {
	r, err := s.readRegistry()
	if err != nil {
		return 0, err
	}
	if has := r.Ports[string(alias)]; has != 0 {
		return has, nil
	}
	settings, err := s.Settings()
	if err != nil {
		return 0, err
	}
	s.reclaim(r, alias)
	for _, port := range settings.Ports.candidates() {
		if r.holder(port) == "" && s.probe(ctx, port) == nil {
			return port, nil
		}
	}
	return 0, fault.New(fault.Failed, "free one: ringlet proxy disable <alias>", "no port is free for %q", alias)
}
