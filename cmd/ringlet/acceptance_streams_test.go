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
// On a busy machine what the provider sends in two seconds may need longer than the
// drain: what counts is how long a stream did take before it was cut. There one may
// even have had no first byte by then, and is told to come again.
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
	var open, short, long, cut, shortCut, again, wrong atomic.Int64
	var first sync.Once
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for ctx.Err() == nil {
				model := "slow-4x500" // 2 s
				if i%10 == 0 {
					model = "slow-24x500" // 12 s, longer than the drain
				}
				began := time.Now()
				how, err := readStream(context.WithoutCancel(ctx), c, model, &open)
				took := time.Since(began)
				switch {
				case how == "whole" && i%10 != 0:
					short.Add(1)
				case how == "whole":
					long.Add(1)
				case how == "cut" && took > cutAfter:
					cut.Add(1)
					if i%10 != 0 {
						shortCut.Add(1)
					}
				case how == "again" && took > cutAfter:
					again.Add(1)
				default:
					wrong.Add(1)
					stop() // a client that is refused at once would ask without end
					first.Do(func() { t.Errorf("the first stream that went wrong, %s: %s after %v: %v", model, how, took, err) })
				}
			}
		})
	}
	most := int64(0)
	for range restarts {
		eventually(t, 2*patience, func() error {
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
	t.Logf("%d restarts under %d open streams: %d short and %d long ones whole; at the drain's end %d cut with an error event, %d of them short, and %d told to come again; %d wrong",
		restarts, most, short.Load(), long.Load(), cut.Load(), shortCut.Load(), again.Load(), wrong.Load())
	if again.Load() > 0 && shortCut.Load() == 0 {
		t.Errorf("%d requests had no first byte for as long as the drain lasts, and every stream of 2 s was whole: that is not a busy machine's doing", again.Load())
	}
	if wrong.Load() > 0 || cut.Load() == 0 || short.Load() == 0 {
		t.Errorf("%d streams went wrong; %d were cut and %d short ones whole, and some have to be", wrong.Load(), cut.Load(), short.Load())
	}
}

// cutAfter is how long a request surely has that an engine has accepted: its drain is
// 4.5 s, of which 0.3 s may have gone until then.
const cutAfter = 4 * time.Second

// readStream reads a stream to its end: "whole", "cut" (with an error event, on a
// broken connection), "again" (the 503 of an engine that stops, with the word when to
// try again) or what else it was. open counts those that have begun.
func readStream(ctx context.Context, c *client, model string, open *atomic.Int64) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	resp, err := c.open(ctx, message(model, true))
	if err != nil {
		return "not answered", err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		open.Add(1)
		defer open.Add(-1)
	}
	body, err := io.ReadAll(resp.Body)
	switch {
	case err == nil && resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "1" && bytes.Contains(body, []byte("stopped or restarted")):
		return "again", nil
	case resp.StatusCode != http.StatusOK:
		return fmt.Sprintf("status %d: %s", resp.StatusCode, body), err
	case err == nil && bytes.Contains(body, []byte("event: message_stop")):
		return "whole", nil
	case err != nil && bytes.Contains(body, []byte("event: error")) && !bytes.Contains(body, []byte("message_stop")):
		return "cut", nil
	}
	return fmt.Sprintf("ended wrongly after %d bytes", len(body)), err
}
