package gateway

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// socketPair is a client's connection and the server's side of it, which no server serves.
func socketPair(t *testing.T) (client net.Conn, c *trackedConn) {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err = net.Dial("tcp4", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return client, newTrackedConn(server)
}

// arrives waits until something is in the kernel that nobody has read.
func arrives(t *testing.T, c *trackedConn) {
	t.Helper()
	n := 0
	eventually(t, "what was sent arrives", func() bool {
		err := c.taking.raw.Control(func(fd uintptr) {
			var one [1]byte
			n, _, _ = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT) // -1 where there is nothing
		})
		return err == nil && n > 0
	})
}

// A request that has come, and that a busy machine has left no time to read, keeps its
// connection from being closed as a quiet one.
func TestWhatIsUnreadIsNotQuiet(t *testing.T) {
	tracker := newConnTracker()
	quietClient, quiet := socketPair(t)
	askingClient, asking := socketPair(t)
	for _, c := range []*trackedConn{quiet, asking} {
		tracker.state(c, http.StateNew)
	}
	if _, err := askingClient.Write([]byte("P")); err != nil {
		t.Fatal(err)
	}
	arrives(t, asking)
	tracker.closeQuiet(time.Now(), time.Now())
	if _, err := quietClient.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the quiet connection: %v; it should have been closed", err)
	}
	piece := make([]byte, 1)
	if n, err := asking.Read(piece); err != nil || n != 1 {
		t.Errorf("what was sent cannot be read: %d, %v", n, err)
	}
	// Once it was read, it is known by that.
	tracker.closeQuiet(time.Now(), time.Now())
	if _, err := asking.Write(piece); err != nil {
		t.Errorf("a connection on which a request has begun was closed: %v", err)
	}
}

// Between the system call that takes a request's first bytes and the note that they
// came, a connection cannot be looked at.
func TestWhatIsBeingReadIsNotQuiet(t *testing.T) {
	client, c := socketPair(t)
	tracker := newConnTracker()
	tracker.state(c, http.StateNew)
	held := &c.taking.mu
	held.Lock() // as a thread that is held up in its system call
	read, looked := make(chan error, 1), make(chan struct{})
	go func() {
		_, err := c.Read(make([]byte, 100))
		read <- err
	}()
	if _, err := client.Write([]byte("POST")); err != nil {
		t.Fatal(err)
	}
	arrives(t, c)
	select {
	case err := <-read:
		t.Fatalf("bytes were taken without the lock: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if n, err := syscallRead(c); n != 4 || err != nil { // what the held up thread takes
		t.Fatalf("%d, %v", n, err)
	}
	go func() { tracker.closeQuiet(time.Now(), time.Now()); close(looked) }()
	select {
	case <-looked:
		t.Fatal("the connection was looked at meanwhile")
	case <-time.After(50 * time.Millisecond):
	}
	c.unanswered.Store(true)
	held.Unlock()
	<-looked
	if _, err := c.Write([]byte("200")); err != nil {
		t.Errorf("a connection on which a request has come was closed: %v", err)
	}
	_, _ = io.ReadFull(client, make([]byte, 3)) // what is unread would make a reset of the end
	client.Close()
	if err := <-read; !errors.Is(err, io.EOF) {
		t.Errorf("at its end: %v", err)
	}
}

func syscallRead(c *trackedConn) (n int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	ctlErr := raw.Control(func(fd uintptr) { n, err = syscall.Read(int(fd), make([]byte, 100)) })
	return n, errors.Join(err, ctlErr)
}

// Sockets are read as net.Conn reads them: deadlines, ends and errors are those that
// the server knows.
func TestReadIsNetConns(t *testing.T) {
	client, c := socketPair(t)
	piece := make([]byte, 3)
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	var timeout net.Error
	var op *net.OpError
	if n, err := c.Read(piece); n != 0 || !errors.As(err, &timeout) || !timeout.Timeout() || !errors.As(err, &op) || op.Op != "read" {
		t.Errorf("at its deadline: %d, %v", n, err)
	}
	_ = c.SetReadDeadline(time.Time{})
	_, _ = client.Write([]byte("abcde"))
	arrives(t, c)
	if n, err := io.ReadFull(c, piece); err != nil || string(piece) != "abc" {
		t.Errorf("%d, %v: %q", n, err, piece)
	}
	if n, err := c.Read(nil); n != 0 || err != nil {
		t.Errorf("nothing is wanted: %d, %v", n, err)
	}
	if n, err := c.Read(piece); n != 2 || err != nil || string(piece[:n]) != "de" {
		t.Errorf("%d, %v: %q", n, err, piece)
	}
	_ = client.(*net.TCPConn).CloseWrite()
	if n, err := c.Read(piece); n != 0 || err != io.EOF {
		t.Errorf("at its end: %d, %v", n, err)
	}

	client, c = socketPair(t)
	_ = client.(*net.TCPConn).SetLinger(0)
	client.Close() // with a reset
	if n, err := c.Read(piece); n != 0 || !errors.Is(err, syscall.ECONNRESET) || !errors.As(err, &op) || op.Op != "read" {
		t.Errorf("after a reset: %d, %v", n, err)
	}

	_, c = socketPair(t)
	read := make(chan error)
	go func() { _, err := c.Read(piece); read <- err }()
	c.Close()
	if err := <-read; !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed meanwhile: %v", err)
	}
}

// Thousands of connections are closed as quiet ones at the moment at which a request is
// sent: it is either answered, or has crossed the connection's end on its way. What
// comes right between the two system calls of closeIfQuiet is all that may be lost.
func TestClosingCrossesRequests(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("only Linux is asked for what a client's kernel has")
		return
	}
	const tries = 3000
	answered, crossed, lost := 0, 0, 0
	for range tries {
		client, c := socketPair(t)
		tracker := newConnTracker()
		tracker.state(c, http.StateNew)
		read, closed := make(chan int, 1), make(chan struct{})
		go func() { n, _ := c.Read(make([]byte, 10)); read <- n }()
		go func() {
			spin(rand.N(60 * time.Microsecond))
			tracker.closeQuiet(time.Now(), time.Now())
			close(closed)
		}()
		spin(rand.N(60 * time.Microsecond))
		_, err := client.Write([]byte("P"))
		ended := err != nil || peerClosed(client)
		<-closed
		n := <-read
		if _, err := c.Write([]byte("2")); n == 1 && err == nil {
			answered++
		} else if ended {
			crossed++
		} else {
			lost++
		}
		client.Close()
		c.Close()
	}
	t.Logf("of %d, %d were answered, %d crossed the end, %d were lost", tries, answered, crossed, lost)
	if lost > tries/50 { // a busy machine stops one of the two sides in between
		t.Errorf("%d of %d requests came before the connection's end, and were lost", lost, tries)
	}
}

// spin lets a time pass that is too short to sleep.
func spin(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
		runtime.Gosched()
	}
}
