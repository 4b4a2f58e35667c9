package gateway

import (
	"fmt"
	"testing"
)

func TestGarbage(t *testing.T) {
	for live, want := range map[uint64]int{0: 300, 2 << 20: 300, 4 << 20: 300, 6 << 20: 200, 12 << 20: 100, 24 << 20: 50, 1 << 40: 50} {
		if got := garbage(live); got != want {
			t.Errorf("%d bytes in use: %d%%, want %d%%", live, got, want)
		}
	}
}

// The setting follows what is in use, and is left alone where that changes little.
func TestCollector(t *testing.T) {
	var live uint64
	var set []int
	c := &collector{set: func(percent int) { set = append(set, percent) }, live: func() uint64 { return live }}
	for _, mb := range []uint64{1, 2, 6, 12, 13, 14, 40, 41, 12} {
		live = mb << 20
		for range lookEvery {
			c.request()
		}
	}
	if got := fmt.Sprint(set); got != "[300 200 100 50 100]" {
		t.Errorf("set to %s", got)
	}
	(*collector)(nil).request()
	if n := newCollector().live(); n > 1<<30 {
		t.Errorf("%d bytes are in use", n)
	}
}
