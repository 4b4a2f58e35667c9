package profiles

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/internal/strict"
)

// registry is ports.json: which port was given to which profile.
type registry struct {
	Version int            `json:"version"`
	Ports   map[string]int `json:"ports"` // by alias
}

const registryVersion = 1

// readRegistry reads ports.json; a missing one is empty, a broken one an error.
func (s *Store) readRegistry() (registry, error) {
	path := s.dirs.Ports()
	data, err := safefile.Read(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return registry{Version: registryVersion, Ports: map[string]int{}}, nil
	}
	if err != nil {
		return registry{}, err
	}
	r, err := parseRegistry(path, data)
	var broken *strict.Error
	if errors.As(err, &broken) && broken.Remedy == "" {
		broken.Remedy = rebuild // nobody writes it by hand
	}
	return r, err
}

// rebuild is the remedy for a registry that [Store.RebuildPorts] makes anew.
const rebuild = "make it anew from the profiles' config.yaml: ringlet doctor --fix"

func parseRegistry(path string, data []byte) (registry, error) {
	data, _, err := upgrade(path, data, registrySteps())
	if err != nil {
		return registry{}, err
	}
	var r registry
	if err := strict.JSON(path, data, &r); err != nil {
		return registry{}, err
	}
	holder := map[int]string{}
	for alias, port := range r.Ports {
		if port < 1 || port > 65535 {
			return registry{}, problem(path, data, fmt.Sprintf("the port of %q is %d; it must be 1 to 65535", alias, port), "ports", alias)
		}
		if other, twice := holder[port]; twice {
			return registry{}, problem(path, data, fmt.Sprintf("port %d is there twice: for %q and %q", port, min(alias, other), max(alias, other)), "ports", alias)
		}
		holder[port] = alias
	}
	if r.Ports == nil {
		r.Ports = map[string]int{}
	}
	return r, nil
}

func (s *Store) saveRegistry(r registry) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the ports: %w", err)
	}
	if err := s.keepOlder(s.dirs.Ports(), registryVersion); err != nil {
		return err
	}
	return s.put(s.dirs.Ports(), append(data, '\n'))
}

// holder is the profile that has a port, or "".
func (r registry) holder(port int) Alias {
	for alias, p := range r.Ports {
		if p == port {
			return Alias(alias)
		}
	}
	return ""
}

// reclaim forgets the ports of profiles that are not there any more, such as
// one whose file was removed by hand.
func (s *Store) reclaim(r registry, except Alias) {
	for alias := range r.Ports {
		if Alias(alias) == except {
			continue
		}
		if _, err := os.Lstat(s.dirs.Profile(alias)); errors.Is(err, fs.ErrNotExist) {
			delete(r.Ports, alias)
		}
	}
}
