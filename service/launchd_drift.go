package service

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/ringlet/ringlet/units"
)

// Drift compares a proxy's agent, and what launchd has loaded of it, with what
// Install would leave, without changing anything. A file that is not ours is a
// [*ForeignUnit]. NotLoaded is an agent that launchd runs as it was before its
// file was written.
func (l *launchd) Drift(ctx context.Context, spec units.Spec) (Drift, error) {
	path, want, err := l.render(spec)
	if err != nil {
		return Drift{}, err
	}
	p, err := l.read(spec.Alias, spec.ConfigPath)
	if err != nil {
		return Drift{}, err
	}
	var d Drift
	name := filepath.Base(path)
	if program := p.origin.Program; program != "" {
		_, err := os.Stat(program)
		d.Gone = errors.Is(err, fs.ErrNotExist)
		if d.Gone || program != spec.Exe {
			d.Program = program
		}
	}
	switch {
	case p.content == nil:
		d.Missing = append(d.Missing, name)
		return d, nil
	case p.origin.Edited:
		d.Edited = append(d.Edited, name)
	case !bytes.Equal(p.content, want):
		d.Outdated = append(d.Outdated, name)
	}
	off, err := l.disabled(ctx)
	if err != nil {
		return Drift{}, err
	}
	if off(spec.Alias) {
		d.NotEnabled = append(d.NotEnabled, name)
	}
	j, loaded, err := l.find(ctx, spec.Alias)
	if err == nil && loaded && !l.current(p, j) {
		d.NotLoaded = append(d.NotLoaded, name)
	}
	return d, err
}

// current says whether launchd has loaded what stands in the file now. It goes on
// with what it has read, and tells nobody what that was: so the sum is noted when
// ringlet loads a job. A job that was loaded at a login has started then; if that
// was after the file was written, it is the file's.
func (l *launchd) current(p plist, j job) bool {
	if readRecord(p.origin.ConfigPath).Content == sum(p.content) {
		return true
	}
	info, err := os.Stat(p.path)
	if err != nil || j.runs != 1 || j.pid == 0 {
		return false
	}
	started, known := startedAt(j.pid)
	return known && started.After(info.ModTime())
}

// Marked lists all that ringlet wrote, of every home that this user has.
func (l *launchd) Marked() ([]Marked, error) {
	entries, err := os.ReadDir(l.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []Marked
	for _, entry := range entries {
		alias, ok := units.LaunchdAliasOf(entry.Name())
		if !ok {
			continue
		}
		p, err := l.readFor(alias, "")
		if err != nil || p.content == nil {
			continue // not ours, or gone
		}
		out = append(out, Marked{Alias: alias, Config: p.origin.ConfigPath, Paths: []string{p.path}, Text: string(p.content)})
	}
	return out, nil
}

// UninstallFor is Uninstall for a profile that is not there any more: config is
// what its agent names.
func (l *launchd) UninstallFor(ctx context.Context, alias, config string) error {
	return l.uninstall(ctx, alias, config)
}

// Environment is what the next start of a proxy's engine gets: what the agent
// says, above what `launchctl setenv` gave to this user's jobs, of which only the
// variables of those names are asked for.
func (l *launchd) Environment(ctx context.Context, alias string, names []string) (map[string]string, error) {
	p, err := l.owned(alias)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, name := range names {
		// One that is not set is no error on every version, and an empty line.
		a, err := l.ctl.Run(ctx, "getenv", name)
		if err != nil {
			return nil, err
		}
		if value := strings.TrimSuffix(a.Out, "\n"); a.Code == 0 && value != "" {
			out[name] = value
		}
	}
	maps.Copy(out, p.agent.Environment)
	return out, nil
}
