package service

import (
	"context"
	"slices"
	"sync"
)

// ManyLogger is a [Supervisor] whose log has several proxies' lines in one order.
type ManyLogger interface {
	// LogsOf is Logs for several profiles.
	LogsOf(ctx context.Context, aliases []string, opts LogOptions, line func(Line) error) error
}

// LogsOf passes on the log of several profiles, what there is in the order of
// time, and what is followed as it comes. line is called by one goroutine at a
// time. Of supervisors that are no [ManyLogger] each profile's log is read by
// itself.
func LogsOf(ctx context.Context, sup Supervisor, aliases []string, opts LogOptions, line func(Line) error) error {
	if many, ok := sup.(ManyLogger); ok {
		return many.LogsOf(ctx, aliases, opts, line)
	}
	named := func(alias string, do func(Line) error) func(Line) error {
		return func(l Line) error {
			l.Alias = alias
			return do(l)
		}
	}
	if len(aliases) == 1 {
		return sup.Logs(ctx, aliases[0], opts, named(aliases[0], line))
	}
	if opts.Lines >= 0 {
		var past []Line
		once := opts
		once.Follow = false
		for _, alias := range aliases {
			if err := sup.Logs(ctx, alias, once, named(alias, func(l Line) error { past = append(past, l); return nil })); err != nil {
				return err
			}
		}
		slices.SortStableFunc(past, func(a, b Line) int { return a.Time.Compare(b.Time) })
		if opts.Lines > 0 {
			past = past[max(0, len(past)-opts.Lines):]
		}
		for _, l := range past {
			if err := line(l); err != nil {
				return err
			}
		}
	}
	if !opts.Follow {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, alias := range aliases {
		wg.Go(func() {
			err := sup.Logs(ctx, alias, LogOptions{Lines: -1, Follow: true}, named(alias, func(l Line) error {
				mu.Lock()
				defer mu.Unlock()
				return line(l)
			}))
			if err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
