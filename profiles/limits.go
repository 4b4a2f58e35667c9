package profiles

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
)

// Limits bound what the profile's proxy may use of the machine. What is zero is
// left to the unit's default.
type Limits struct {
	MemoryMax string // as systemd has it: "256M"; in K, M, G or T of 1024, or bytes
	TasksMax  int    // threads and processes
	CPUQuota  string // per cent of one processor, "50%"; more than 100% is more than one
}

// The least that an engine can be run with, and the most that can be meant.
const (
	leastMemory = 32 << 20
	mostMemory  = 1 << 50
	leastTasks  = 16
	mostTasks   = 1 << 20
	leastCPU    = 5
	mostCPU     = 100 * 1024
	leastIdle   = time.Second
	mostIdle    = 7 * 24 * time.Hour
)

var quotaShape = regexp.MustCompile(`^([1-9][0-9]{0,6})%$`)

var memorySizes = sizeRange{"memory limit", leastMemory, mostMemory, "write it as 256M or 1G, from 32M up; default takes the limit back"}

// Memory is MemoryMax in bytes, 0 where there is none.
func (l Limits) Memory() (int64, error) {
	if l.MemoryMax == "" {
		return 0, nil
	}
	return memorySizes.parse(l.MemoryMax)
}

// CPU is CPUQuota in per cent of one processor, 0 where there is none.
func (l Limits) CPU() (int, error) {
	if l.CPUQuota == "" {
		return 0, nil
	}
	why := "is no share of a processor"
	if m := quotaShape.FindStringSubmatch(l.CPUQuota); m != nil {
		n, err := strconv.Atoi(m[1])
		switch {
		case err == nil && n >= leastCPU && n <= mostCPU:
			return n, nil
		case n < leastCPU:
			why = fmt.Sprintf("is less than %d%%, the least", leastCPU)
		default:
			why = fmt.Sprintf("is more than %d%%, the most that can be meant", mostCPU)
		}
	} else if _, err := strconv.Atoi(l.CPUQuota); err == nil {
		why += ": the % is missing"
	}
	return 0, fault.New(fault.Usage, "write it as 50%, from 5% up; 200% are two processors; default takes the limit back", "CPU quota %q %s", l.CPUQuota, why)
}

// CheckTasks refuses a number of tasks that no proxy can be run with; 0 is none given.
func CheckTasks(n int) error {
	if n == 0 || n >= leastTasks && n <= mostTasks {
		return nil
	}
	return fault.New(fault.Usage, fmt.Sprintf("choose %d to %d; default takes the limit back", leastTasks, mostTasks), "a limit of %d tasks is none for a proxy", n)
}

// check says what is wrong with the limits, and which of them.
func (l Limits) check() (field string, err error) {
	if _, err := l.Memory(); err != nil {
		return "memory_max", err
	}
	if err := CheckTasks(l.TasksMax); err != nil {
		return "tasks_max", err
	}
	if _, err := l.CPU(); err != nil {
		return "cpu_quota", err
	}
	return "", nil
}

// ParseIdle reads the time after which an engine without a request leaves; "off"
// is 0, and so are the other words for it.
func ParseIdle(s string) (time.Duration, error) {
	switch s {
	case "off", "", "0", "0s", "none", "never", "default":
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < leastIdle || d > mostIdle || d%time.Second != 0 {
		return 0, fault.New(fault.Usage, "write it as 90s, 15m or 2h, from 1s to 168h, or off", "%q is no time for an idle engine", s)
	}
	return d, nil
}

// FormatIdle is the inverse of [ParseIdle]: "15m", "1h30m", "off".
func FormatIdle(d time.Duration) string {
	if d == 0 {
		return "off"
	}
	s := d.String() // "1h30m0s"
	for _, zero := range []string{"m0s", "h0m"} {
		if len(s) > len(zero) && s[len(s)-len(zero):] == zero {
			s = s[:len(s)-2]
		}
	}
	return s
}
