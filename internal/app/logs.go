package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/profiles"
	"github.com/ringlet/ringlet/service"
)

// LogOptions say which part of a log is shown.
type LogOptions struct {
	Lines  int            // how many of the last lines that pass the rest
	Since  time.Time      // not what is older; zero for no bound
	Level  int            // not what is less urgent: syslog's 3 to 7, 0 for no bound; see [ParseLevel]
	Grep   *regexp.Regexp // only messages in which it is found; nil for all
	Follow bool           // go on until ctx ends
	JSON   bool           // one JSON object per line
}

// Levels are the words for --level, with syslog's numbers.
func Levels() []string { return []string{"error", "warning", "info"} }

// ParseLevel reads one of [Levels].
func ParseLevel(word string) (int, error) {
	switch word {
	case "error":
		return 3, nil
	case "warning", "warn":
		return 4, nil
	case "info":
		return 6, nil
	}
	return 0, fault.New(fault.Usage, "choose "+strings.Join(Levels(), ", ")+", for example: ringlet proxy logs work --level warning", "there is no level %q", word)
}

// ParseGrep reads a regular expression for --grep.
func ParseGrep(expr string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fault.New(fault.Usage, "its syntax is at https://pkg.go.dev/regexp/syntax; a backslash before a sign takes it literally", "--grep %q cannot be read: %w", expr, err)
	}
	return re, nil
}

// filtered says that not every line is shown.
func (o LogOptions) filtered() bool { return o.Grep != nil || o.Level > 0 || !o.Since.IsZero() }

// takes says whether a line is one of those asked for.
func (o LogOptions) takes(l logLine) bool {
	return (o.Level == 0 || l.priority <= o.Level) && !l.Time.Before(o.Since) && (o.Grep == nil || o.Grep.MatchString(l.Message))
}

// logLine is a line of the log as --json prints it. The field names are stable.
type logLine struct {
	Time    time.Time         `json:"time"`
	Profile string            `json:"profile"`
	Level   string            `json:"level"`  // error, warning, info or debug
	Source  string            `json:"source"` // journal, manager (the init system itself, in the journal), launchd (the files of an engine under launchd) or file
	Message string            `json:"message"`
	Fields  map[string]string `json:"fields,omitempty"`

	priority int
}

func levelWord(priority int) string {
	switch {
	case priority <= 3:
		return "error"
	case priority == 4:
		return "warning"
	case priority <= 6:
		return "info"
	}
	return "debug"
}

// Logs writes the log of the named profiles' proxies to w, or with none named of
// all, in the order of time: from launchd's files, or from the journal, with systemd's own lines about the
// units, or from the files proxy.log where the journal cannot be read; which of
// them it is goes to standard error.
func (a *App) Logs(ctx context.Context, aliases []string, o LogOptions, w io.Writer) error {
	list, problem := a.proxiedProfiles(ctx, aliases)
	if len(list) == 0 {
		return problem
	}
	out := &logPrinter{o: o, w: w, names: len(list) > 1}
	err := a.logs(ctx, list, o, out)
	if err == nil && !o.Follow && o.Lines != 0 && !out.any {
		out.tellSource()
		if o.filtered() {
			fmt.Fprintln(a.stderr, "none of its lines is as asked for")
		}
	}
	return errors.Join(err, problem)
}

func (a *App) logs(ctx context.Context, list []profiles.Profile, o LogOptions, out *logPrinter) error {
	one := ""
	if len(list) == 1 {
		one = list[0].Alias.String()
	}
	sup, err := a.connect(ctx, one)
	var none *service.Unavailable
	switch {
	case errors.As(err, &none):
		return a.fileLogs(ctx, list, none, o, out)
	case err != nil:
		return err
	}
	defer sup.Close()
	out.announce = func() { fmt.Fprintln(a.stderr, "from "+logName(sup.Name())) }
	err = journalLogs(ctx, sup, list, o, out)
	var unreadable *service.LogUnavailable
	if errors.As(err, &unreadable) {
		return a.fileLogs(ctx, list, unreadable, o, out)
	}
	if ctx.Err() != nil && o.Follow {
		return nil // the user ended it
	}
	return err
}

// journalLogs shows what the supervisor keeps.
func journalLogs(ctx context.Context, sup service.Supervisor, list []profiles.Profile, o LogOptions, out *logPrinter) error {
	var aliases []string
	for _, p := range list {
		aliases = append(aliases, p.Alias.String())
	}
	last := ""
	line := func(l service.Line, show func(logLine) error) error {
		last = l.Cursor
		entry := entryOf(l, sup.Name())
		if !o.takes(entry) {
			return nil
		}
		return show(entry)
	}
	ask := service.LogOptions{Lines: o.Lines, Since: o.Since}
	if o.Lines == 0 {
		ask.Lines = -1 // for a supervisor, 0 would be all
	}
	if files, ok := sup.(pickyLogger); ok {
		ask.Follow = o.Follow
		pass := func(l service.Line) bool { return o.takes(entryOf(l, sup.Name())) }
		return files.LogsThat(ctx, aliases, ask, pass, func(l service.Line) error { return out.print(entryOf(l, sup.Name())) })
	}
	if !o.filtered() && (o.Follow || o.Lines > 0) {
		ask.Follow = o.Follow
		return service.LogsOf(ctx, sup, aliases, ask, func(l service.Line) error { return line(l, out.print) })
	}
	began := time.Now()
	if o.Lines > 0 { // the last ones that pass: all have to be read
		ask.Lines = 0
		past := newest{most: o.Lines}
		if err := service.LogsOf(ctx, sup, aliases, ask, func(l service.Line) error { return line(l, past.add) }); err != nil {
			return err
		}
		if err := past.each(out.print); err != nil {
			return err
		}
	}
	if !o.Follow {
		return nil
	}
	ask = service.LogOptions{Follow: true, After: last}
	if last == "" {
		ask.Since = began
	}
	return service.LogsOf(ctx, sup, aliases, ask, func(l service.Line) error { return line(l, out.print) })
}

// pickyLogger is a supervisor that counts only the lines that pass.
type pickyLogger interface {
	LogsThat(ctx context.Context, aliases []string, opts service.LogOptions, pass func(service.Line) bool, line func(service.Line) error) error
}

// entryOf is a supervisor's line as it is shown.
func entryOf(l service.Line, supervisor string) logLine {
	entry := logLine{Time: l.Time, Profile: l.Alias, Level: levelWord(l.Priority), Source: logSource(supervisor), Message: l.Message, Fields: l.Fields, priority: l.Priority}
	if l.Manager {
		entry.Source = "manager"
	}
	return entry
}

// newest keeps the last most lines.
type newest struct {
	most  int
	lines []logLine
}

func (n *newest) add(l logLine) error {
	if n.lines = append(n.lines, l); len(n.lines) >= 2*n.most {
		n.lines = append(n.lines[:0], n.lines[len(n.lines)-n.most:]...)
	}
	return nil
}

func (n *newest) each(show func(logLine) error) error {
	slices.SortStableFunc(n.lines, func(a, b logLine) int { return a.Time.Compare(b.Time) })
	for _, l := range n.lines[max(0, len(n.lines)-n.most):] {
		if err := show(l); err != nil {
			return err
		}
	}
	return nil
}

// logPrinter writes lines, one at a time.
type logPrinter struct {
	o        LogOptions
	w        io.Writer
	names    bool   // say whose each line is
	announce func() // is called before the first line

	mu  sync.Mutex
	any bool // a line was printed
}

// tellSource names the source, once.
func (p *logPrinter) tellSource() {
	if p.announce != nil {
		p.announce()
		p.announce = nil
	}
}

func (p *logPrinter) print(l logLine) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tellSource()
	p.any = true
	if p.o.JSON {
		enc := json.NewEncoder(p.w)
		enc.SetEscapeHTML(false)
		return enc.Encode(l)
	}
	text := l.Message
	if p.names {
		text = "[" + l.Profile + "] " + text
	}
	if l.Source != "file" { // a file's lines begin with their time
		text = l.Time.Local().Format("2006-01-02 15:04:05") + " " + text
	}
	_, err := fmt.Fprintln(p.w, text)
	return err
}
