package service

import (
	"context"
	"time"

	"github.com/ringlet/ringlet/units"
)

// Meter is a supervisor that counts what its services use.
type Meter interface {
	// Measure adds what is used and what may be to the states of what runs. It costs
	// six questions for each, which is why Status does not ask them.
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
		get.service(name, "TasksCurrent", func(v value) { st.Tasks = int(v.amount()) })
		get.service(name, "MemoryMax", func(v value) { st.MemoryMax = v.amount() })
		get.service(name, "TasksMax", func(v value) { st.TasksMax = int(v.amount()) })
		// Microseconds of each second of time.
		get.service(name, "CPUQuotaPerSecUSec", func(v value) {
			st.CPUQuota, st.Limited = int(v.amount()*100/time.Second.Microseconds()), true
		})
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
