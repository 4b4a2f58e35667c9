// Package logfile reads logs that are plain files: one or several of them in the
// order of time, with the older ones that their writers have put aside, and as
// they grow. It is what `ringlet proxy logs` shows where there is no journal.
//
// The files are those of other processes: they are read while they are written,
// exchanged for new ones (a rotation), cut to nothing, and their last line may
// not have its end yet.
package logfile

import (
	"context"
	"strconv"
	"time"
)

// Kept is how many older logs lie beside a proxy.log: proxy.log.1, which it was
// before, and proxy.log.2, which was that before.
const Kept = 2

// Older is the name of the log before path (1), or before that (2).
func Older(path string, n int) string { return path + "." + strconv.Itoa(n) }

// Source is a log: a file, and those whose place it has taken.
type Source struct {
	Name string // is passed on with its lines
	Path string
	Kept int // how many older files there may be: Older(Path, 1) and on
}

// Line is a line of a log. One without a time of its own (a panic's trace) has
// that of the line before it and is as urgent; at the beginning of a file it has
// the time of the last write to the file, or of its arrival.
type Line struct {
	Name     string // its source's
	Path     string // its source's, also where it was read from an older file
	Text     string // the whole line, with its time and without its end
	Message  string // the line without its time, where it has one
	Time     time.Time
	Timed    bool // the time is its own
	Priority int  // syslog's, 0 (emergency) to 7 (debug)
}

// Options say what is read.
type Options struct {
	Lines  int             // the last so many that are taken, of all sources together; 0 is all, a negative number none
	Since  time.Time       // not what is older; zero for no bound
	Takes  func(Line) bool // which lines besides; nil for all
	Follow bool            // then go on until the context ends
}

func (o Options) takes(l Line) bool {
	return !l.Time.Before(o.Since) && (o.Takes == nil || o.Takes(l))
}

// followPause is how often followed files are looked at.
const followPause = 200 * time.Millisecond

// Read passes on what is in the sources, in the order of time, and with
// [Options.Follow] what is added to them, as it comes, until ctx ends (its cause
// is returned) or line returns an error (which is returned). The lines of one
// source stay in their order, whatever the clock did. A file that is not there
// is empty, until it comes; one that cannot be opened is an error.
func Read(ctx context.Context, sources []Source, o Options, line func(Line) error) error {
	tails := make([]*tail, len(sources))
	past := make([][]Line, len(sources))
	defer func() {
		for _, t := range tails {
			if t != nil {
				t.close()
			}
		}
	}()
	for i, s := range sources {
		tails[i] = &tail{source: s}
		keep := newest{most: o.Lines}
		err := tails[i].begin(func(l Line) {
			if o.Lines >= 0 && o.takes(l) {
				keep.add(l)
			}
		})
		if err != nil {
			return err
		}
		past[i] = keep.lines
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
	}
	all := merged(past)
	if o.Lines > 0 {
		all = all[max(0, len(all)-o.Lines):]
	}
	for _, l := range all {
		if err := line(l); err != nil {
			return err
		}
	}
	if !o.Follow {
		return nil
	}
	return follow(ctx, tails, o, line)
}

// follow passes on what comes. What all sources got since the last look is put
// in order.
func follow(ctx context.Context, tails []*tail, o Options, line func(Line) error) error {
	ticker := time.NewTicker(followPause)
	defer ticker.Stop()
	came := make([][]Line, len(tails))
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		for i, t := range tails {
			came[i] = came[i][:0]
			err := t.more(func(l Line) {
				if o.takes(l) {
					came[i] = append(came[i], l)
				}
			})
			if err != nil {
				return err
			}
		}
		for _, l := range merged(came) {
			if err := line(l); err != nil {
				return err
			}
		}
	}
}

// newest keeps the last most lines; all when most is 0.
type newest struct {
	most  int
	lines []Line
}

func (n *newest) add(l Line) {
	if n.lines = append(n.lines, l); n.most > 0 && len(n.lines) >= 2*n.most {
		n.lines = append(n.lines[:0], n.lines[len(n.lines)-n.most:]...)
	}
}

// merged puts several logs into one order of time. Each keeps its own order: a
// clock that was set back does not mix up the lines of one log.
func merged(logs [][]Line) []Line {
	total := 0
	for _, log := range logs {
		total += len(log)
	}
	out := make([]Line, 0, total)
	next := make([]int, len(logs))
	for len(out) < total {
		first := -1
		for i, log := range logs {
			if next[i] < len(log) && (first < 0 || log[next[i]].Time.Before(logs[first][next[first]].Time)) {
				first = i
			}
		}
		out = append(out, logs[first][next[first]])
		next[first]++
	}
	return out
}
