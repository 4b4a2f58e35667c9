package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// followPause is how often a followed file is looked at.
const followPause = 200 * time.Millisecond

// fileLogs shows the files proxy.log; why says why not the journal.
func (a *App) fileLogs(ctx context.Context, list []profiles.Profile, why error, o LogOptions, out *logPrinter) error {
	out.announce = nil
	past := newest{most: o.Lines}
	var tails []*tail
	defer func() {
		for _, t := range tails {
			t.close()
		}
	}()
	for _, p := range list {
		if external(p) { // ultrallm writes no such file
			if len(list) == 1 {
				return why
			}
			continue
		}
		t := &tail{path: a.Dirs.ProxyLog(p.Agent, p.Alias.String()), profile: p.Alias.String(), o: o}
		fmt.Fprintf(a.stderr, "not from %s, but from %s (%v)\n", logName(service.Host{}.Supervisor()), t.path, why)
		f, err := os.Open(t.path)
		switch {
		case err == nil:
			t.f = f
		case !errors.Is(err, fs.ErrNotExist):
			return fault.New(fault.Failed, "see whose it is and who may read it: ls -l "+t.path, "the log cannot be read: %w", err)
		case !o.Follow:
			fmt.Fprintln(a.stderr, "that file is not there yet: the proxy has not run since it was created")
		}
		tails = append(tails, t)
		mine := newest{most: max(o.Lines, 1)}
		if err := errors.Join(t.readOlder(mine.add), t.read(mine.add)); err != nil {
			return err
		}
		if o.Lines > 0 {
			past.lines = append(past.lines, mine.lines[max(0, len(mine.lines)-o.Lines):]...)
		}
	}
	if o.Lines > 0 {
		if err := past.each(out.print); err != nil {
			return err
		}
	}
	if !o.Follow {
		return nil
	}
	ticker := time.NewTicker(followPause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			for _, t := range tails {
				if err := t.more(out.print); err != nil {
					return err
				}
			}
		}
	}
}

// tail reads a proxy.log as it grows, and the one that takes its place.
type tail struct {
	path, profile string
	o             LogOptions
	f             *os.File // nil while there is none
	part          string   // a line whose end has not come yet
	last          logLine  // the last line; one without a time is as old and as urgent
}

// read passes on the lines from here on that are asked for, up to the end.
func (t *tail) read(show func(logLine) error) error {
	if t.f == nil {
		return nil
	}
	return t.readFrom(t.f, show)
}

func (t *tail) readFrom(f io.Reader, show func(logLine) error) error {
	r := bufio.NewReader(f)
	for {
		text, err := r.ReadString('\n')
		t.part += text
		if err != nil {
			return nil // the end, for now
		}
		t.last = parseFileLine(strings.TrimSuffix(t.part, "\n"), t.profile, t.last)
		t.part = ""
		if !t.o.takes(t.last) {
			continue
		}
		if err := show(t.last); err != nil {
			return err
		}
	}
}

// more shows what has come since, and changes to the file that is at path now.
func (t *tail) more(show func(logLine) error) error {
	if err := t.read(show); err != nil {
		return err
	}
	now, err := os.Stat(t.path)
	if err != nil {
		return nil // moved away; a new one will come
	}
	if t.f != nil {
		if have, err := t.f.Stat(); err == nil && os.SameFile(have, now) {
			return nil
		}
	}
	t.close()
	t.part = ""
	t.f, err = os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (t *tail) close() {
	if t.f != nil {
		t.f.Close()
		t.f = nil
	}
}

// parseFileLine reads a line of proxy.log: `time=… level=… msg=…`, or a request's
// `time=… method=… path=… status=…`. What is neither (a panic's trace) belongs to
// the line before.
func parseFileLine(text, profile string, before logLine) logLine {
	l := logLine{Time: before.Time, Profile: profile, Source: "file", Message: text, priority: before.priority}
	stamp, rest, _ := strings.Cut(strings.TrimPrefix(text, "time="), " ")
	if at, err := time.Parse(time.RFC3339Nano, stamp); err == nil && strings.HasPrefix(text, "time=") {
		l.Time, l.priority = at, 6
		switch {
		case strings.HasPrefix(rest, "level=error"):
			l.priority = 3
		case strings.HasPrefix(rest, "level=warn"):
			l.priority = 4
		case strings.HasPrefix(rest, "method="):
			l.priority = requestPriority(rest)
		}
	}
	if l.priority == 0 {
		l.priority = 6
	}
	l.Level = levelWord(l.priority)
	return l
}

// requestPriority is the one that the journal has for a request's line. What a
// client chose comes after the outcome, and in quotes where it has blanks.
func requestPriority(line string) int {
	_, outcome, _ := strings.Cut(line, " outcome=")
	outcome, _, _ = strings.Cut(outcome, " ")
	switch outcome {
	case "panicked":
		return 3
	case "failed", "busy":
		return 4
	}
	return 6
}
