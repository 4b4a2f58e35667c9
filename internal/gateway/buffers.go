package gateway

import (
	"math/bits"
	"sync"
)

// buffers keeps the memory of bodies that were answered for those that come: new
// memory costs a page fault for every 4 KB and is cleared before it is read into,
// together more than all else that is done with a large body. Sizes are powers of
// two; what is kept is bounded, and let go when the engine is idle.
type buffers struct {
	mu     sync.Mutex
	free   [maxClass - minClass + 1][][]byte
	kept   int  // bytes in free
	poison bool // tests: who uses a buffer after its release reads nonsense
}

const (
	minClass = 10 // 1 KB
	maxClass = 22 // 4 MB; larger bodies are rare, and keeping one would be most of the memory
	// maxKept bounds what is kept, in bytes.
	maxKept = 8 << 20
)

// get returns a buffer of n bytes with anything in it.
func (b *buffers) get(n int) []byte {
	class := max(minClass, bits.Len(uint(max(1, n)-1)))
	if b == nil || class > maxClass {
		return make([]byte, n)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	list := &b.free[class-minClass]
	if last := len(*list) - 1; last >= 0 {
		buf := (*list)[last]
		(*list)[last] = nil
		*list = (*list)[:last]
		b.kept -= cap(buf)
		return buf[:n]
	}
	return make([]byte, n, 1<<class)
}

// put takes a buffer back that get returned. Nobody may use it any more.
func (b *buffers) put(buf []byte) {
	size := cap(buf)
	if b == nil || size < 1<<minClass || size > 1<<maxClass || size&(size-1) != 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.poison {
		for i := range buf[:size] {
			buf[:size][i] = '!'
		}
	}
	if b.kept+size > maxKept {
		return
	}
	b.kept += size
	list := &b.free[bits.Len(uint(size-1))-minClass]
	*list = append(*list, buf[:0])
}

// drop lets go of all that is kept.
func (b *buffers) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.free[:])
	b.kept = 0
}
