package service

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/units"
)

// Drift is how a proxy's unit files, and what the manager made of them, differ
// from what Install would leave. All are names of units.
type Drift struct {
	Missing    []string
	Edited     []string // changed by hand since they were written
	Outdated   []string // as they were written, but for another version, binary, port or option
	NotEnabled []string // nothing starts them
	NotLoaded  []string // the manager has not read what is on the disk

	// Program is the binary that the service starts, where it is another than it
	// should be, or is not there any more (Gone); "" otherwise.
	Program string
	Gone    bool

	// Softer says that the service does without a sandbox that works here; Soft that
	// none works here, so that all do without.
	Softer, Soft bool
}

// Drift compares without changing anything. Files that are not ours are a [*ForeignUnit].
func (s *systemd) Drift(ctx context.Context, spec units.Spec) (Drift, error) {
	set, err := s.Render(ctx, spec)
	if err != nil {
		return Drift{}, err
	}
	_, there, err := s.readOlder(spec.Alias, spec.ConfigPath)
	if err != nil {
		return Drift{}, err
	}
	found, err := s.probe(ctx)
	d := Drift{Softer: units.Softer(there.content, set.Service.Content), Soft: set.Mend.Name != "" && err == nil && !found.Namespaces}
	if program := there.origin.Program; program != "" {
		_, err := os.Stat(program)
		d.Gone = errors.Is(err, fs.ErrNotExist)
		if wanted, err := units.Inspect(set.Service.Content); d.Gone || err == nil && wanted.Program != program {
			d.Program = program
		}
	}
	get := s.bus.getter()
	for _, f := range set.Files() {
		have, err := s.readUnit(f.Name)
		switch {
		case err != nil:
			return Drift{}, err
		case have.content == nil:
			d.Missing = append(d.Missing, f.Name)
			continue
		case newer(have): // the target, of another proxy's ringlet
		case have.origin.Edited:
			d.Edited = append(d.Edited, f.Name)
		case !bytes.Equal(have.content, f.Content):
			d.Outdated = append(d.Outdated, f.Name)
		}
		get.unit(f.Name, "UnitFileState", func(v value) {
			switch state := v.text(); {
			case state == "enabled", state == "enabled-runtime", f.Name == set.Mend.Name:
			default:
				d.NotEnabled = append(d.NotEnabled, f.Name)
			}
		})
		get.unit(f.Name, "NeedDaemonReload", func(v value) {
			if v.truth() {
				d.NotLoaded = append(d.NotLoaded, f.Name)
			}
		})
	}
	err = get.ask(ctx)
	return d, s.refused(spec.Alias, "be asked", err)
}

// Marked is what there is of one profile in the unit folder, by ringlet's mark.
type Marked struct {
	Alias  string
	Config string   // the configuration that it is for
	Paths  []string // of its unit files
	Text   string   // of all of them
}

// Marked lists all that ringlet wrote, of every home that this user has.
func (s *systemd) Marked() ([]Marked, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []Marked
	for _, entry := range entries {
		alias, ok := units.AliasOf(entry.Name())
		if !ok {
			continue
		}
		f, err := s.readUnit(entry.Name())
		if err != nil || f.content == nil {
			continue // not ours, masked, or gone
		}
		i := slices.IndexFunc(out, func(m Marked) bool { return m.Alias == alias })
		if i < 0 {
			i = len(out)
			out = append(out, Marked{Alias: alias})
		}
		m := &out[i]
		m.Config = f.origin.ConfigPath
		m.Paths = append(m.Paths, f.path)
		m.Text += string(f.content)
	}
	return out, nil
}

// UninstallFor is Uninstall for a profile that is not there any more: config is
// what its unit files name.
func (s *systemd) UninstallFor(ctx context.Context, alias, config string) error {
	return s.uninstall(ctx, alias, config)
}

// Environment is what the next start of a proxy's engine gets: the manager's own
// variables, and those of the unit and its drop-ins above them. Files that a
// drop-in names are not read. It is all of it, whatever the names.
func (s *systemd) Environment(ctx context.Context, alias string, _ []string) (map[string]string, error) {
	var list []string
	if err := s.bus.manager(ctx, "Environment", &list); err != nil {
		return nil, err
	}
	get := s.bus.getter()
	get.service(units.ServiceName(alias), "Environment", func(v value) { list = append(list, v.list()...) })
	err := get.ask(ctx)
	out := map[string]string{}
	for _, kv := range list {
		name, value, _ := strings.Cut(kv, "=")
		out[name] = value
	}
	return out, err
}
