package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
)

// An event is with the client before the next one is sent: the upstream waits for
// that.
func TestEventsArriveAtOnce(t *testing.T) {
	const events = 10
	came := make(chan struct{})
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, evStart+evContent)
		for range events {
			fmt.Fprint(w, evDelta)
			w.(http.Flusher).Flush()
			select {
			case <-came:
			case <-r.Context().Done():
				return
			}
		}
		fmt.Fprint(w, evStop)
	}))
	defer up.Close()
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
	// Less than what the pings take that would push out all of them.
	ctx, cancel := context.WithTimeout(t.Context(), events/2*pingAfter)
	defer cancel()
	resp, err := g.client.Do(g.request("/v1/messages", ask("x", true)).WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n := 0
	for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
		if sc.Text() != "event: content_block_delta" {
			continue
		}
		n++
		select {
		case came <- struct{}{}:
		case <-ctx.Done():
		}
	}
	if n != events {
		t.Errorf("%d of %d events came", n, events)
	}
}

func TestUpstreamDiesInTheMiddle(t *testing.T) {
	for _, model := range []string{"cut-mid", "late-error-event"} {
		up := gatewaytest.New(t, nil)
		g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/"+model, "always -> a/second"))
		a := g.post(ask("x", true))
		if a.status != 200 || !errors.Is(a.err, io.ErrUnexpectedEOF) || !strings.Contains(a.body, "half an ") || strings.Count(a.body, "event: error") != 1 || strings.Contains(a.body, "message_stop") {
			t.Errorf("%s: client got %+v", model, a)
		}
		if len(up.Requests()) != 1 {
			t.Errorf("%s: a second target was asked after content", model)
		}
		g.stop()
		if r := g.record(); r["RINGLET_OUTCOME"] != "failed" {
			t.Errorf("%s: record %v", model, r)
		}
	}
}

func TestUsageIsRead(t *testing.T) {
	for _, stream := range []bool{true, false} {
		up := gatewaytest.New(t, func(r *gatewaytest.Request) gatewaytest.Reply {
			if stream {
				return gatewaytest.Stream("m", "a", "b")
			}
			return gatewaytest.JSON("m", "a")
		})
		g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"))
		g.post(ask("x", stream))
		g.stop()
		out := map[bool]string{true: "2", false: "5"}[stream]
		r := g.record()
		if r["RINGLET_INPUT_TOKENS"] != "10" || r["RINGLET_OUTPUT_TOKENS"] != out || r["RINGLET_CACHE_READ_TOKENS"] != "7" || r["RINGLET_CACHE_WRITE_TOKENS"] != "3" || r["RINGLET_FIRST_BYTE_MS"] == "" {
			t.Errorf("stream %v: %v", stream, r)
		}
	}
}

func TestLongWholeAnswerIsPassedOn(t *testing.T) {
	long := gatewaytest.JSON("m", strings.Repeat("x", 3*maxHeld))
	up := gatewaytest.New(t, func(*gatewaytest.Request) gatewaytest.Reply { return long })
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m", "always -> a/m2"))
	if a := g.post(ask("x", false)); a.body != string(long.Body) || a.header.Get("Content-Length") != fmt.Sprint(len(long.Body)) {
		t.Errorf("%d bytes of %d, %v", len(a.body), len(long.Body), a.header)
	}
	long.End = gatewaytest.Cut
	if a := g.post(ask("x", false)); !errors.Is(a.err, io.ErrUnexpectedEOF) || len(up.Requests()) != 2 {
		t.Errorf("cut: %v after %d requests", a.err, len(up.Requests()))
	}
}

func TestParallelStreams(t *testing.T) {
	up := gatewaytest.New(t, nil)
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/slow-5x10"))
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	errs := make(chan error)
	for i := range 20 {
		go func() {
			resp, err := g.client.Do(g.request("/v1/messages", ask(fmt.Sprint("x", i), true)).WithContext(ctx))
			if err != nil {
				errs <- err
				return
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if err == nil && !strings.HasSuffix(string(b), evStopOf) {
				err = fmt.Errorf("stream ends with %q", b[max(0, len(b)-60):])
			}
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

const evStopOf = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
