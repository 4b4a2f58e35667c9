package app

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// What the engine may hold, in bytes, where nothing limits it: as if in its unit,
// whose MemoryMax is 512 MiB.
const defaultMemoryMax = 512 << 20

// memoryShares divide what the control group may hold. The garbage collector
// begins to make an effort at five eighths of it (320 of 512 MiB): above what
// buffered bodies can hold at once, and far enough below the end, at which the
// kernel kills, for what is no Go heap. Bodies get three eighths (192 of 512 MiB).
func memoryShares(most int64) (collect, bodies int64) { return most / 8 * 5, most / 8 * 3 }

// memoryMax is the memory that this process may have, in bytes, as its control
// group says, or as its unit would: what its own group has, even if that is more,
// and no more than what a group has that it is in. root is the file system's root.
// Both hierarchies are read, as a machine can have its memory controller in either:
// https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.max) and
// https://docs.kernel.org/admin-guide/cgroup-v1/memory.html (memory.limit_in_bytes).
// told is what the unit says, for machines whose control groups do not count
// memory; 0 where it says nothing of its own.
func memoryMax(root fs.FS, told int64) int64 {
	if told == 0 {
		told = defaultMemoryMax
	}
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return told
	}
	own, around := int64(0), int64(noLimit)
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		var mounts []string
		file := "memory.max"
		switch {
		case parts[1] == "": // in a hybrid layout it is mounted beside the others
			mounts = []string{"sys/fs/cgroup", "sys/fs/cgroup/unified"}
		case slices.Contains(strings.Split(parts[1], ","), "memory"):
			mounts, file = []string{"sys/fs/cgroup/memory"}, "memory.limit_in_bytes"
		}
		for _, mount := range mounts {
			group := path.Clean("/" + parts[2])
			if n := limit(root, path.Join(mount, group, file)); n > 0 && group != "/" {
				own = n
			}
			for dir := group; ; dir = path.Dir(dir) {
				if n := limit(root, path.Join(mount, dir, file)); n > 0 {
					around = min(around, n)
				}
				if dir == "/" {
					break
				}
			}
		}
	}
	if own == 0 {
		own = told
	}
	return min(own, around)
}

// noLimit and more stand for "none" in the old hierarchy: no machine has as much.
const noLimit = 1 << 50

// limit reads one limit, in bytes; 0 where there is none.
func limit(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // "max" is none
	if err != nil || n < 0 || n >= noLimit {
		return 0
	}
	return n
}

// memoryPlan is where the collector begins to make an effort (0: as the
// environment says) and what bodies may hold. environment is GOMEMLIMIT, which the
// runtime has read already; it wins.
func memoryPlan(root fs.FS, environment string, told int64) (collect, bodies int64) {
	collect, bodies = memoryShares(memoryMax(root, told))
	if environment != "" {
		collect = 0
	}
	return collect, bodies
}
