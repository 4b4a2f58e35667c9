package gateway

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// collector sets how often the garbage collector runs, by how much memory is in use.
// An engine with one agent uses 2 MB: with Go's own setting these would be gone through
// after each 4 MB of garbage, a twentieth of all that a request costs. With a thousand
// streams it uses 40 MB, and as much garbage again would be far more than it needs.
type collector struct {
	mu      sync.Mutex
	looked  int // requests since the memory in use was looked at
	percent int // as set; 0: not yet
	set     func(percent int)
	live    func() uint64 // bytes in use when the collector last ran
}

// How much garbage may be there: room, in bytes, but not more than garbageMost and not
// less than garbageLeast percent of what is in use.
const (
	room         = 12 << 20
	garbageMost  = 300
	garbageLeast = 50
	// lookEvery is after how many requests the memory in use is looked at.
	lookEvery = 16
)

func newCollector() *collector {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	return &collector{
		set: func(percent int) { debug.SetGCPercent(percent) },
		live: func() uint64 {
			metrics.Read(sample)
			return sample[0].Value.Uint64()
		},
	}
}

// garbage is how much garbage there may be, in percent of the bytes in use.
func garbage(live uint64) int {
	return int(min(garbageMost, max(garbageLeast, 100*room/max(1, live))))
}

// request is called with each request. A nil collector leaves everything as it is.
func (c *collector) request() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.looked--; c.looked > 0 {
		return
	}
	c.looked = lookEvery
	// To set it stops everything for a moment: not for less than a quarter.
	if want := garbage(c.live()); c.percent == 0 || want*4 > c.percent*5 || want*5 < c.percent*4 {
		c.percent = want
		c.set(want)
	}
}
