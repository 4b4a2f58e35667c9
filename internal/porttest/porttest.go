// Package porttest gives tests ports that nobody else has: neither another test of
// this process, nor one of another package that go test runs at the same time, nor
// a client, to which the kernel gives any port.
package porttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// The ports lie below those that the kernel gives to clients (32768 to 60999 on
// Linux, 49152 up on macOS) and above those of the sessions of cmd/ringlet.
const (
	first = 20_000
	last  = 32_767
)

// Own is a port on 127.0.0.1 that is free, and the caller's until its test ends,
// whether or not something listens on it. A locked file says so to all others: the
// kernel lets go of the lock with the process, however that ends.
func Own(t testing.TB) int {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "ringlet-test-ports-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		port := first + rand.IntN(last-first+1)
		f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(port)), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if !take(f, port) {
			_ = f.Close()
			continue
		}
		t.Cleanup(func() { _ = f.Close() })
		return port
	}
	t.Fatalf("no port from %d to %d is free", first, last)
	return 0
}

// take locks the file of a port, and sees whether it is free.
func take(f *os.File, port int) bool {
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return false
	}
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return Close(l) == nil
}

// Close closes a listener, and returns once its port is free. A process that this
// one is just starting, for another test, has a copy of it until it has become
// another program, a moment after its start.
func Close(l net.Listener) error {
	if err := l.Close(); err != nil {
		return err
	}
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(time.Millisecond) {
		// Asked by a connection: a socket that tries the port would be copied as well.
		var c net.Conn
		if c, err = net.Dial("tcp", l.Addr().String()); errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
		if err == nil {
			_ = c.Close()
			err = errors.New("somebody listens on it")
		}
	}
	return fmt.Errorf("%s is not free after its listener was closed: %w", l.Addr(), err)
}

// Refusing is a port on 127.0.0.1 on which nothing listens, nor will before the
// test ends: it is bound, so that nobody else can, and connections are refused.
func Refusing(t testing.TB) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	syscall.CloseOnExec(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return name.(*syscall.SockaddrInet4).Port
}
