package gateway

import (
	"context"
	"errors"
	"sync"
)

// errBusy means that no room was left in time.
var errBusy = errors.New("the budget for buffered bodies is used up")

// errNeverFits means that there is more than the whole budget.
var errNeverFits = errors.New("it is larger than the budget for buffered bodies")

// budget is a number of bytes that requests share. Who does not fit waits, first
// come, first served, so that a large body is not starved by small ones.
type budget struct {
	size    int64 // all of it
	mu      sync.Mutex
	free    int64
	waiters []*waiter // in order of arrival

	buffers *buffers // memory of bodies that was given back
}

type waiter struct {
	need  int64
	ready chan struct{} // closed when the bytes are the waiter's
}

func newBudget(size int64) *budget { return &budget{size: size, free: size, buffers: &buffers{}} }

// try takes n bytes if they are free and nobody waits.
func (b *budget) try(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiters) > 0 || n > b.free {
		return false
	}
	b.free -= n
	return true
}

// take waits for n bytes until ctx ends; then the error is ctx's cause. What was
// taken is given back with give.
func (b *budget) take(ctx context.Context, n int64) error {
	w := &waiter{need: n, ready: make(chan struct{})}
	b.mu.Lock()
	b.waiters = append(b.waiters, w)
	b.wake()
	b.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, x := range b.waiters {
		if x == w {
			b.waiters = append(b.waiters[:i], b.waiters[i+1:]...)
			b.wake() // who stood behind may fit
			return context.Cause(ctx)
		}
	}
	// It was served in the meantime.
	b.free += n
	b.wake()
	return context.Cause(ctx)
}

// give returns n bytes.
func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	b.wake()
}

func (b *budget) wake() {
	for len(b.waiters) > 0 && b.waiters[0].need <= b.free {
		w := b.waiters[0]
		b.waiters = b.waiters[1:]
		b.free -= w.need
		close(w.ready)
	}
}
