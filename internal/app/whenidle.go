package app

import (
	"context"
	"fmt"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/health"
	"github.com/ringlet/ringlet/service"
)

// WhenIdle says whether a restart waits until no request is open, and how long.
type WhenIdle struct {
	Wait    bool
	Timeout time.Duration
}

const (
	// idleLook is how often the engine is asked for its open requests, and
	// idleNews how often the user is told of them while their number stays.
	idleLook = 500 * time.Millisecond
	idleNews = 30 * time.Second
)

// waitUntilIdle returns when the engine of a profile answers no request, or when
// there is no engine. It holds no lock: others may change the profile meanwhile.
// An ultrallm engine does not tell, so that there is nothing to wait for.
func (a *App) waitUntilIdle(ctx context.Context, alias string, timeout time.Duration) error {
	p, err := a.proxied(alias)
	if err != nil {
		return err
	}
	if external(p) {
		return fault.New(fault.Usage, "restart it without --when-idle", "an ultrallm engine does not tell how many requests it is answering")
	}
	port, err := a.Profiles.Port(p.Alias)
	if err != nil {
		return err
	}
	sup, err := a.connect(ctx, alias)
	if err != nil {
		return err
	}
	defer sup.Close()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	look := time.NewTicker(idleLook)
	defer look.Stop()
	told, at := "", time.Time{}
	for {
		states, err := sup.Status(ctx, []string{alias})
		if err != nil || states[0].Status != service.Running {
			return err // who does not run answers nothing, and asking would wake it
		}
		open, err := a.openStreams(ctx, p, port)
		if err != nil && !health.Is(err, health.NoAnswer) {
			return err // that does not change by waiting
		}
		what, hence := fmt.Sprintf("%d %s open", open, plural(open, "request is", "requests are")), fmt.Sprintf("it is answering %d %s", open, plural(open, "request", "requests"))
		if err != nil { // a busy machine's engine may be late, a hung one is ended by its watchdog
			what, hence = "it does not answer", "it does not say whether it is answering requests"
		} else if open == 0 {
			return nil
		}
		if what != told || time.Since(at) > idleNews {
			fmt.Fprintf(a.stderr, "waiting until the proxy of %q is idle: %s …\n", alias, what)
			told, at = what, time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fault.New(fault.Failed, fmt.Sprintf("wait for longer: ringlet proxy restart %s --when-idle --timeout 2h; or cut what takes longer than %v: ringlet proxy restart %s", alias, DrainGrace, alias),
				"the proxy of %q was not restarted: after %v %s", alias, timeout, hence)
		case <-look.C:
		}
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
