package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// selfCheckBody is what the engine asks itself.
const selfCheckBody = `{"model":"ringlet-self-check","max_tokens":1,"messages":[{"role":"user","content":"self-check"}]}`

// selfCheckTimeout bounds one self-check where no watchdog sets the pace: the first,
// without which an engine does not start. Units give it 20 s to start
// (TimeoutStartSec=), and a busy machine stands still for seconds.
const selfCheckTimeout = 15 * time.Second

// selfCheck sends a request through the real listener: accept, checks,
// inspection, decision. It stops just before a target would be asked. A random
// header that only this process knows stands in for the token.
func (e *engine) selfCheck(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, selfCheckTimeout)
	defer cancel()
	url := fmt.Sprintf("http://%s/v1/messages", net.JoinHostPort("127.0.0.1", fmt.Sprint(e.port)))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(selfCheckBody))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(selfCheckHeader, e.selfCheckSecret.reveal())
	// A connection of its own each time: accepting is part of the check. No HTTP
	// proxy of the environment comes between.
	tr := &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("it answered with the status %d", resp.StatusCode)
	}
	return nil
}

// watchdog feeds the init system's watchdog twice per interval, each time only
// after a self-check went through. After a failed check it tries again sooner:
// one check that a busy machine delayed is no reason for a restart.
func (e *engine) watchdog(ctx context.Context) {
	interval := e.opts.WatchdogInterval
	if interval <= 0 {
		return
	}
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		check, cancel := context.WithTimeout(ctx, interval/5)
		err := e.selfCheck(check)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			e.notify("WATCHDOG=1")
			e.log.Debug("self-check passed")
			next.Reset(interval / 2)
		default:
			e.rec.event(priWarning, e.profile, "self-check failed: "+oneLine(err.Error()))
			next.Reset(interval / 20)
		}
	}
}
