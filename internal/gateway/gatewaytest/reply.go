package gatewaytest

import (
	"net/http"
	"strconv"
	"time"
)

// End says how a reply ends.
type End int

// The ways to end.
const (
	Complete End = iota // as HTTP wants it
	Cut                 // the connection is closed in the middle
	Hang                // nothing more comes until the client leaves
)

// Reply is what the upstream answers to one request.
type Reply struct {
	Status      int           // 0 means 200
	Header      http.Header   // added to the usual ones
	HeaderDelay time.Duration // before the status line; negative: it never comes
	Body        []byte        // the whole answer, where Events is nil
	Events      []Event       // a stream; not nil but empty is a stream without events
	End         End
}

// Event is a piece of a stream: written and flushed in one go, once Until is
// closed (nil: at once), and after Delay.
type Event struct {
	Until <-chan struct{}
	Delay time.Duration
	Raw   string // bytes as they go out, the blank line included
}

// serve writes the reply. It ends the connection by panicking with
// http.ErrAbortHandler, as net/http wants it.
func (p Reply) serve(w http.ResponseWriter, r *http.Request, clock func(time.Duration, <-chan struct{}) bool) {
	gone := r.Context().Done()
	if p.HeaderDelay < 0 {
		<-gone
		panic(http.ErrAbortHandler)
	}
	if !clock(p.HeaderDelay, gone) {
		return
	}
	h := w.Header()
	h.Set("request-id", "req_scripted")
	if p.Events != nil {
		h.Set("Content-Type", "text/event-stream; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
	} else {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(p.Body)))
	}
	for k, v := range p.Header {
		h[k] = v
	}
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	flush := http.NewResponseController(w).Flush
	if p.Events == nil {
		body := p.Body
		if p.End != Complete {
			body = body[:len(body)/2]
		}
		if r.Method != http.MethodHead {
			_, _ = w.Write(body)
		}
	}
	_ = flush()
	for _, e := range p.Events {
		if e.Until != nil {
			select {
			case <-e.Until:
			case <-gone:
				return
			}
		}
		if !clock(e.Delay, gone) {
			return
		}
		if _, err := w.Write([]byte(e.Raw)); err != nil {
			return
		}
		_ = flush()
	}
	switch p.End {
	case Cut:
		panic(http.ErrAbortHandler)
	case Hang:
		<-gone
		panic(http.ErrAbortHandler)
	}
}

// wait sleeps for d; false when gone came first.
func wait(d time.Duration, gone <-chan struct{}) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-gone:
		return false
	}
}
