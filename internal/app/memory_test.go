package app

import (
	"testing"
	"testing/fstest"
)

// Where the control group does not say, what the unit says holds.
func TestMemoryToldByTheUnit(t *testing.T) {
	const mib = 1 << 20
	counted := fstest.MapFS{"proc/self/cgroup": {Data: []byte("0::/a\n")}, "sys/fs/cgroup/a/memory.max": {Data: []byte("268435456\n")}}
	for name, tt := range map[string]struct {
		root   fstest.MapFS
		told   int64
		bodies int64
	}{
		"nothing is counted": {fstest.MapFS{"proc/self/cgroup": {Data: []byte("0::/a\n")}}, 64 * mib, 24 * mib},
		"no groups at all":   {fstest.MapFS{}, 64 * mib, 24 * mib},
		"a drop-in wins":     {counted, 64 * mib, 96 * mib},
	} {
		if collect, bodies := memoryPlan(tt.root, "", tt.told); bodies != tt.bodies || collect != tt.bodies/3*5 {
			t.Errorf("%s: %d and %d MiB", name, collect/mib, bodies/mib)
		}
	}
}

func TestMemoryPlan(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name            string
		files           map[string]string
		environment     string
		collect, bodies int64
	}{
		{"nothing is known", nil, "", 320 * mib, 192 * mib},
		{"the unit's own", map[string]string{"proc/self/cgroup": "0::/user.slice/ringlet.slice/ringlet-proxy@work.service\n",
			"sys/fs/cgroup/user.slice/ringlet.slice/ringlet-proxy@work.service/memory.max": "536870912\n"}, "", 320 * mib, 192 * mib},
		{"a drop-in", map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "268435456\n", "sys/fs/cgroup/a/memory.max": "max\n"}, "", 160 * mib, 96 * mib},
		{"a slice around it", map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "536870912\n", "sys/fs/cgroup/a/memory.max": "134217728\n"}, "", 80 * mib, 48 * mib},
		{"none", map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n"}, "", 320 * mib, 192 * mib},
		{"a larger drop-in", map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "1073741824\n"}, "", 640 * mib, 384 * mib},
		{"a large one around it", map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "8589934592\n"}, "", 320 * mib, 192 * mib},
		{"the old hierarchy", map[string]string{"proc/self/cgroup": "9:name=systemd:/x\n4:cpu,memory:/a/b\n0::/x\n", "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "268435456\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, "", 160 * mib, 96 * mib},
		{"the old hierarchy, in a container", map[string]string{"proc/self/cgroup": "4:memory:/docker/1\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "268435456\n"}, "", 160 * mib, 96 * mib},
		{"a hybrid", map[string]string{"proc/self/cgroup": "1:cpu:/\n0::/a\n", "sys/fs/cgroup/unified/a/memory.max": "268435456"}, "", 160 * mib, 96 * mib},
		{"the environment", map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "268435456\n"}, "1GiB", 0, 96 * mib},
		{"nonsense", map[string]string{"proc/self/cgroup": "what\n0::../../x\n", "sys/fs/cgroup/x/memory.max": "many"}, "", 320 * mib, 192 * mib},
	} {
		root := fstest.MapFS{}
		for name, text := range tt.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if collect, bodies := memoryPlan(root, tt.environment, 0); collect != tt.collect || bodies != tt.bodies {
			t.Errorf("%s: %d and %d MiB, want %d and %d", tt.name, collect/mib, bodies/mib, tt.collect/mib, tt.bodies/mib)
		}
	}
}
