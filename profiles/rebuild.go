package profiles

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/internal/strict"
)

// Rebuildable says whether the registry of ports cannot be read and may be made
// anew: it is broken, not another's, not closed to this user, and not of a newer
// ringlet.
func (s *Store) Rebuildable() bool {
	_, err := s.readRegistry()
	var broken *strict.Error
	return errors.As(err, &broken) && broken.Remedy == rebuild
}

// RebuildPorts puts a registry of ports that is broken aside, to ports.json.broken,
// and makes another of what each profile's config.yaml says: agents and unit files
// name these ports. One that can be read is left alone.
func (s *Store) RebuildPorts(ctx context.Context) (aside string, err error) {
	release, err := s.lock(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	if !s.Rebuildable() {
		_, err := s.readRegistry()
		return "", err
	}
	r := registry{Version: registryVersion, Ports: map[string]int{}}
	list, _ := s.List(ctx) // a profile that cannot be read gets its port when it can be
	for _, p := range list {
		if port := s.portBefore(r, p); port != 0 {
			r.Ports[string(p.Alias)] = port
		}
	}
	path := s.dirs.Ports()
	data, err := safefile.Read(path, false)
	if err != nil {
		return "", err
	}
	aside = path + ".broken"
	if err := s.put(aside, data); err != nil {
		return "", err
	}
	// The broken one has no version that saveRegistry could ask for.
	if err := os.Remove(path); err != nil {
		return "", fmt.Errorf("remove the broken registry: %w", err)
	}
	return aside, s.saveRegistry(r)
}

// portBefore is the port in the config.yaml of a profile that the registry does
// not know (any more), where no other profile has it: its unit and its agent use
// that one. 0 for none.
func (s *Store) portBefore(r registry, p Profile) int {
	f, err := s.readConfig(p)
	if err != nil || f.config == nil || f.config.Ringlet.Profile != string(p.Alias) {
		return 0
	}
	port := f.config.Server.Port
	if port < 1 || port > 65535 || r.holder(port) != "" {
		return 0
	}
	return port
}

// Adopt gives a profile that the registry does not know the port that its unit
// has, where no other profile has it: that socket may hold it, so that it cannot
// be bound to see whether it is free.
func (s *Store) Adopt(ctx context.Context, alias Alias, port int) error {
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if _, err := s.Get(alias); err != nil {
		return err
	}
	r, err := s.readRegistry()
	if err != nil || r.Ports[string(alias)] != 0 || r.holder(port) != "" {
		return err
	}
	r.Ports[string(alias)] = port
	return s.saveRegistry(r)
}
