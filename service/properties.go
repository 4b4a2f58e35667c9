package service

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"time"
)

// value is a property's value; one of another type than asked for is zero.
type value struct{ any any }

func (v value) text() string { s, _ := v.any.(string); return s }

func (v value) list() []string { l, _ := v.any.([]string); return l }

func (v value) truth() bool { b, _ := v.any.(bool); return b }

func (v value) number() int {
	switch n := v.any.(type) {
	case uint32:
		return int(n)
	case int32:
		return int(n)
	}
	return 0
}

// amount reads a count of bytes or nanoseconds; the largest number there is
// stands for one that systemd does not know.
func (v value) amount() int64 {
	n, _ := v.any.(uint64)
	if n > math.MaxInt64 {
		return 0
	}
	return int64(n)
}

// time reads a moment in microseconds since 1970.
func (v value) time() time.Time {
	if us, _ := v.any.(uint64); us > 0 {
		return time.UnixMicro(int64(us))
	}
	return time.Time{}
}

// commandPID is the process of the last command of an Exec… property, whose
// entries are: path, arguments, whether failure is ignored, two times of its
// start, two of its end, process id, how it ended, with what status.
func (v value) commandPID() int {
	commands, _ := v.any.([][]any)
	if len(commands) == 0 {
		return 0
	}
	last := commands[len(commands)-1]
	if len(last) < 10 {
		return 0
	}
	return value{last[7]}.number()
}

// resident is what a process has in memory, in bytes (proc(5), /proc/pid/statm);
// 0 when it is not known.
func resident(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(data), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
