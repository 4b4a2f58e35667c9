package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringlet/ringlet/internal/agents"
	"github.com/ringlet/ringlet/internal/doctor"
	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/safefile"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// Orphans implements [doctor.OrphanFinder]: what is left of profiles whose file
// is not there. (Their lock files are empty and stay: to remove one that a
// command waits for would let two commands in.)
func (d *patient) Orphans(ctx context.Context) ([]doctor.Orphan, error) {
	var out []doctor.Orphan
	var errs []error
	for _, find := range []func(context.Context) ([]doctor.Orphan, error){d.orphanUnits, d.orphanSettings, d.orphanSecrets, d.orphanPorts, d.orphanCommands} {
		found, err := find(ctx)
		out, errs = append(out, found...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// gone says whether a name is a profile's, and the profile is not there.
func (d *patient) gone(alias string) bool {
	_, err := profiles.ParseAlias(alias)
	return err == nil && d.Profiles.Gone(alias)
}

func (d *patient) orphanUnits(context.Context) ([]doctor.Orphan, error) {
	sup, ok := d.sup.(interface {
		Marked() ([]service.Marked, error)
		UninstallFor(ctx context.Context, alias, config string) error
	})
	if !ok {
		return nil, nil
	}
	marked, err := sup.Marked()
	var out []doctor.Orphan
	for _, m := range marked {
		if d.gone(m.Alias) && d.wrote(m) {
			out = append(out, doctor.Orphan{Alias: m.Alias, What: strings.Join(m.Paths, ", "), Remove: func(ctx context.Context) error {
				release, err := d.operation(ctx, m.Alias)
				if err != nil {
					return err
				}
				defer release()
				if !d.gone(m.Alias) {
					return nil // made again in the meantime
				}
				return sup.UninstallFor(ctx, m.Alias, m.Config)
			}})
		}
	}
	return out, err
}

// wrote says whether units are this home's: they run a configuration of this
// home, and name its folder for credentials, which another XDG_CONFIG_HOME has elsewhere.
func (d *patient) wrote(m service.Marked) bool {
	return strings.Contains(m.Text, d.Dirs.ConfigDir()+"/") && slices.ContainsFunc(AgentNames(), func(agent string) bool {
		return d.Dirs.EngineConfig(agent, m.Alias) == m.Config
	})
}

// orphanSettings are the records of what agents' settings were before.
func (d *patient) orphanSettings(context.Context) ([]doctor.Orphan, error) {
	entries, err := dirOf(filepath.Dir(d.Dirs.RestoreDir("x")))
	var out []doctor.Orphan
	for _, e := range entries {
		if !e.IsDir() || !d.gone(e.Name()) {
			continue
		}
		out = append(out, doctor.Orphan{Alias: e.Name(), What: "the record of its agent's settings, " + d.Dirs.RestoreDir(e.Name()),
			Remove: func(ctx context.Context) error { return d.restoreOrphan(ctx, e.Name()) }})
	}
	return out, err
}

// restoreOrphan puts an agent's settings back and removes the record.
func (d *patient) restoreOrphan(ctx context.Context, alias string) error {
	dir := d.Dirs.RestoreDir(alias)
	for _, agent := range agents.All() {
		record := filepath.Join(dir, agent.ID()+".json")
		if _, err := os.Lstat(record); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		home := d.Dirs.ProfileHome(agent.ID(), alias)
		if _, err := os.Lstat(home); errors.Is(err, fs.ErrNotExist) {
			if err := safefile.Remove(record); err != nil {
				return err
			}
			continue
		}
		if err := agent.Restore(ctx, agents.RestoreOptions{Home: home, RestoreDir: dir, Log: d.log}); err != nil {
			return err
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Failed, "see what it is: ls -la "+dir, "%s holds what ringlet did not put there", dir)
	}
	return nil
}

// orphanSecrets are local tokens, and keys for ultrallm.
func (d *patient) orphanSecrets(context.Context) ([]doctor.Orphan, error) {
	var out []doctor.Orphan
	tokens, err := dirOf(d.Dirs.LocalTokens())
	for _, e := range tokens {
		if e.Type().IsRegular() && d.gone(e.Name()) {
			out = append(out, doctor.Orphan{Alias: e.Name(), What: "its local token, " + d.Secrets.TokenPath(e.Name()),
				Remove: func(context.Context) error { return d.Secrets.RemoveToken(e.Name()) }})
		}
	}
	keys, kerr := dirOf(filepath.Dir(d.Dirs.UltrallmKeys("x")))
	for _, e := range keys {
		if alias, ok := strings.CutSuffix(e.Name(), ".env"); ok && e.Type().IsRegular() && d.gone(alias) {
			out = append(out, doctor.Orphan{Alias: alias, What: "the keys for its ultrallm, " + d.Dirs.UltrallmKeys(alias),
				Remove: func(context.Context) error { return d.removeKeys(alias) }})
		}
	}
	return out, errors.Join(err, kerr)
}

func (d *patient) orphanPorts(context.Context) ([]doctor.Orphan, error) {
	stale, err := d.Profiles.Stale()
	if err != nil {
		return nil, nil // the registry cannot be read, which the check of files says
	}
	var out []doctor.Orphan
	for _, alias := range stale {
		port, _ := d.Profiles.Port(alias)
		out = append(out, doctor.Orphan{Alias: alias.String(), What: fmt.Sprintf("its port, %d, in %s", port, d.Dirs.Ports()), Remove: d.Profiles.Reclaim})
	}
	return out, nil
}

func (d *patient) orphanCommands(ctx context.Context) ([]doctor.Orphan, error) {
	list, err := d.Commands(ctx)
	var out []doctor.Orphan
	for _, c := range list {
		if d.gone(c.Profile) {
			out = append(out, doctor.Orphan{Alias: c.Profile, What: "its command " + c.Path, Remove: func(context.Context) error { return d.removeCommand(c.Path) }})
		}
	}
	return out, err
}

// dirOf is a folder's entries, without hidden ones; none where it is not there.
func dirOf(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }), nil
}
