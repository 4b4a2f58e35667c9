package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/ringlet/ringlet/internal/porttest"
)

// portsPerBlock is how many ports a session can give out.
const portsPerBlock = 8

// portBlocks gives every session ports that no other one is given, below those
// that the kernel gives out by itself.
type portBlocks struct{ taken atomic.Int64 }

const (
	firstBlock = 10_000
	blocks     = (20_000 - firstBlock) / (portsPerBlock + 1) // from there on they are those of the beds
)

func newPortBlocks() *portBlocks {
	p := new(portBlocks)
	p.taken.Store(int64(os.Getpid()) * 61) // two test runs at once seldom begin at the same
	return p
}

// next gives out a block until it is released. The port after its last one is kept
// open meanwhile: it says so to other test runs, and the kernel takes it back
// whatever becomes of this one.
func (p *portBlocks) next() (first int, release func(), err error) {
	for range blocks {
		first := firstBlock + int(p.taken.Add(1)%blocks)*(portsPerBlock+1)
		mark, err := listenOn(first + portsPerBlock)
		if err != nil {
			continue
		}
		if free(first, portsPerBlock) {
			return first, func() { mark.Close() }, nil
		}
		mark.Close()
	}
	return 0, nil, fmt.Errorf("no %d free ports in a row from %d on", portsPerBlock, firstBlock)
}

func listenOn(port int) (net.Listener, error) {
	return net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// free says whether nobody has one of n ports, this process included: a program that
// it is just starting would hold the one that was tried for a moment more.
func free(first, n int) bool {
	for port := first; port < first+n; port++ {
		l, err := listenOn(port)
		if err != nil || porttest.Close(l) != nil {
			return false
		}
	}
	return true
}
