package service

import (
	"context"
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
	get := s.bus.getter()
	for i := range states {
		st := &states[i]
		if st.Status != Running {
			continue
		}
		name := units.ServiceName(st.Alias)
		get.service(name, "MemoryCurrent", func(v value) { st.Memory = v.amount() })
		get.service(name, "CPUUsageNSec", func(v value) { st.CPU = time.Duration(v.amount()) })
	}
	if err := get.ask(ctx); err != nil {
		s.log.DebugContext(ctx, "not all is measured", "error", err)
	}
	for i := range states {
		if st := &states[i]; st.Status == Running && st.Memory == 0 {
			st.Memory = resident(st.PID) // no memory controller, as in many containers
		}
	}
}
