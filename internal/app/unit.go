package app

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/units"
	"github.com/rogpeppe/go-internal/diff"
)

// UnitFile is one unit file of a profile's proxy. The field names are stable.
type UnitFile struct {
	Path    string   `json:"path"`
	State   string   `json:"state"`    // UnitCurrent and so on
	Want    string   `json:"want"`     // what ringlet would write
	Diff    string   `json:"diff"`     // from what is there to Want, unified; "" where they are the same
	DropIns []string `json:"drop_ins"` // files of your own that change the unit
}

// How a unit file is.
const (
	UnitCurrent  = "current"  // what ringlet would write
	UnitOutdated = "outdated" // ringlet wrote it, and would write it differently now
	UnitEdited   = "edited"   // changed by hand since ringlet wrote it
	UnitForeign  = "foreign"  // not ringlet's, or another home's
	UnitMissing  = "missing"
)

// Units are the unit files of a profile's proxy, as they are and as the next
// enable or restart would write them. Nothing is written. Where no user manager
// can be asked, they are those for the oldest systemd that is supported. A disabled
// proxy has none: they are those that enable would write, for the port and the
// engine that it would take at this moment.
func (a *App) Units(ctx context.Context, alias string) (list []UnitFile, enabled bool, err error) {
	p, err := a.profile(alias)
	if err != nil {
		return nil, false, err
	}
	port, err := a.Profiles.NextPort(ctx, p)
	if err != nil {
		return nil, false, err
	}
	sup, err := a.connect(ctx, alias)
	var none *service.Unavailable
	if errors.As(err, &none) {
		a.warn("no user manager can be asked which systemd it is; this is for the oldest that is supported (%v)", none)
	} else if err != nil {
		return nil, false, err
	} else {
		defer sup.Close()
		if !p.Proxy.Enabled {
			if err := a.chooseEngine(sup, &p); err != nil {
				return nil, false, err
			}
		}
	}
	files, err := a.renderUnits(ctx, sup, a.spec(p, profiles.Change{Port: port, ConfigPath: a.Dirs.EngineConfig(p.Agent, alias)}))
	if err != nil {
		return nil, false, err
	}
	out := make([]UnitFile, 0, len(files))
	for _, f := range files {
		u := UnitFile{Path: f.Path, Want: string(f.Want), DropIns: orNone(f.DropIns)}
		name := f.Path
		switch {
		case f.Foreign:
			u.State = UnitForeign
		case f.Have == nil:
			u.State, name = UnitMissing, "/dev/null"
		case f.Edited:
			u.State = UnitEdited
		case !bytes.Equal(f.Have, f.Want):
			u.State = UnitOutdated
		default:
			u.State = UnitCurrent
		}
		u.Diff = string(diff.Diff(name, f.Have, f.Path+" (ringlet "+version+")", f.Want))
		out = append(out, u)
	}
	return out, p.Proxy.Enabled, nil
}

// renderUnits asks the supervisor, or with nil renders without one.
func (a *App) renderUnits(ctx context.Context, sup service.Supervisor, spec units.Spec) ([]service.UnitFile, error) {
	if sup == nil {
		return a.unitsWithoutManager(spec)
	}
	r, ok := sup.(service.Renderer)
	if !ok {
		return nil, fault.New(fault.Failed, "look at it: ringlet proxy status "+spec.Alias, "%s has no unit files to show", sup.Name())
	}
	return r.Files(ctx, spec)
}

func (a *App) unitsWithoutManager(spec units.Spec) ([]service.UnitFile, error) {
	set, err := units.Systemd(spec)
	if err != nil {
		return nil, err
	}
	var out []service.UnitFile
	for _, f := range set.Files() {
		u := service.UnitFile{Path: filepath.Join(a.Dirs.SystemdUserDir(), f.Name), Want: f.Content}
		have, err := safefile.Read(u.Path, false)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil {
			u.Have = have
			origin, err := units.Inspect(have)
			u.Edited = origin.Edited
			u.Foreign = err != nil || origin.ConfigPath != "" && origin.ConfigPath != spec.ConfigPath
		}
		out = append(out, u)
	}
	return out, nil
}
