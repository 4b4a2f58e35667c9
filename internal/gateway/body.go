package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// buffered is a request body in memory and its share of the budget. After release
// its bytes are another request's.
type buffered struct {
	data   []byte
	charge int64
	budget *budget // nil for the engine's own requests, which must not wait
	r      *http.Request

	// users are who may still read the memory: the request, until release, and each
	// reader that a transport has not closed. The last one gives it back.
	users    atomic.Int32
	memory   []byte
	released bool
	one      [1]byte
}

// release gives the bytes and their share of the budget back; again does nothing.
func (b *buffered) release() {
	if b.budget != nil && b.charge > 0 {
		b.budget.give(b.charge)
	}
	if !b.released {
		b.released = true
		b.memory = b.data
		b.done()
	}
	b.data, b.charge = nil, 0
}

// done is called by each of the users at its end.
func (b *buffered) done() {
	if b.users.Add(-1) == 0 && b.budget != nil {
		b.budget.buffers.put(b.memory)
	}
}

// make is memory for n bytes; the one before it goes back.
func (b *buffered) make(n int64, keep int) {
	if b.budget == nil {
		bigger := make([]byte, n)
		copy(bigger, b.data[:keep])
		b.data = bigger
		return
	}
	bigger := b.budget.buffers.get(int(n))
	copy(bigger, b.data[:keep])
	b.budget.buffers.put(b.data)
	b.data = bigger
}

// grow takes n more bytes from the budget, waiting for them if it must; a client
// that leaves does not wait on.
func (b *buffered) grow(n int64) error {
	if b.budget == nil || n <= 0 {
		return nil
	}
	if b.charge+n > b.budget.size && b.budget.size > 0 {
		return errNeverFits // waiting would not help
	}
	if !b.budget.try(n) {
		ctx, cancel := context.WithTimeoutCause(b.r.Context(), budgetWait, errBusy)
		defer cancel()
		ctx, stop := whileConnected(ctx)
		defer stop()
		if err := b.budget.take(ctx, n); err != nil {
			return err
		}
	}
	b.charge += n
	return nil
}

// readBody reads a request's body whole. A body is charged by its first piece
// and, once that is there, by all of the rest: who announces much and sends
// nothing holds little, and who has started need not stop halfway for others
// that stopped halfway too.
func readBody(w http.ResponseWriter, r *http.Request, shared *budget) (*buffered, *apiError) {
	size := r.ContentLength
	if size > maxBody {
		discard(w, r)
		return nil, errTooLarge()
	}
	in := newDeadlineReader(w, r, bodyTotal)
	defer in.clear()
	b := &buffered{budget: shared, r: r}
	b.users.Store(1)
	err := b.read(in, size)
	if err == nil {
		return b, nil
	}
	b.release()
	if errors.Is(err, errBodyTooLarge) {
		discard(w, r)
		return nil, errTooLarge()
	}
	return nil, bodyError(err)
}

var errBodyTooLarge = errors.New("the body is too large")

// read fills b.data; size is the announced length, or -1.
func (b *buffered) read(in io.Reader, size int64) error {
	first := int64(firstPiece)
	if size >= 0 {
		first = min(first, size)
	}
	if err := b.grow(first); err != nil {
		return err
	}
	b.make(first, 0)
	n, err := fill(in, b.data)
	if size < 0 {
		return b.readOn(in, n, err)
	}
	if err == nil && size > first {
		if err := b.grow(size - first); err != nil {
			return err
		}
		b.make(size, int(first))
		n, err = fill(in, b.data[first:])
		n += int(first)
	}
	if err == nil {
		// See the end too: only then does the server watch for a client that leaves.
		_, err = fill(in, b.one[:])
	}
	if errors.Is(err, io.EOF) && int64(n) == size {
		return nil
	}
	return err
}

// readOn reads on where the client did not say how much comes. n bytes are
// there, err is how their reading ended.
func (b *buffered) readOn(in io.Reader, n int, err error) error {
	for err == nil {
		old := int64(len(b.data))
		if old > maxBody {
			return errBodyTooLarge
		}
		// Both copies exist for a moment, and both are charged.
		next := min(2*old, maxBody+1)
		if err := b.grow(next); err != nil {
			return err
		}
		b.make(next, n)
		if b.budget != nil {
			b.budget.give(old)
			b.charge -= old
		}
		var m int
		m, err = fill(in, b.data[n:])
		n += m
	}
	b.data = b.data[:n]
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// fill reads until p is full or r ends. Unlike io.ReadFull it keeps the end of
// r (io.EOF) apart from a connection that broke (io.ErrUnexpectedEOF).
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	if n == len(p) && n > 0 && errors.Is(err, io.EOF) {
		err = nil // the next read says it again
	}
	return n, err
}

func errTooLarge() *apiError {
	return &apiError{status: http.StatusRequestEntityTooLarge, kind: tooLarge,
		message: "the request is larger than 64 MiB, the most that ringlet's proxy takes; compact the conversation or drop images from it"}
}

func bodyError(err error) *apiError {
	switch {
	case errors.Is(err, errNeverFits):
		return &apiError{status: http.StatusRequestEntityTooLarge, kind: tooLarge,
			message: "the request is larger than what ringlet's proxy may hold in memory; compact the conversation, or raise MemoryMax in the proxy's unit"}
	case errors.Is(err, errBusy):
		return &apiError{status: http.StatusServiceUnavailable, kind: overloaded, retryAfter: 5, outcome: outcomeBusy,
			message: "the proxy is busy with too many large requests at once; try again in a few seconds"}
	case errors.Is(err, errStopping):
		return stoppingError()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &apiError{status: http.StatusRequestTimeout, kind: timedOut, message: "the request's body did not arrive in time"}
	}
	return &apiError{status: statusClientLeft, kind: invalidRequest, outcome: outcomeLeft, message: "the request's body ended before it was complete"}
}

// discard reads a body that is refused for its size, within reason: a client in
// the middle of sending would see a reset connection instead of the answer.
func discard(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return // it waits for our word before it sends
	}
	in := newDeadlineReader(w, r, 10*time.Second)
	defer in.clear()
	_, _ = io.Copy(io.Discard, io.LimitReader(in, 1<<30)) // how it ends makes no difference to the answer
}
