package units

import (
	"strconv"
	"time"
)

// Limits bound what a proxy may use of the machine. Zero values are the unit's own.
type Limits struct {
	Memory int64 // bytes, MemoryMax=; 0 is 512 MiB, and 1 GiB for ultrallm
	Tasks  int   // threads and processes, TasksMax=; 0 is 512
	CPU    int   // per cent of one processor, CPUQuota=; 0 is no limit
}

// The limits of a unit where none are given, in bytes and in threads.
const (
	DefaultMemory         = 512 << 20
	DefaultMemoryUltrallm = 1 << 30
	DefaultTasks          = 512
)

// orDefault is l with the unit's own limits in the place of those not given.
func (l Limits) orDefault(memory int64) Limits {
	if l.Memory == 0 {
		l.Memory = memory
	}
	if l.Tasks == 0 {
		l.Tasks = DefaultTasks
	}
	return l
}

// directives are the limits as systemd.resource-control(5) has them.
func (l Limits) directives() []directive {
	out := []directive{{"MemoryMax", bytesText(l.Memory)}, {"TasksMax", strconv.Itoa(l.Tasks)}}
	if l.CPU > 0 {
		out = append(out, directive{"CPUQuota", strconv.Itoa(l.CPU) + "%"})
	}
	return out
}

// bytesText is a size with the largest unit that leaves it whole.
func bytesText(n int64) string {
	for _, u := range []struct {
		suffix string
		size   int64
	}{{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}} {
		if n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// startBurst is how often an engine may be started in a minute before systemd
// gives it up. Each idle exit is followed by a start with the next connection:
// that many come on top.
func startBurst(idle time.Duration) string {
	burst := 10
	if idle > 0 {
		burst += int(time.Minute/max(idle, time.Second)) + 1
	}
	return strconv.Itoa(burst)
}
