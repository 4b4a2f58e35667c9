package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/doctor"
	"github.com/ringlet/ringlet/internal/providers"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// DoctorOptions say what [App.Doctor] looks at.
type DoctorOptions struct {
	Aliases []string // the profiles; none for all, and for what is left of deleted ones
	Fix     bool     // mend what can be mended safely
	Offline bool     // ask no host
}

// OpenDoctor is [Open] for a home that may be broken: what cannot be read is
// for the doctor to say.
func OpenDoctor(o Options) (*App, error) {
	a, err := assemble(o)
	if err != nil {
		return nil, err
	}
	if a.readCatalogue(a.Dirs.ProvidersDir()) != nil {
		// The built-in ones will do until the folder can be read.
		return a, a.readCatalogue(filepath.Join(a.Dirs.ConfigDir(), "no-providers"))
	}
	return a, nil
}

// Doctor looks at everything, and mends what it can when asked to.
func (a *App) Doctor(ctx context.Context, o DoctorOptions) ([]doctor.Finding, error) {
	// First who may read and write the files: until that is right nothing else can be told.
	permissions := []doctor.Check{doctor.Permissions{Files: a.ownFiles()}}
	first := a.examine(ctx, permissions)
	if o.Fix {
		first = doctor.Mend(ctx, first)
	}
	for _, alias := range o.Aliases {
		if _, err := a.profile(alias); err != nil {
			return nil, err
		}
	}
	var seen []*patient // what they offer is done by the connections that they hold
	defer func() {
		for _, d := range seen {
			if d.sup != nil {
				d.sup.Close()
			}
		}
	}()
	look := func(ctx context.Context, round int) []doctor.Finding {
		again := o
		again.Offline = o.Offline || round > 0 // hosts are not mended from here
		d, found := a.look(ctx, again, first)
		seen = append(seen, d)
		return found
	}
	if !o.Fix {
		return append(first, look(ctx, 0)...), nil
	}
	return append(first, doctor.Heal(ctx, look)...), nil
}

// look runs every check but that of the permissions, which found first.
func (a *App) look(ctx context.Context, o DoctorOptions, first []doctor.Finding) (*patient, []doctor.Finding) {
	var problems []error
	if err := a.readCatalogue(a.Dirs.ProvidersDir()); err != nil {
		problems = append(problems, err)
	}
	list, broken := a.Profiles.List(ctx)
	if len(o.Aliases) > 0 {
		list = slices.DeleteFunc(list, func(p profiles.Profile) bool { return !slices.Contains(o.Aliases, p.Alias.String()) })
	}
	problems = append(problems, broken...)
	if _, err := a.Profiles.Settings(); err != nil {
		problems = append(problems, err)
	}
	problems = append(problems, a.Catalogue.Problems()...)

	d := a.consult(ctx, list)
	files := doctor.Files{Problems: unsaid(problems, first)}
	if _, err := a.Profiles.Ports(); err != nil && len(unsaid([]error{err}, first)) > 0 {
		files.Registry = err
		if a.Profiles.Rebuildable() {
			files.Rebuild = a.Profiles.RebuildPorts
		}
	}
	checks := append([]doctor.Check{
		files,
		doctor.Disk{Folders: []string{a.Dirs.ConfigDir(), a.Dirs.Home}, Space: space},
	}, d.checks(o)...)
	if len(o.Aliases) == 0 {
		checks = append(checks, doctor.Orphans{Find: d})
	}
	return d, a.examine(ctx, checks)
}

// unsaid are the problems with files that the permissions do not explain.
func unsaid(problems []error, permissions []doctor.Finding) []error {
	return slices.DeleteFunc(problems, func(err error) bool {
		var trust *safefile.TrustError
		return errors.As(err, &trust) && slices.ContainsFunc(permissions, func(f doctor.Finding) bool {
			return f.Result == doctor.Failure && strings.Contains(f.Finding, trust.Path+" ")
		})
	})
}

// examine runs checks.
func (a *App) examine(ctx context.Context, checks []doctor.Check) []doctor.Finding {
	return doctor.Run(ctx, checks, func(names []string) {
		fmt.Fprintf(a.stderr, "still checking: %s …\n", strings.Join(names, ", "))
	})
}

// patient is what the checks ask: this machine, at one moment.
type patient struct {
	*App
	sup    service.Supervisor // nil where there is none
	none   error              // why
	list   []profiles.Profile
	facts  []doctor.Profile
	unread bool                     // the ports cannot be read
	states map[string]service.State // by alias; none without a supervisor
	kept   *keepsake
}

// consult gathers what all checks need.
func (a *App) consult(ctx context.Context, list []profiles.Profile) *patient {
	d := &patient{App: a, list: list, states: map[string]service.State{}, kept: &keepsake{}}
	names := []string{}
	for _, p := range list {
		port, err := a.Profiles.Port(p.Alias)
		if err != nil {
			port, d.unread = 0, true // which is a finding of its own
		}
		_, token := a.Secrets.Token(p.Alias.String())
		d.facts = append(d.facts, doctor.Profile{Alias: p.Alias.String(), Enabled: p.Proxy.Enabled, Port: port, Pinned: p.Proxy.Port != nil, Seq: p.Seq, Token: token})
		names = append(names, p.Alias.String())
	}
	alias := "<alias>"
	if len(names) > 0 {
		alias = names[0]
	}
	if d.sup, d.none = a.connectTelling(ctx, alias, d.kept.add); d.none != nil {
		d.sup = nil
		return d
	}
	retry(ctx, d.sup)
	states, err := d.sup.Status(ctx, names)
	if err != nil { // it was there, and does not answer any more
		d.sup.Close()
		d.sup, d.none = nil, err
		return d
	}
	for _, s := range states {
		if leaving(s) {
			s.Status = service.Listening // in a moment; to ask it would wake the next one
		}
		d.states[s.Alias] = s
	}
	return d
}

// of is a profile of the list.
func (d *patient) of(alias string) profiles.Profile {
	for _, p := range d.list {
		if p.Alias.String() == alias {
			return p
		}
	}
	return profiles.Profile{}
}

// checks are those about the init system, the proxies and their surroundings,
// in the order of the table.
func (d *patient) checks(o DoctorOptions) []doctor.Check {
	enabled, lively := 0, ""
	for _, p := range d.facts {
		if p.Enabled {
			enabled++
		}
		if s := d.states[p.Alias].Status; lively == "" && (s == service.Running || s == service.Listening) {
			lively = p.Alias
		}
	}
	name := ""
	if d.sup != nil {
		name = d.sup.Name()
	}
	out := []doctor.Check{doctor.Manager{Supervisor: name, Err: d.none}}
	if name == "systemd" {
		out = append(out, doctor.Linger{On: d.init.Host.Linger(username()), Enabled: enabled})
	}
	if units := d.unitFiles(); units != nil {
		out = append(out, doctor.Units{Launchd: name == launchd, Profiles: d.facts, States: d.states, Files: units, Unread: d.unread})
	}
	ports := doctor.Ports{Profiles: d.facts, States: d.states, Holder: profiles.HolderOf, Ours: d.ours}
	if d.sup != nil {
		ports.By = d
		out = append(out, doctor.State{Profiles: d.facts, States: d.states, Holder: profiles.HolderOf, By: starter{d.App}})
	}
	out = append(out, ports)
	if d.sup != nil {
		out = append(out, doctor.Engines{Profiles: d.facts, States: d.states, Ask: d},
			doctor.Binary{Profiles: d.facts, States: d.states, Version: Version(), Ask: d, Program: d.program})
	}
	out = append(out, doctor.Config{Profiles: d.facts, Files: d},
		doctor.Keys{Profiles: d.facts, Of: d.keys}, doctor.Agents{Profiles: d.facts, Settings: d},
		doctor.Loop{Bases: d.bases(), Ports: d.ports()})
	if env := d.serviceEnvironment(); env != nil {
		out = append(out, doctor.Environment{Profiles: d.facts, Names: profiles.EnvironmentNames(), Shell: os.Getenv, Service: env,
			Keep: profiles.CheckEnvironment, Readable: readable})
	}
	if !o.Offline {
		probe := &doctor.Probe{Bases: d.bases(), By: newAsker()}
		out = append(out, doctor.Upstream{Probe: probe}, doctor.Clock{Probe: probe})
	}
	if d.sup != nil {
		out = append(out, doctor.Journal{Alias: lively, Files: name == launchd, Log: d})
	}
	return out
}

// bases are the base URLs that the profiles send to.
func (d *patient) bases() []doctor.Base {
	var out []doctor.Base
	for _, p := range d.list {
		for _, use := range d.uses(p) {
			e, err := use.provider.Endpoint(use.endpoint)
			if err != nil || use.provider.AuthHeader == providers.Google {
				continue // what has to be set first is said by its check of keys
			}
			for _, format := range SortedKeys(e) {
				out = append(out, doctor.Base{Provider: use.provider.ID, URL: e[format]})
			}
		}
	}
	return out
}

func (d *patient) ports() map[int]string {
	out := map[int]string{}
	list, _ := d.Profiles.List(context.Background())
	for _, p := range list {
		if port, err := d.Profiles.Port(p.Alias); err == nil && port > 0 {
			out[port] = p.Alias.String()
		}
	}
	return out
}
