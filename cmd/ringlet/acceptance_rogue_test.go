//go:build testbed

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// rogue is somebody who took a proxy's port. It answers like the profile's
// engine, but cannot know its token, and remembers every byte that it is sent.
type rogue struct {
	mu  sync.Mutex
	got strings.Builder
}

func startRogue(t testing.TB, port int, alias string) *rogue {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	r := &rogue{}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "ok", "profile": alias, "proof": strings.Repeat("0", 64), "pid": 1, "seq": 1_000_000, "engine": "builtin"})
	})}
	go func() { _ = srv.Serve(rogueListener{l, r}) }()
	t.Cleanup(func() { srv.Close() })
	return r
}

func (r *rogue) received() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got.String()
}

type rogueListener struct {
	net.Listener
	r *rogue
}

func (l rogueListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return rogueConn{c, l.r}, err
}

type rogueConn struct {
	net.Conn
	r *rogue
}

func (c rogueConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.got.Write(p[:n])
	return n, err
}

// learnedNothing fails when the rogue was sent what it must not have.
func (r *rogue) learnedNothing(t testing.TB, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(r.received(), secret) {
			t.Errorf("who took the port was sent a secret:\n%s", r.received())
		}
	}
}

// Who takes the port of a stopped proxy gets neither the token nor the agent: an
// automatic port is given up for another one.
func TestAcceptanceStolenPortIsGivenUp(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	alias := b.alias("stolen")
	b.create(alias)
	token, port := b.token(alias), b.is(alias, "running").Port
	b.ok("proxy", "stop", alias)
	r := startRogue(t, port, alias)

	// Asking how it is tells the rogue no more than a nonce.
	b.shows(alias, "does not know its local token")
	b.ok("profiles", "inspect", alias)
	b.try("proxy", "route", "add", alias, "new", "always", "first/plain")
	r.learnedNothing(t, token)
	if r.received() == "" {
		t.Error("nothing was asked: the test shows nothing")
	}

	o := b.try("profiles", "run", alias, "--", "-p", "hi")
	if o.code != 7 || !strings.Contains(o.stderr, fmt.Sprint(port)) {
		t.Errorf("it should run the agent, and say that it uses another port than %d\n%v", port, o)
	}
	s := b.is(alias, "running")
	if s.Port == port || !strings.Contains(b.read("agent-settings"), fmt.Sprintf("http://127.0.0.1:%d\"", s.Port)) {
		t.Errorf("the proxy is on port %d, and the agent was told %s", s.Port, b.read("agent-settings"))
	}
	b.client(alias, false).answered(t, "any", "first")
	r.learnedNothing(t, token, bedKey("first"))
}

// A port that the user pinned is not given up: the command is refused, naming
// who has it, and the agent is not started.
func TestAcceptanceStolenPinnedPortIsRefused(t *testing.T) {
	b := newBed(t)
	b.agentStub()
	alias := b.alias("pinned")
	b.create(alias)
	port := b.is(alias, "running").Port
	b.ok("proxy", "enable", alias, "--port", fmt.Sprint(port))
	token := b.token(alias)
	b.ok("proxy", "stop", alias)
	r := startRogue(t, port, alias)
	for _, args := range [][]string{{"profiles", "run", alias, "--", "-p", "hi"}, {"proxy", "start", alias}, {"proxy", "restart", alias}, {"proxy", "enable", alias}} {
		b.refused(4, []string{fmt.Sprint(port), "pid"}, args...)
	}
	if b.exists("agent-env") {
		t.Error("the agent was started, towards somebody else's port")
	}
	r.learnedNothing(t, token, bedKey("first"))
}

// The port of a proxy that is not stopped can be taken by nobody, not even for
// the moment of a restart.
func TestAcceptancePortIsHeldThroughRestarts(t *testing.T) {
	b := newBed(t)
	alias := b.alias("held")
	b.create(alias)
	port := b.is(alias, "running").Port
	done, tried := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-done:
				tried <- n
				return
			default:
			}
			n++
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err == nil {
				l.Close()
				t.Error("the port could be taken during a restart")
				<-done
				tried <- n
				return
			}
		}
	}()
	b.ok("proxy", "restart", alias)
	b.ok("daemon", "restart")
	b.ok("proxy", "enable", alias)
	close(done)
	if n := <-tried; n < 100 {
		t.Errorf("it was tried only %d times", n)
	}
}
