//go:build testbed

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// 1,000 clients hold a stream each, of a provider that stalls for half a second
// between its words, while the proxy is restarted (20 times in `make faults`, 3
// times otherwise): 100 of them streams of two seconds, which end within the drain and
// are whole, the others such as go on until they are cut, with an error event and a
// broken connection. None is refused. On a busy machine what the provider sends in two
// seconds may need longer than the drain, and one may even have had no first byte by
// then, and is told to come again: what counts is how long it did take until then.
func TestAcceptanceThousandStreams(t *testing.T) {
	b := newBed(t)
	alias := b.alias("streams")
	b.create(alias)
	restarts, clients := 3, 1000
	if os.Getenv("RINGLET_FAULTS") == "all" {
		restarts = 20
	}
	over := make(chan struct{})
	b.upstream.SetScript(stalling(over))
	c := b.client(alias, false)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var tally streamTally
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for ctx.Err() == nil {
				if !tally.one(context.WithoutCancel(ctx), c, i%10 == 0) {
					stop() // a client that is refused at once would ask without end
				}
			}
		})
	}
	most := int64(0)
	for range restarts {
		began := time.Now()
		eventually(t, 2*patience, func() error {
			want := clients * 9 / 10
			if time.Since(began) > patience/2 { // a busy machine takes too long for that
				want = clients / 2
			}
			if n := tally.open.Load(); n < int64(want) && ctx.Err() == nil {
				return fmt.Errorf("%d streams are open", n)
			}
			return nil
		})
		most = max(most, tally.open.Load())
		b.ok("proxy", "restart", alias)
	}
	stop()
	close(over)
	wg.Wait()
	if s := b.is(alias, "running"); s.Restarts != 0 {
		t.Errorf("%+v", s)
	}
	t.Logf("%d restarts under %d open streams: %v", restarts, most, &tally)
	if again, longest := tally.again.Load(), time.Duration(tally.firstByte.Load()); again > 0 && longest < 2*cutAfter {
		t.Errorf("%d requests had no first byte for as long as the drain lasts, where others waited %v for theirs at most: that is not a busy machine's doing", again, longest)
	}
	if tally.wrong.Load() > 0 || tally.cut.Load() == 0 || tally.short.Load() == 0 {
		t.Errorf("%d streams went wrong; %d were cut and %d short ones whole, and some have to be; the first that went wrong: %s",
			tally.wrong.Load(), tally.cut.Load(), tally.short.Load(), tally.first)
	}
}

// stalling is a provider that is silent for half a second after each word: of a short
// answer of two seconds, or else of one that is 12 s long and ends when over is closed.
// Both are made once: 1,000 at a time would keep the machine busy.
func stalling(over <-chan struct{}) gatewaytest.Script {
	answer := func(words int, over <-chan struct{}) gatewaytest.Reply {
		text := slices.Repeat([]string{"word "}, words)
		r := gatewaytest.Stream("slow", text...)
		for i := range r.Events {
			if strings.Contains(r.Events[i].Raw, "word ") {
				r.Events[i] = r.Events[i].After(time.Second / 2)
			}
		}
		r.Events[len(r.Events)-1].Until = over
		return r
	}
	short, long := answer(4, nil), answer(24, over)
	return func(r *gatewaytest.Request) gatewaytest.Reply {
		if r.Model == "short" {
			return short
		}
		return long
	}
}

// streamTally counts how streams ended.
type streamTally struct {
	open                                 atomic.Int64 // now
	short, long, cut, again, late, wrong atomic.Int64
	firstByte                            atomic.Int64 // the longest wait for one that came, in nanoseconds
	once                                 sync.Once
	first                                string // the first that went wrong
}

func (s *streamTally) String() string {
	return fmt.Sprintf("%d short and %d long ones whole; at the drain's end %d cut with an error event, %d of them short, and %d told to come again; %d wrong; a first byte came after %v at most",
		s.short.Load(), s.long.Load(), s.cut.Load(), s.late.Load(), s.again.Load(), s.wrong.Load(), time.Duration(s.firstByte.Load()).Round(time.Millisecond))
}

// one sends a request and counts it; false: it went wrong.
func (s *streamTally) one(ctx context.Context, c *client, short bool) bool {
	model := "long"
	if short {
		model = "short"
	}
	began := time.Now()
	how, err := s.read(ctx, c, model)
	took := time.Since(began)
	switch {
	case how == "whole" && short:
		s.short.Add(1)
	case how == "whole":
		s.long.Add(1)
	case how == "cut" && took > cutAfter:
		s.cut.Add(1)
		if short {
			s.late.Add(1)
		}
	case (how == "again" || how == "crossed") && took > cutAfter:
		s.again.Add(1)
	default:
		s.wrong.Add(1)
		s.once.Do(func() { s.first = fmt.Sprintf("%s: %s after %v: %v", model, how, took, err) })
		return false
	}
	return true
}

// cutAfter is how long a request surely has that an engine has accepted: its drain is
// 4.5 s, of which 0.3 s may have gone until then.
const cutAfter = 4 * time.Second

// read reads a stream to its end: "whole", "cut" (with an error event, on a
// broken connection), "again" (the 503 of an engine that stops, with the word when to
// try again), "crossed" (of a client that had no time to send its request before the
// drain's end) or what else it was.
func (s *streamTally) read(ctx context.Context, c *client, model string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	ctx, crossed := crossing(ctx)
	began := time.Now()
	resp, err := c.open(ctx, message(model, true))
	switch {
	case err != nil && crossed(err):
		return "crossed", err
	case err != nil:
		return "not answered", err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		s.open.Add(1)
		defer s.open.Add(-1)
		for waited := int64(time.Since(began)); ; {
			if most := s.firstByte.Load(); waited <= most || s.firstByte.CompareAndSwap(most, waited) {
				break
			}
		}
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
