package app

import (
	"context"

	"github.com/ringlet/ringlet/internal/health"
)

// renew has an engine that runs already take up at least configuration seq, by
// reload where it has an older one. Not settled: it does not answer, or not with
// that, and a restart is what is left. One that was late with its first answer, or
// that left or crashed between its answer and the reload, need not be restarted.
func renew(ctx context.Context, engine health.Checker, seq int64, reload func(context.Context) error) (settled bool, err error) {
	wait := func(ok func(health.Report) bool) (health.Report, error) {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		return health.WaitFor(ctx, engine, func(r health.Report) bool { return !r.Draining && ok(r) })
	}
	report, err := wait(func(health.Report) bool { return true })
	switch {
	case err != nil:
		return false, nil
	case report.Seq >= seq:
		return true, nil
	}
	if err := reload(ctx); err != nil && !overtaken(err) {
		return true, err
	}
	_, err = wait(func(r health.Report) bool { return r.Seq >= seq })
	return err == nil, nil
}
