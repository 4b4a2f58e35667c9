package porttest

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

func TestOwn(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	seen := map[int]bool{}
	for range 200 {
		port := Own(t)
		if seen[port] || port < first || port > last {
			t.Fatalf("%d was given out, after %d others", port, len(seen))
		}
		seen[port] = true
	}
}

// A port is its owner's until the end of its test, though nothing listens on it.
func TestAPortThatIsOwnedIsNotTaken(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var port int
	again := func() bool {
		f, err := os.OpenFile(filepath.Join(os.TempDir(), "ringlet-test-ports-"+strconv.Itoa(os.Getuid()), strconv.Itoa(port)), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return take(f, port)
	}
	t.Run("owner", func(t *testing.T) {
		if port = Own(t); again() {
			t.Error("it was given out again")
		}
	})
	if !again() {
		t.Error("it is not free after its owner's end")
	}
}

func TestRefusing(t *testing.T) {
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(Refusing(t)))
	if c, err := net.Dial("tcp4", address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v, %v", c, err)
	}
	if l, err := net.Listen("tcp4", address); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("%v, %v", l, err)
	}
}

// A port is free once its listener is closed, whatever programs are started meanwhile.
func TestClose(t *testing.T) {
	stop := make(chan struct{})
	var starts sync.WaitGroup
	for range 4 {
		starts.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = exec.Command("/bin/true").Run() // macOS has none there, and forks all the same
				}
			}
		})
	}
	defer starts.Wait()
	defer close(stop)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(Own(t)))
	for i := range 100 {
		l, err := net.Listen("tcp4", address)
		if err != nil {
			t.Fatalf("after %d times: %v", i, err)
		}
		if err := Close(l); err != nil {
			t.Fatal(err)
		}
	}
}
