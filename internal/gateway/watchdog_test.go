package gateway

import (
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/gatewaytest"
	"github.com/ringlet/ringlet/internal/porttest"
)

// notes remembers sd_notify states and when they came.
type notes struct {
	mu     sync.Mutex
	states []string
	fed    []time.Time
}

func (n *notes) notify(s string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s == "WATCHDOG=1" {
		n.fed = append(n.fed, time.Now())
		return nil
	}
	n.states = append(n.states, s)
	return nil
}

func (n *notes) feedings() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.fed)
}

// shortest is the shortest time between two feedings.
func (n *notes) shortest() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	shortest := time.Duration(math.MaxInt64)
	for i := 1; i < len(n.fed); i++ {
		shortest = min(shortest, n.fed[i].Sub(n.fed[i-1]))
	}
	return shortest
}

func TestReadinessAndWatchdog(t *testing.T) {
	up := gatewaytest.New(t, nil)
	n := &notes{}
	const interval = 400 * time.Millisecond
	g := start(t, testConfig(map[string]string{"a": up.URL}, "always -> a/m"), func(o *Options) { o.Notify, o.WatchdogInterval = n.notify, interval })
	// A busy machine holds some feedings up, and not all of them.
	eventually(t, "the watchdog is fed twice an interval", func() bool { return n.feedings() >= 4 && n.shortest() <= interval*3/4 })
	g.stop()
	if len(n.states) != 2 || !strings.HasPrefix(n.states[0], "READY=1\nSTATUS=serving work on 127.0.0.1:") || !strings.HasPrefix(n.states[1], "STOPPING=1\n") {
		t.Errorf("states %q", n.states)
	}
	if gap := n.shortest(); gap < interval/4 {
		t.Errorf("fed after %v", gap)
	}
	if len(up.Requests()) != 0 {
		t.Error("a self-check went upstream")
	}
	if len(g.journal.requests()) != 0 {
		t.Error("self-checks are recorded")
	}
}

func TestSelfCheckNeedsNoBudget(t *testing.T) {
	e, stop := listening(t, nil)
	defer stop()
	if !e.bodies.try(bodyBudget) {
		t.Fatal("no budget")
	}
	if err := e.selfCheck(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSelfCheckSeesADeadEngine(t *testing.T) {
	e, stop := listening(t, nil)
	stop()
	if err := e.selfCheck(t.Context()); err == nil {
		t.Error("a closed listener passes")
	}
	// Another program answers on the port.
	ln, err := net.Listen("tcp", e.addr)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.NotFoundHandler()}
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	if err := e.selfCheck(t.Context()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("another program passes: %v", err)
	}
}

// lateListener hands out its first connection late, as a busy machine does.
type lateListener struct {
	net.Listener
	late <-chan time.Time
	once *sync.Once
}

func (l lateListener) Accept() (net.Conn, error) {
	l.once.Do(func() { <-l.late })
	return l.Listener.Accept()
}

// A machine that stands still for some seconds is no reason not to start.
func TestSelfCheckIsPatient(t *testing.T) {
	t.Parallel()
	e, stop := listeningOn(t, nil, func(ln net.Listener) net.Listener {
		return lateListener{ln, time.After(6 * time.Second), &sync.Once{}}
	})
	defer stop()
	if err := e.selfCheck(t.Context()); err != nil {
		t.Error(err)
	}
}

// A request that carries the header but not this process's secret is nobody's.
func TestSelfCheckSecretIsChecked(t *testing.T) {
	e, stop := listening(t, nil)
	defer stop()
	asker := &engine{port: e.port, selfCheckSecret: newSecret(e.selfCheckSecret.reveal() + "x")}
	if err := asker.selfCheck(t.Context()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a wrong secret passes: %v", err)
	}
}

// listening is an engine that serves, without Run's tasks.
func listening(t *testing.T, j *journalLog) (*engine, func()) {
	t.Helper()
	return listeningOn(t, j, func(ln net.Listener) net.Listener { return ln })
}

func listeningOn(t *testing.T, j *journalLog, by func(net.Listener) net.Listener) (*engine, func()) {
	t.Helper()
	// Its own for the whole test: one listens on it again after the engine.
	ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(porttest.Own(t))))
	if err != nil {
		t.Fatal(err)
	}
	e := bare(t, testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "always -> a/m"), nil, j)
	e.port, e.addr = ln.Addr().(*net.TCPAddr).Port, ln.Addr().String()
	srv := e.server(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(trackedListener{by(ln), e.conns}) }()
	var once sync.Once
	stop := func() { once.Do(func() { _ = srv.Close(); <-done }) }
	t.Cleanup(stop)
	return e, stop
}

func TestPanicIsAnsweredAndRecorded(t *testing.T) {
	j := &journalLog{}
	e := bare(t, testConfig(map[string]string{"a": "https://up.example"}, "always -> a/m"), upstreamFunc(func(*http.Request) (*http.Response, error) { panic("sorry") }), j)
	c, aborted := e.testRequest(t, nil)
	if c.Code != 500 || aborted || !strings.Contains(c.Body.String(), `"type":"api_error"`) || strings.Contains(c.Body.String(), "sorry") {
		t.Errorf("client got %d %s, aborted %v", c.Code, c.Body, aborted)
	}
	eventually(t, "both are recorded", func() bool {
		return strings.Contains(j.text(), "panic while answering: sorry") && len(j.requests()) == 1
	})
	if !strings.Contains(j.text(), "watchdog_test.go") || j.requests()[0]["RINGLET_OUTCOME"] != "panicked" {
		t.Errorf("journal: %s", j.text())
	}
	if e.open.Load() != 0 || !e.bodies.try(bodyBudget) {
		t.Error("the request that panicked is still counted")
	}
}
