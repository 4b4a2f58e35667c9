package gateway

import (
	"runtime/debug"
	"sync"
	"time"
)

// tidyAfter is the quiet time after which memory is given back to the system: an
// agent that waits for its user for the rest of the day leaves a small process.
const tidyAfter = 10 * time.Second

// tidier has the timer that calls tidy, and ends it with the engine.
type tidier struct {
	mu      sync.Mutex
	timer   *time.Timer // nil: none was needed yet
	closed  bool
	running sync.WaitGroup
}

// in calls f after d, unless it is closed. A call that was to come before is none any more.
func (t *tidier) in(d time.Duration, f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.timer = time.AfterFunc(d, func() {
		t.mu.Lock()
		if t.closed {
			t.mu.Unlock()
			return
		}
		t.running.Add(1)
		t.mu.Unlock()
		defer t.running.Done()
		f()
	})
}

// close lets no further call begin, and waits for the end of one that has.
func (t *tidier) close() {
	t.mu.Lock()
	t.closed = true
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	t.running.Wait()
}

// ended comes after each request.
func (e *engine) ended() {
	e.open.Add(-1)
	e.recent.Store(true)
	if e.tidying.CompareAndSwap(false, true) {
		e.tidier.in(tidyAfter, e.tidy)
	}
}

// tidy gives memory back if no request has ended since it was last looked. While
// one is under way nothing is done: its end sees to it.
func (e *engine) tidy() {
	if e.recent.Swap(false) {
		e.tidier.in(tidyAfter, e.tidy)
		return
	}
	e.tidying.Store(false)
	if e.open.Load() > 0 {
		return
	}
	e.bodies.buffers.drop()
	debug.FreeOSMemory()
}
