package service

import (
	"context"
	"errors"

	"github.com/ringlet/ringlet/units"
)

// Renderer is a [Supervisor] that shows what Install would write.
type Renderer interface {
	// Files are what Install would write for spec, each with what is there now.
	// Nothing is changed.
	Files(ctx context.Context, spec units.Spec) ([]UnitFile, error)
}

// UnitFile is a file of the init system's: what should be there, and what is.
type UnitFile struct {
	Path   string
	Want   []byte
	Have   []byte // nil where there is none
	Edited bool   // what is there was edited by hand
	// Foreign says that what is there is not ringlet's, or for another
	// configuration; Install refuses it.
	Foreign bool
	// DropIns are the files of the user's that change the unit, in the order in
	// which they are read.
	DropIns []string
}

// Files implements [Renderer].
func (s *systemd) Files(ctx context.Context, spec units.Spec) ([]UnitFile, error) {
	set, err := s.Render(ctx, spec)
	if err != nil {
		return nil, err
	}
	var out []UnitFile
	for _, f := range set.Files() {
		there, err := s.readUnit(f.Name)
		u := UnitFile{Path: there.path, Want: f.Content, Have: there.content, Edited: there.origin.Edited}
		var foreign *ForeignUnit
		if errors.As(err, &foreign) {
			u.Foreign = true
		} else if err != nil {
			return nil, err
		}
		if other := there.origin.ConfigPath; other != "" && other != spec.ConfigPath {
			u.Foreign = true
		}
		if there.content != nil {
			// A unit that is not loaded yet has none that the manager could name.
			get := s.bus.getter()
			get.unit(f.Name, "DropInPaths", func(v value) { u.DropIns = v.list() })
			if err := get.ask(ctx); err != nil && !isDBus(err, "NoSuchUnit") {
				return nil, s.refused(spec.Alias, "be asked", err)
			}
		}
		out = append(out, u)
	}
	return out, nil
}
