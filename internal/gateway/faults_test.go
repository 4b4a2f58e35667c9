//go:build ringlet_faults

package gateway

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A handler that deadlocks starves the watchdog, although connections are
// accepted and /health answers.
func TestDeadlockStarvesTheWatchdog(t *testing.T) {
	n, j := &notes{}, &journalLog{}
	e, _ := listening(t, j)
	e.opts.Notify, e.opts.WatchdogInterval = n.notify, 300*time.Millisecond
	ctx, cancel := contextWithCancel(t)
	var tasks sync.WaitGroup
	tasks.Go(func() { e.watchdog(ctx) })
	defer func() { cancel(); tasks.Wait() }()
	g := &rig{t: t, url: "http://" + e.addr, client: &http.Client{Transport: &http.Transport{}}}
	defer g.client.CloseIdleConnections()
	if a := g.do(g.request("/__fault/deadlock", "{}", "Authorization", "")); a.status != 401 {
		t.Errorf("without the token: %+v", a)
	}
	eventually(t, "the watchdog is fed", func() bool { return n.feedings() >= 2 })
	failed := func() int { return strings.Count(j.text(), "self-check failed") }
	if a := g.do(g.request("/__fault/deadlock", "{}")); a.status != 204 {
		t.Fatalf("%+v", a)
	}
	before := failed()           // on a machine that is busy, for want of time
	defer e.faults.lock.Unlock() // so that the stuck requests end with the test
	eventually(t, "self-checks fail", func() bool { return failed() > before })
	fed := n.feedings()
	eventually(t, "more of them fail", func() bool { return failed() > before+2 })
	if n.feedings() != fed {
		t.Error("the watchdog is still fed")
	}
	if g.health().Status != "ok" {
		t.Error("the rest of the engine is meant to live")
	}
	short, cancelShort := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancelShort()
	resp, err := g.client.Do(g.request("/v1/messages", ask("x", false)).WithContext(short))
	if err == nil {
		resp.Body.Close()
		t.Error("a request is answered")
	}
}

func TestPanicOnDemand(t *testing.T) {
	g := start(t, testConfig(map[string]string{"a": "http://127.0.0.1:1"}, "always -> a/m"))
	if a := g.do(g.request("/__fault/panic", "{}")); a.status != 500 || !strings.Contains(a.body, "api_error") {
		t.Errorf("%+v", a)
	}
	if g.health().Status != "ok" {
		t.Error("the engine did not survive")
	}
}
