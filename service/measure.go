package service

import (
	"context"
	"sync"
	"time"

	"github.com/ringlet/ringlet/units"
)

// Meter is a supervisor that counts what its services use.
type Meter interface {
	// Measure adds Memory and CPU to the states of what runs. It costs two
	// questions for each, which is why Status does not ask them.
	Measure(ctx context.Context, states []State)
}

// Measure implements [Meter].
func (s *systemd) Measure(ctx context.Context, states []State) {
	var wg sync.WaitGroup
	turn := make(chan struct{}, asking)
	for i := range states {
		st := &states[i]
		if st.Status != Running {
			continue
		}
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			get := s.bus.getter(ctx)
			st.Memory = get.service(units.ServiceName(st.Alias), "MemoryCurrent").amount()
			st.CPU = time.Duration(get.service(units.ServiceName(st.Alias), "CPUUsageNSec").amount())
			if st.Memory == 0 {
				st.Memory = resident(st.PID) // no memory controller, as in many containers
			}
		})
	}
	wg.Wait()
}
