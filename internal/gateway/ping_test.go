package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	evStart   = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\n"
	evContent = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0}\n\n"
	evDelta   = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n"
	evStop    = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	evError   = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n"
)

func TestPings(t *testing.T) {
	s := time.Second
	for _, tc := range []struct {
		name    string
		first   []piece
		second  []piece
		header  time.Duration // before the second target's headers
		want    string        // "seconds:bytes" joined by a space, the events by their first letters
		aborted bool
	}{
		{"silence after the headers", []piece{{25 * s, evStart + evContent + evStop, nil}}, nil, 0, "10:ping 20:ping 25:start,content,stop", false},
		{"held events break no silence", []piece{{5 * s, evStart, nil}, {7 * s, evContent + evStop, nil}}, nil, 0, "10:ping 12:start,content,stop", false},
		{"own pings of the upstream are held too", []piece{{6 * s, "event: ping\ndata: {\"type\":\"ping\"}\n\n", nil}, {6 * s, evContent + evStop, nil}}, nil, 0, "10:ping 12:upstream-ping,content,stop", false},
		{"no ping while content flows", []piece{{9 * s, evContent, nil}, {9 * s, evDelta, nil}, {9 * s, evStop, nil}}, nil, 0, "9:content 18:delta 27:stop", false},
		{"silence in the middle", []piece{{s, evContent, nil}, {21 * s, evStop, nil}}, nil, 0, "1:content 11:ping 21:ping 22:stop", false},
		{"never inside an event", []piece{{s, evContent + evDelta[:20], nil}, {15 * s, evDelta[20:] + evStop, nil}}, nil, 0, "1:content 11:ping 16:delta,stop", false},
		{"fallback after a ping", []piece{{12 * s, evStart + evError, nil}}, []piece{{s, evContent + evStop, nil}}, 0, "10:ping 13:content,stop", false},
		{"pings while the next target is asked", []piece{{12 * s, evError, nil}}, []piece{{s, evContent + evStop, nil}}, 25 * s, "10:ping 20:ping 30:ping 38:content,stop", false},
		{"an error event when all failed", []piece{{12 * s, evError, nil}}, []piece{{s, evError, nil}}, 0, "10:ping 13:error", true},
		{"no end is made up", []piece{{s, evContent, nil}, {s, "", errors.New("cut")}}, nil, 0, "1:content 2:error", true},
		{"an end without the last event is none", []piece{{s, evContent, nil}}, nil, 0, "1:content 1:error", true},
		{"half an event is dropped with its upstream", []piece{{s, evContent + evDelta[:30], nil}, {s, "", errors.New("cut")}}, nil, 0, "1:content 2:error", true},
		{"an error event in the middle goes through", []piece{{s, evContent, nil}, {s, evError, nil}}, nil, 0, "1:content 2:error", true},
		{"the last event may lack its blank line", []piece{{s, evContent + strings.TrimSuffix(evStop, "\n"), nil}}, nil, 0, "1:content 1:stop", false},
		{"an upstream that does not hang up", []piece{{s, evContent + evStop, nil}, {time.Hour, "", nil}}, nil, 0, "1:content,stop", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				up := upstreamFunc(func(r *http.Request) (*http.Response, error) {
					if n++; n == 1 {
						return sseResponse(tc.first...), nil
					}
					time.Sleep(tc.header)
					return sseResponse(tc.second...), nil
				})
				rules := []string{"always -> a/m1"}
				if tc.second != nil {
					rules = append(rules, "always -> a/m2")
				}
				e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, rules...), up)
				c, aborted := e.testRequest(t, nil)
				var got []string
				for _, h := range c.heard {
					got = append(got, fmt.Sprintf("%d:%s", int(h.at.Seconds()), summary(h.data)))
				}
				if s := strings.Join(got, " "); s != tc.want || aborted != tc.aborted {
					t.Errorf("client heard %s, aborted %v\nwant %s, %v", s, aborted, tc.want, tc.aborted)
				}
				if c.Code != 200 || !strings.HasPrefix(c.Header().Get("Content-Type"), "text/event-stream") || !c.Flushed {
					t.Errorf("status %d, headers %v", c.Code, c.Header())
				}
			})
		})
	}
}

func summary(data string) string {
	var out []string
	for _, ev := range strings.SplitAfter(data, "\n\n") {
		switch {
		case ev == "":
		case ev == pingComment:
			out = append(out, "ping")
		case strings.HasPrefix(ev, "event: ping\n"):
			out = append(out, "upstream-ping")
		case strings.HasPrefix(ev, "event: error\ndata: {\"type\":\"error\""):
			out = append(out, "error")
		default:
			name, _, _ := strings.Cut(strings.TrimPrefix(ev, "event: "), "\n")
			out = append(out, map[string]string{"message_start": "start", "content_block_start": "content", "content_block_delta": "delta", "message_stop": "stop"}[name])
		}
	}
	return strings.Join(out, ",")
}

func TestHeldBytesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		noise := "event: noise\ndata: " + strings.Repeat("x", 10_000) + "\n\n"
		e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m1", "always -> a/m2"), upstreamFunc(func(*http.Request) (*http.Response, error) {
			return sseResponse(piece{0, strings.Repeat(noise, 2*maxHeld/len(noise)), nil}, piece{time.Second, "", io.ErrUnexpectedEOF}), nil
		}))
		c, aborted := e.testRequest(t, nil)
		if !aborted || c.Body.Len() < maxHeld || c.heard[0].at != 0 {
			t.Errorf("%d bytes passed on, the first at %v, aborted %v", c.Body.Len(), c.heard[0].at, aborted)
		}
	})
}

func TestOverlongEventGoesThroughInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := "event: content_block_delta\ndata: " + strings.Repeat("x", 2*maxEvent) + "\n\n"
		e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m1"), upstreamFunc(func(*http.Request) (*http.Response, error) {
			// In the middle of the long event there is silence: no ping may be put there.
			return sseResponse(piece{0, evContent + long[:maxEvent+maxEvent/2], nil}, piece{30 * time.Second, long[maxEvent+maxEvent/2:] + evStop, nil}), nil
		}))
		c, aborted := e.testRequest(t, nil)
		if want := evContent + long + evStop; aborted || c.Body.String() != want {
			t.Errorf("%d bytes passed on of %d, aborted %v", c.Body.Len(), len(want), aborted)
		}
	})
}

func TestWriteErrorIsTheClientsLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan struct{})
		resp := sseResponse(piece{0, evContent, nil}, piece{time.Hour, evStop, nil})
		resp.Body.(*fakeBody).closed = closed
		e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m"), upstreamFunc(func(*http.Request) (*http.Response, error) { return resp, nil }))
		start := time.Now()
		if _, aborted := e.testRequest(t, errors.New("broken pipe")); !aborted || time.Since(start) > time.Second {
			t.Errorf("aborted %v after %v", aborted, time.Since(start))
		}
		<-closed // the upstream's body was closed
	})
}
