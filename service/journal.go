package service

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/ringlet/ringlet/units"
)

// maxEntry bounds one journal entry as JSON, in bytes: messages end at a few
// kilobytes, but a core dump's entry is large.
const maxEntry = 16 << 20

// Logs implements [Supervisor] through journalctl.
func (s *systemd) Logs(ctx context.Context, alias string, opts LogOptions, line func(Line) error) error {
	return s.LogsOf(ctx, []string{alias}, opts, line)
}

// LogsOf implements [ManyLogger]: the journal has all units in one order of time.
func (s *systemd) LogsOf(ctx context.Context, aliases []string, opts LogOptions, line func(Line) error) error {
	var matches []string
	for _, alias := range aliases {
		matches = append(matches, "--user-unit="+units.ServiceName(alias), "--user-unit="+units.SocketName(alias))
	}
	if !opts.Follow && opts.Since.IsZero() && opts.After == "" {
		return s.journal(ctx, matches, opts, line)
	}
	// journalctl would wait forever for what it may not read; and that a part of the
	// log is empty does not say that it may not be read.
	if err := s.journal(ctx, matches, LogOptions{Lines: 1}, func(Line) error { return nil }); err != nil {
		return err
	}
	err := s.journal(ctx, matches, opts, line)
	if empty := (*nothingRead)(nil); errors.As(err, &empty) {
		return nil
	}
	return err
}

// nothingRead is a LogUnavailable that may only be an empty part of the log.
type nothingRead struct{ LogUnavailable }

func (e *nothingRead) Unwrap() error { return &e.LogUnavailable }

// journalArgs are journalctl's: without --lines it shows all, and the last ten
// where it follows.
func journalArgs(matches []string, opts LogOptions) []string {
	args := append([]string{"--quiet", "--output=json", "--all", "--no-pager"}, matches...)
	if !opts.Since.IsZero() {
		args = append(args, "--since=@"+strconv.FormatInt(opts.Since.Unix(), 10))
	}
	switch {
	case opts.After != "":
		args = append(args, "--after-cursor="+opts.After)
		if opts.Follow {
			args = append(args, "--no-tail")
		}
	case opts.Lines < 0:
		args = append(args, "--lines=0")
	case opts.Lines > 0:
		args = append(args, "--lines="+strconv.Itoa(opts.Lines))
	case opts.Follow:
		args = append(args, "--no-tail")
	}
	if opts.Follow {
		args = append(args, "--follow")
	}
	return args
}

// journal reads the entries that match.
func (s *systemd) journal(ctx context.Context, matches []string, opts LogOptions, line func(Line) error) error {
	args := journalArgs(matches, opts)
	program, err := findJournalctl()
	if err != nil {
		return &LogUnavailable{Problem: "the journal cannot be read: there is no journalctl"}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	s.log.DebugContext(ctx, "run", "program", program, "args", args)
	if err := cmd.Start(); err != nil {
		return &LogUnavailable{Problem: fmt.Sprintf("the journal cannot be read: %v", err)}
	}
	n, readErr := readEntries(out, line)
	outer := context.Cause(ctx)
	cancel() // a reader that gave up must not leave journalctl behind
	waitErr := cmd.Wait()
	switch {
	case outer != nil:
		return outer
	case readErr != nil:
		return readErr
	case n > 0:
		return nil
	}
	if said := strings.TrimSpace(complaint.String()); said != "" || exitCode(waitErr) > 0 {
		return &LogUnavailable{Problem: "the journal cannot be read: " + firstLine(said)}
	}
	// Whoever may not read a volatile journal is told nothing, just as if it were
	// empty; and a proxy that was ever started has lines.
	return &nothingRead{LogUnavailable{Problem: "the journal has nothing of this proxy that you may read"}}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

func firstLine(s string) string { s, _, _ = strings.Cut(s, "\n"); return s }

// findJournalctl does not depend on PATH.
func findJournalctl() (string, error) {
	for _, dir := range []string{"/usr/bin", "/bin", "/run/current-system/sw/bin"} {
		path := dir + "/journalctl"
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return exec.LookPath("journalctl")
}

// readEntries passes on every entry, one JSON object a line, and counts them.
func readEntries(r io.Reader, line func(Line) error) (n int, err error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxEntry)
	for scanner.Scan() {
		entry, err := parseEntry(scanner.Bytes())
		if err != nil {
			return n, err
		}
		n++
		if err := line(entry); err != nil {
			return n, err
		}
	}
	return n, scanner.Err()
}

// parseEntry reads `journalctl -o json`: systemd.journal-fields(7). Values are
// strings; arrays of numbers where they are no UTF-8; null where too large; and
// arrays of any of these where a field occurs more than once.
func parseEntry(data []byte) (Line, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return Line{}, fmt.Errorf("journal entry: %w", err)
	}
	l := Line{Priority: 6, Message: fieldText(raw["MESSAGE"])}
	if us, err := strconv.ParseInt(fieldText(raw["__REALTIME_TIMESTAMP"]), 10, 64); err == nil {
		l.Time = time.UnixMicro(us)
	}
	if p, err := strconv.Atoi(fieldText(raw["PRIORITY"])); err == nil {
		l.Priority = p
	}
	l.PID, _ = strconv.Atoi(fieldText(raw["_PID"]))
	// The manager names the unit it speaks of; what the unit says is marked with it.
	_, l.Manager = raw["USER_UNIT"]
	l.Cursor = fieldText(raw["__CURSOR"])
	for _, field := range []string{"USER_UNIT", "_SYSTEMD_USER_UNIT"} {
		if alias, ok := units.AliasOf(fieldText(raw[field])); ok {
			l.Alias = alias
			break
		}
	}
	for key, v := range raw {
		if strings.HasPrefix(key, "RINGLET_") {
			if l.Fields == nil {
				l.Fields = map[string]string{}
			}
			l.Fields[key] = fieldText(v)
		}
	}
	return l, nil
}

func fieldText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var numbers []uint16 // a []byte would be taken for base64
	if json.Unmarshal(raw, &numbers) == nil {
		b := make([]byte, 0, len(numbers))
		for _, n := range numbers {
			b = append(b, byte(n))
		}
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	var several []json.RawMessage
	if json.Unmarshal(raw, &several) == nil && len(several) > 0 {
		return fieldText(several[0])
	}
	return ""
}

// said collects what one process of a proxy logged since a moment, for an error.
// It is looked for by process, as the journal cannot tell the unit of one that
// ended before its words were read; and for up to two seconds and twice at least,
// as they are written by another process, a little after.
func (s *systemd) said(ctx context.Context, pid int, since time.Time) []string {
	if pid == 0 {
		return nil
	}
	const keep = 5
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // where one look takes seconds
	defer cancel()
	began := time.Now()
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	matches := []string{"_PID=" + strconv.Itoa(pid), "_UID=" + strconv.Itoa(s.host.uid())}
	var lines []string
	for looks := 1; ; looks++ {
		before := len(lines)
		lines = nil
		err := s.journal(ctx, matches, LogOptions{Lines: 100}, func(l Line) error {
			if text := strings.TrimSpace(l.Message); !l.Time.Before(since) && text != "" {
				lines = append(lines, text)
			}
			return nil
		})
		// The same twice: nothing more is on its way.
		if len(lines) > 0 && len(lines) == before {
			return lines[max(0, len(lines)-keep):]
		}
		select {
		case <-ticker.C:
			if looks == 1 || time.Since(began) < 2*time.Second {
				continue
			}
		case <-ctx.Done():
		}
		s.log.DebugContext(ctx, "no more log lines to explain a failure", "pid", pid, "lines", len(lines), "error", err)
		return lines[max(0, len(lines)-keep):]
	}
}
