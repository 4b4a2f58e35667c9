package profiles

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/internal/strict"
	"go.yaml.in/yaml/v4"
)

// Settings are the user's choices for all profiles, ~/.config/ringlet/config.yaml:
//
//	version: 1       # of this file's format
//	ports:
//	  start: 8081    # the first port that is given out
//	  count: 100     # how many, from there upwards; 8080 comes after them
//	engine: auto     # the engine of new profiles: auto, builtin or ultrallm
//
// Each may be left out, and so may the file.
type Settings struct {
	Version int       `yaml:"version"`
	Ports   PortRange `yaml:"ports"`
	Engine  string    `yaml:"engine"`
}

const settingsVersion = 1

// PortRange are the ports that are given out automatically.
type PortRange struct {
	Start int `yaml:"start"`
	Count int `yaml:"count"`
}

// DefaultSettings are those that hold where the file says nothing.
func DefaultSettings() Settings {
	return Settings{Version: settingsVersion, Ports: PortRange{Start: 8081, Count: 100}, Engine: EngineAuto}
}

// Settings reads the user's settings. Unknown fields and values that cannot be
// are errors that name the file.
func (s *Store) Settings() (Settings, error) {
	path := s.dirs.Settings()
	out := DefaultSettings()
	data, err := safefile.Read(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	return parseSettings(path, data)
}

func parseSettings(path string, data []byte) (Settings, error) {
	out := DefaultSettings()
	if err := strict.YAML(path, data, &out); err != nil {
		// A newer file is best told by its version, not by the first field that is new in it.
		var only struct {
			Version int `yaml:"version"`
		}
		if yaml.Unmarshal(data, &only) != nil || only.Version <= settingsVersion {
			return Settings{}, err
		}
		out.Version = only.Version
	}
	if out.Version != settingsVersion {
		return Settings{}, &strict.Error{Path: path, Problem: fmt.Sprintf("version is %d; this ringlet reads version %d", out.Version, settingsVersion),
			Remedy: "install a newer ringlet, which reads it, or take out what only that one knows and say version: 1"}
	}
	bad := func(format string, args ...any) (Settings, error) {
		return Settings{}, &strict.Error{Path: path, Problem: fmt.Sprintf(format, args...)}
	}
	p := out.Ports
	switch {
	case p.Start < 1024 || p.Start > 65535:
		return bad("ports.start is %d; it must be 1024 to 65535", p.Start)
	case p.Count < 1 || p.Count > 65536-p.Start:
		return bad("ports.count is %d; from %d on there can be 1 to %d", p.Count, p.Start, 65536-p.Start)
	}
	if err := CheckEngine(out.Engine); err != nil {
		return bad("engine: %s", err)
	}
	return out, nil
}

// lastPort is given out when the range is used up: the default of several
// other proxies, so more likely than the others to be wanted by one of them.
const lastPort = 8080

// String names the ports that are given out.
func (r PortRange) String() string {
	text := fmt.Sprintf("%d to %d", r.Start, r.Start+r.Count-1)
	if len(r.candidates()) > r.Count {
		text += fmt.Sprintf(" and %d", lastPort)
	}
	return text
}

// candidates are the ports in the order in which they are given out.
func (r PortRange) candidates() []int {
	var out []int
	for i := range r.Count {
		out = append(out, r.Start+i)
	}
	if lastPort < r.Start || lastPort >= r.Start+r.Count {
		out = append(out, lastPort)
	}
	return out
}
