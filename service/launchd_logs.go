package service

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ringlet/ringlet/units"
)

// logFollowPause is how often a followed file is looked at.
const logFollowPause = 200 * time.Millisecond

// Logs implements [Supervisor] from two files: the engine's own log, proxy.log,
// and what it printed besides, which launchd collects: a panic, or why it did not
// start. The lines of the second have no time of their own: they get that of the
// last write to the file, or of their arrival. The file that was written to last
// is shown last.
func (l *launchd) Logs(ctx context.Context, alias string, opts LogOptions, line func(Line) error) error {
	p, err := l.read(alias, "")
	if err != nil {
		return err
	}
	if p.content == nil {
		return &LogUnavailable{Problem: "there is no log: the proxy is not enabled"}
	}
	printed := units.LaunchdLog(p.origin.ConfigPath)
	logs := []*grownFile{{path: printed}, {path: filepath.Join(filepath.Dir(printed), "proxy.log")}}
	defer func() {
		for _, g := range logs {
			g.close()
		}
	}()
	written := map[*grownFile]time.Time{}
	for _, g := range logs {
		if info, err := os.Stat(g.path); err == nil {
			written[g] = info.ModTime()
		}
	}
	if len(written) == 0 && !opts.Follow {
		return &LogUnavailable{Problem: "there is no log yet: the proxy has not run"}
	}
	slices.SortStableFunc(logs, func(a, b *grownFile) int { return written[a].Compare(written[b]) })

	var last []Line
	for _, g := range logs {
		lines, err := g.lines()
		if err != nil {
			return err
		}
		for _, text := range lines {
			if l := parseLogLine(text, alias, written[g]); !l.Time.Before(opts.Since) {
				last = append(last, l)
			}
		}
		if opts.Lines > 0 {
			last = slices.Clone(last[max(0, len(last)-opts.Lines):])
		}
	}
	if opts.Lines < 0 {
		last = nil
	}
	for _, l := range last {
		if err := line(l); err != nil {
			return err
		}
	}
	if !opts.Follow {
		return nil
	}
	for {
		if err := pause(ctx, logFollowPause); err != nil {
			return err
		}
		for _, g := range logs {
			lines, err := g.lines()
			if err != nil {
				return err
			}
			for _, text := range lines {
				if err := line(parseLogLine(text, alias, time.Now())); err != nil {
					return err
				}
			}
		}
	}
}

// parseLogLine reads "time=2026-11-26T18:00:00.000Z level=error msg=…", the lines
// of proxy.log; any other is all message, and has the time at.
func parseLogLine(text, alias string, at time.Time) Line {
	l := Line{Time: at, Alias: alias, Message: text, Priority: 6}
	first, rest, found := strings.Cut(text, " ")
	stamp, ok := strings.CutPrefix(first, "time=")
	said, err := time.Parse(time.RFC3339, stamp)
	if !ok || !found || err != nil {
		return l
	}
	l.Time, l.Message = said, rest
	switch {
	case strings.HasPrefix(rest, "level=error "):
		l.Priority = 3
	case strings.HasPrefix(rest, "level=warning "):
		l.Priority = 4
	}
	return l
}

// grownFile is a file that others append to, and exchange for another.
type grownFile struct {
	path string
	file *os.File // nil while there is none
	in   *bufio.Reader
	part string // a line whose end has not come yet
}

// lines are the whole ones that came since the last call.
func (g *grownFile) lines() (out []string, err error) {
	out, err = g.rest(nil)
	if err != nil || !g.exchanged() {
		return out, err
	}
	g.close()
	f, err := os.Open(g.path)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	g.file, g.in = f, bufio.NewReader(f)
	return g.rest(out)
}

// rest reads what has come to the open file.
func (g *grownFile) rest(out []string) ([]string, error) {
	if g.file == nil {
		return out, nil
	}
	for {
		text, err := g.in.ReadString('\n')
		g.part += text
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, strings.TrimSuffix(g.part, "\n"))
		g.part = ""
	}
}

// exchanged says that another file is at the path now, or the first one.
func (g *grownFile) exchanged() bool {
	now, err := os.Stat(g.path)
	if err != nil {
		return false // it was moved away; another will come
	}
	if g.file == nil {
		return true
	}
	have, err := g.file.Stat()
	return err != nil || !os.SameFile(have, now)
}

func (g *grownFile) close() {
	if g.file != nil {
		_ = g.file.Close()
		g.file, g.in, g.part = nil, nil, ""
	}
}
