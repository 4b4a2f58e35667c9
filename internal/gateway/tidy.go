package gateway

import (
	"runtime/debug"
	"time"
)

// tidyAfter is the quiet time after which memory is given back to the system: an
// agent that waits for its user for the rest of the day leaves a small process.
const tidyAfter = 10 * time.Second

// ended comes after each request.
func (e *engine) ended() {
	e.open.Add(-1)
	e.recent.Store(true)
	if e.tidying.CompareAndSwap(false, true) {
		time.AfterFunc(tidyAfter, e.tidy)
	}
}

// tidy gives memory back if no request has ended since it was last looked. While
// one is under way nothing is done: its end sees to it.
func (e *engine) tidy() {
	if e.recent.Swap(false) {
		time.AfterFunc(tidyAfter, e.tidy)
		return
	}
	e.tidying.Store(false)
	if e.open.Load() > 0 {
		return
	}
	e.bodies.buffers.drop()
	debug.FreeOSMemory()
}
