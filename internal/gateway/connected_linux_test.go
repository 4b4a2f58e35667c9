package gateway

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// A request that has come, and that a busy machine has left no time to read, keeps its
// connection from being closed as a quiet one.
func TestWhatIsUnreadIsNotQuiet(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	pair := func() (client net.Conn, c *trackedConn) {
		t.Helper()
		client, err := net.Dial("tcp4", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		server, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		return client, &trackedConn{Conn: server}
	}
	tracker := newConnTracker()
	quietClient, quiet := pair()
	askingClient, asking := pair()
	for _, c := range []*trackedConn{quiet, asking} {
		tracker.state(c, http.StateNew)
	}
	if _, err := askingClient.Write([]byte("P")); err != nil {
		t.Fatal(err)
	}
	for late := time.Now().Add(time.Minute); !unread(asking.Conn); {
		if time.Now().After(late) {
			t.Fatal("what was sent does not arrive")
		}
	}
	tracker.closeQuiet(time.Now())
	if _, err := quietClient.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the quiet connection: %v; it should have been closed", err)
	}
	piece := make([]byte, 1)
	if n, err := asking.Read(piece); err != nil || n != 1 || unread(asking.Conn) {
		t.Errorf("what was sent cannot be read: %d, %v", n, err)
	}
	// Once it was read, it is known by that.
	tracker.closeQuiet(time.Now())
	if _, err := asking.Write(piece); err != nil {
		t.Errorf("a connection on which a request has begun was closed: %v", err)
	}
}
