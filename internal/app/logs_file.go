package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/logfile"
	"github.com/ringlet/ringlet/internal/session"
	"github.com/ringlet/ringlet/profiles"
)

// fileLogs shows the engines' own files: proxy.log with the older ones, and what
// an engine that no init system runs has printed besides (why it did not start, a
// crash). why says why not the journal.
func (a *App) fileLogs(ctx context.Context, list []profiles.Profile, why error, o LogOptions, out *logPrinter) error {
	out.announce = nil
	instead := logName(a.init.Host.Supervisor())
	var sources []logfile.Source
	printed := map[string]bool{} // sources whose lines have no times
	for _, p := range list {
		if external(p) { // ultrallm writes no such file
			if len(list) == 1 {
				return why
			}
			continue
		}
		alias := p.Alias.String()
		path := a.Dirs.ProxyLog(p.Agent, alias)
		if len(list) == 1 {
			fmt.Fprintf(a.stderr, "not from %s, but from %s (%v)\n", instead, path, why)
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !o.Follow {
			fmt.Fprintf(a.stderr, "%s is not there yet: the proxy has not run since it was created\n", path)
		}
		besides := filepath.Join(filepath.Dir(path), session.PrintedLog)
		printed[besides] = true
		sources = append(sources, logfile.Source{Name: alias, Path: path, Kept: logInfo(p).Keep}, logfile.Source{Name: alias, Path: besides})
	}
	if len(list) > 1 {
		fmt.Fprintf(a.stderr, "not from %s, but from each profile's proxy.log (%v)\n", instead, why)
	}
	line := func(l logfile.Line) logLine {
		entry := logLine{Time: l.Time, Profile: l.Name, Level: levelWord(l.Priority), Source: "file", Message: l.Text, priority: l.Priority}
		if printed[l.Path] {
			entry.Message = "time=" + l.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00") + " " + l.Text
		}
		return entry
	}
	ask := logfile.Options{Lines: o.Lines, Since: o.Since, Follow: o.Follow, Takes: func(l logfile.Line) bool { return o.takes(line(l)) }}
	if o.Lines == 0 {
		ask.Lines = -1
	}
	err := logfile.Read(ctx, sources, ask, func(l logfile.Line) error { return out.print(line(l)) })
	var denied *fs.PathError
	switch {
	case ctx.Err() != nil && o.Follow:
		return nil // the user ended it
	case errors.As(err, &denied) && denied.Op == "open":
		return fault.New(fault.Failed, "see whose it is and who may read it: ls -l "+denied.Path, "the log cannot be read: %w", err)
	}
	return err
}
