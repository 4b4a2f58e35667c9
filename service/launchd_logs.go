package service

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ringlet/ringlet/internal/logfile"
	"github.com/ringlet/ringlet/units"
)

// Logs implements [Supervisor].
func (l *launchd) Logs(ctx context.Context, alias string, opts LogOptions, line func(Line) error) error {
	return l.LogsThat(ctx, []string{alias}, opts, nil, line)
}

// LogsOf implements [ManyLogger].
func (l *launchd) LogsOf(ctx context.Context, aliases []string, opts LogOptions, line func(Line) error) error {
	return l.LogsThat(ctx, aliases, opts, nil, line)
}

// LogsThat is LogsOf for those lines only that pass takes, which may be nil:
// Lines counts them. Files have no cursors by which a reader could go on where it
// was, so that a line is neither missed nor told twice.
//
// A profile has two logs: the engine's own, proxy.log, and what the engine printed
// besides, which launchd collects: a panic, or why it did not start. A profile that
// has not run has no lines.
func (l *launchd) LogsThat(ctx context.Context, aliases []string, opts LogOptions, pass func(Line) bool, line func(Line) error) error {
	sources, err := l.logs(aliases, opts.Follow)
	if err != nil {
		return err
	}
	of := func(f logfile.Line) Line {
		return Line{Time: f.Time, Alias: f.Name, Message: f.Message, Priority: f.Priority}
	}
	ask := logfile.Options{Lines: opts.Lines, Follow: opts.Follow, Since: opts.Since.Truncate(time.Second)}
	if pass != nil {
		ask.Takes = func(f logfile.Line) bool { return pass(of(f)) }
	}
	return logfile.Read(ctx, sources, ask, func(f logfile.Line) error { return line(of(f)) })
}

// olds is how many older logs lie beside a proxy.log, which is the profile's to say,
// and at least as many as are kept by default.
func olds(path string) int {
	n := 0
	for n < 1000 {
		if _, err := os.Stat(logfile.Older(path, n+1)); err != nil {
			break
		}
		n++
	}
	return max(n, logfile.Kept)
}

// logs are those of the profiles that have a job. That there is nothing in any of
// them, and nothing to wait for, is a [*LogUnavailable].
func (l *launchd) logs(aliases []string, wait bool) ([]logfile.Source, error) {
	var sources []logfile.Source
	there := false
	for _, alias := range aliases {
		p, err := l.read(alias, "")
		if err != nil {
			return nil, err
		}
		if p.content == nil {
			continue
		}
		printed := units.LaunchdLog(p.origin.ConfigPath)
		own := filepath.Join(filepath.Dir(printed), "proxy.log")
		sources = append(sources, logfile.Source{Name: alias, Path: printed, Kept: 1}, logfile.Source{Name: alias, Path: own, Kept: olds(own)})
		for _, path := range []string{printed, own} {
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				there = true
			}
		}
	}
	switch {
	case len(sources) == 0:
		return nil, &LogUnavailable{Problem: "there is no log: the proxy is not enabled"}
	case !there && !wait:
		return nil, &LogUnavailable{Problem: "there is no log yet: the proxy has not run"}
	}
	return sources, nil
}
