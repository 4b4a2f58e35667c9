package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// deadlineReader reads a request's body. It fails when nothing comes for bodyStall,
// at end, or with errStopping when the request is cut.
type deadlineReader struct {
	r      io.Reader
	ctx    context.Context // the request's
	rc     *http.ResponseController
	end    time.Time
	set    time.Time   // when the deadline was set last
	detach func() bool // keeps the end of ctx from ending a read
}

// newDeadlineReader reads the body of r, for total at most.
func newDeadlineReader(w http.ResponseWriter, r *http.Request, total time.Duration) *deadlineReader {
	d := &deadlineReader{r: r.Body, ctx: r.Context(), rc: http.NewResponseController(w), end: time.Now().Add(total)}
	d.detach = context.AfterFunc(d.ctx, func() {
		if d.cut() {
			_ = d.rc.SetReadDeadline(time.Unix(1, 0)) // long ago: it ends a read that waits
		}
	})
	return d
}

// cut reports whether the engine stops. The server ends a request's context by itself
// as well, when a read has failed.
func (d *deadlineReader) cut() bool { return errors.Is(context.Cause(d.ctx), errStopping) }

func (d *deadlineReader) Read(p []byte) (int, error) {
	// A large body takes many reads; setting a deadline for each would cost more
	// than it is exact.
	if now := time.Now(); now.Sub(d.set) > bodyStall/30 {
		d.set = now
		at := now.Add(bodyStall)
		if at.After(d.end) {
			at = d.end
		}
		_ = d.rc.SetReadDeadline(at) // not supported by test writers, which do not stall
	}
	if d.cut() { // looked at after that: this deadline may have replaced the one that ends a read
		return 0, errStopping
	}
	n, err := d.r.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) && d.cut() {
		err = errStopping
	}
	return n, err
}

// clear lifts the deadline: the server goes on reading, to see the client leave. For
// the rest of a request that is cut it does not wait.
func (d *deadlineReader) clear() {
	d.detach()
	if !d.cut() {
		_ = d.rc.SetReadDeadline(time.Time{})
	}
}
