package gateway

import (
	"net/http"
	"sync"
	"time"
)

// pingComment keeps a connection alive without meaning anything: agents drop a
// stream after 300 s of silence.
const pingComment = ": ping\n\n"

// padding keeps a whole answer's connection alive: white space before a JSON
// value means nothing (RFC 8259, section 2), and every client's parser skips it.
const padding = "\n"

// ping breaks a silence. The first one commits the client to the status 200; it
// is no content, so that another target may still answer.
func (x *exchange) ping() {
	text := padding
	if x.stream {
		text = x.lane.ping(x.r.Header, x.w.written > 0)
		x.startStream()
	} else {
		x.startWhole()
	}
	_, _ = x.w.ResponseWriter.Write([]byte(text)) // not counted as an answer; a client that left is seen by its context
	x.w.flush()
	x.w.last = time.Now()
}

// untilPing is how long the silence may go on: from the last bytes that the
// client got, or, where it has none yet, from now on.
func (x *exchange) untilPing() time.Duration {
	if x.w.last.IsZero() {
		return pingAfter
	}
	return max(0, pingAfter-time.Since(x.w.last))
}

// untilPromise is how long the silence may go on while no upstream has answered:
// the status is kept open at first, so that a 429 is a 429 for the client.
func (x *exchange) untilPromise() time.Duration {
	if x.w.wrote {
		return x.untilPing()
	}
	return max(0, promiseAfter-time.Since(x.rec.start))
}

// startStream sends the head of an event stream, once.
func (x *exchange) startStream() {
	if x.w.wrote {
		return
	}
	h := x.w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "text/event-stream; charset=utf-8")
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	x.w.streams = true
	x.w.WriteHeader(http.StatusOK)
}

// startWhole sends the head of an answer in one piece whose length is not known
// yet, once.
func (x *exchange) startWhole() {
	if x.w.wrote {
		return
	}
	clear(x.w.Header())
	x.w.Header().Set("Content-Type", "application/json")
	x.w.padded = true
	x.w.WriteHeader(http.StatusOK)
}

// keptAlive waits for work, and pings whenever the silence has lasted too long:
// for the first time after first. Nothing else may write to the client meanwhile.
func (x *exchange) keptAlive(first time.Duration, work func()) {
	var (
		mu    sync.Mutex
		ended bool
		timer *time.Timer
	)
	mu.Lock()
	timer = time.AfterFunc(first, func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			x.ping()
			timer.Reset(pingAfter)
		}
	})
	mu.Unlock()
	defer func() {
		timer.Stop()
		mu.Lock() // a ping that has begun ends first
		ended = true
		mu.Unlock()
	}()
	work()
}
