//go:build testbed

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// 1,000 clients hold a stream each, of a provider that stalls for half a second
// between its words, while the proxy is restarted (20 times in `make faults`, 3
// times otherwise). Streams that end within the drain are whole; those that need
// longer end whole, or in an error event and a broken connection; none is refused.
func TestAcceptanceThousandStreams(t *testing.T) {
	b := newBed(t)
	alias := b.alias("streams")
	b.create(alias)
	restarts, clients := 3, 1000
	if os.Getenv("RINGLET_FAULTS") == "all" {
		restarts = 20
	}
	c := b.client(alias, false)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var open, short, long, cut, wrong atomic.Int64
	var first sync.Once
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for ctx.Err() == nil {
				model, ends := "slow-4x500", true // 2 s
				if i%10 == 0 {
					model, ends = "slow-24x500", false // 12 s, longer than the drain
				}
				how, err := readStream(context.WithoutCancel(ctx), c, model, &open)
				switch {
				case how == "whole" && ends:
					short.Add(1)
				case how == "whole":
					long.Add(1)
				case how == "cut" && !ends:
					cut.Add(1)
				default:
					wrong.Add(1)
					stop() // a client that is refused at once would ask without end
					first.Do(func() { t.Errorf("the first stream that went wrong, %s: %s %v", model, how, err) })
				}
			}
		})
	}
	most := int64(0)
	for range restarts {
		eventually(t, time.Minute, func() error {
			if n := open.Load(); n < int64(clients)/2 && ctx.Err() == nil {
				return fmt.Errorf("%d streams are open", n)
			}
			return nil
		})
		most = max(most, open.Load())
		b.ok("proxy", "restart", alias)
	}
	stop()
	wg.Wait()
	if s := b.is(alias, "running"); s.Restarts != 0 {
		t.Errorf("%+v", s)
	}
	t.Logf("%d restarts under %d open streams: %d short and %d long ones whole, %d long ones cut with an error event, %d wrong",
		restarts, most, short.Load(), long.Load(), cut.Load(), wrong.Load())
	if wrong.Load() > 0 || cut.Load() == 0 {
		t.Errorf("%d streams went wrong; %d were cut, and some have to be", wrong.Load(), cut.Load())
	}
}

// readStream reads a stream to its end: "whole", "cut" (with an error event, on a
// broken connection) or what else it was. open counts those that have begun.
func readStream(ctx context.Context, c *client, model string, open *atomic.Int64) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	resp, err := c.open(ctx, message(model, true))
	if err != nil {
		return "not answered", err
	}
	defer resp.Body.Close()
	open.Add(1)
	defer open.Add(-1)
	body, err := io.ReadAll(resp.Body)
	switch {
	case resp.StatusCode != http.StatusOK:
		return fmt.Sprintf("status %d: %s", resp.StatusCode, body), err
	case err == nil && bytes.Contains(body, []byte("event: message_stop")):
		return "whole", nil
	case err != nil && bytes.Contains(body, []byte("event: error")) && !bytes.Contains(body, []byte("message_stop")):
		return "cut", nil
	}
	return fmt.Sprintf("ended wrongly after %d bytes", len(body)), err
}
