package gateway

import (
	"strings"
	"testing"
)

func TestBuffers(t *testing.T) {
	b := &buffers{}
	small := b.get(100)
	small[0] = 'x'
	b.put(small)
	if again := b.get(1024); len(again) != 1024 || again[0] != 'x' {
		t.Error("a buffer that was given back is not used again")
	}
	if other := b.get(4097); cap(other) != 8192 || other[0] != 0 {
		t.Errorf("cap %d", cap(other))
	}
	b.put(make([]byte, 5000)) // not from here
	b.put(b.get(64 << 20))    // too large to keep
	if b.kept != 0 {
		t.Errorf("%d bytes are kept", b.kept)
	}
	var out [][]byte
	for range 20 {
		out = append(out, b.get(1<<20))
	}
	for _, buf := range out {
		b.put(buf)
	}
	if b.kept != maxKept {
		t.Errorf("%d bytes are kept, allowed are %d", b.kept, maxKept)
	}
	b.drop()
	if b.kept != 0 || b.get(1 << 20)[0] != 0 {
		t.Error("something is kept after drop")
	}
}

// TestMemoryGoesBack: only when nobody can read it any more.
func TestMemoryGoesBack(t *testing.T) {
	shared := newBudget(1 << 30)
	b := &buffered{budget: shared}
	b.users.Store(1)
	b.make(5000, 0)
	copy(b.data, strings.Repeat("a", 5000))
	o, err := withModel(b.data, facts{modelStart: 1, modelEnd: 2}, "a")
	if err != nil {
		t.Fatal(err)
	}
	o.body = b
	first, second := o.reader(), o.reader()
	for name, step := range map[int]func(){1: func() { first.Close(); first.Close() }, 2: b.release, 3: b.release} {
		step()
		if shared.buffers.kept != 0 {
			t.Errorf("after step %d the memory was given back, and a reader is open", name)
		}
	}
	second.Close()
	if shared.buffers.kept != 8192 {
		t.Errorf("%d bytes came back", shared.buffers.kept)
	}
}
