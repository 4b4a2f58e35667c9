package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/ringlet/ringlet/service"
)

// LogOptions say which part of a log is shown.
type LogOptions struct {
	Lines  int  // how many of the last lines
	Follow bool // go on until ctx ends
	JSON   bool // one JSON object per line
}

// logLine is a line of the log as --json prints it.
type logLine struct {
	Time    time.Time         `json:"time"`
	Message string            `json:"message"`
	Fields  map[string]string `json:"fields,omitempty"`
}

// Logs writes a proxy's log to w: from the journal, with systemd's own lines
// about the unit, or from proxy.log where the journal cannot be read; which of
// them it is goes to standard error.
func (a *App) Logs(ctx context.Context, alias string, o LogOptions, w io.Writer) error {
	p, err := a.profile(alias)
	if err != nil {
		return err
	}
	file := a.Dirs.ProxyLog(p.Agent, alias)
	sup, err := a.connect(ctx, alias)
	var none *service.Unavailable
	switch {
	case errors.As(err, &none) && !external(p): // ultrallm writes no such file
		return a.fileLog(ctx, file, none, o, w)
	case err != nil:
		return err
	}
	defer sup.Close()
	last := o.Lines
	if last == 0 {
		if !o.Follow {
			return nil
		}
		last = -1 // for a supervisor, 0 would be all
	}
	err = sup.Logs(ctx, alias, service.LogOptions{Lines: last, Follow: o.Follow}, func(l service.Line) error {
		if o.JSON {
			return printJSONLine(w, logLine{l.Time, l.Message, l.Fields})
		}
		_, err := fmt.Fprintf(w, "%s %s\n", l.Time.Local().Format("2006-01-02 15:04:05"), l.Message)
		return err
	})
	var unreadable *service.LogUnavailable
	if errors.As(err, &unreadable) && !external(p) {
		return a.fileLog(ctx, file, unreadable, o, w)
	}
	if ctx.Err() != nil && o.Follow {
		return nil // the user ended it
	}
	return err
}

func printJSONLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// followPause is how often a followed file is looked at.
const followPause = 200 * time.Millisecond

// fileLog shows proxy.log; why says why not the journal.
func (a *App) fileLog(ctx context.Context, path string, why error, o LogOptions, w io.Writer) error {
	fmt.Fprintf(a.stderr, "not from the journal, but from %s (%v)\n", path, why)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !o.Follow {
		fmt.Fprintln(a.stderr, "that file is not there yet: the proxy has not run since it was created")
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	show := func(line string) error {
		if o.JSON {
			return printJSONLine(w, map[string]string{"message": line})
		}
		_, err := fmt.Fprintln(w, line)
		return err
	}
	t := tail{path: path, f: f, show: show}
	defer t.close()
	if err := t.last(o.Lines); err != nil || !o.Follow {
		return err
	}
	ticker := time.NewTicker(followPause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := t.more(); err != nil {
				return err
			}
		}
	}
}

// tail reads a file as it grows, and the one that takes its place.
type tail struct {
	path string
	f    *os.File // nil while there is none
	part string   // a line whose end has not come yet
	show func(string) error
}

// last shows the last n lines that are there.
func (t *tail) last(n int) error {
	if t.f == nil {
		return nil
	}
	lines := make([]string, 0, n)
	r := bufio.NewReader(t.f)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.part = line
			break
		}
		if n == 0 {
			continue
		}
		if len(lines) == n {
			lines = append(lines[:0], lines[1:]...)
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	for _, line := range lines {
		if err := t.show(line); err != nil {
			return err
		}
	}
	return nil
}

// more shows what has come since, and changes to the file that is at path now.
func (t *tail) more() error {
	if t.f != nil {
		r := bufio.NewReader(t.f)
		for {
			text, err := r.ReadString('\n')
			t.part += text
			if err != nil {
				break
			}
			line := strings.TrimSuffix(t.part, "\n")
			t.part = ""
			if err := t.show(line); err != nil {
				return err
			}
		}
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
	t.f, err = os.Open(t.path)
	t.part = ""
	return err
}

func (t *tail) close() {
	if t.f != nil {
		t.f.Close()
		t.f = nil
	}
}
