//go:build testbed

package service_test

import (
	"testing"

	"github.com/ringlet/ringlet/service"
	"github.com/ringlet/ringlet/service/servicetest"
	"github.com/ringlet/ringlet/units"
)

func systemctl(t testing.TB, args ...string) {
	t.Helper()
	run(t, "systemctl", append([]string{"--user"}, args...)...)
}

// systemd's own tools do with a proxy what one expects of them.
func TestSystemctl(t *testing.T) {
	ctx := t.Context()
	s := connect(t)
	p := servicetest.NewProxy(t, s, self(t), "by-hand")
	svc, socket := units.ServiceName("by-hand"), units.SocketName("by-hand")
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, "by-hand"))
	pid := p.Answers().PID
	if got := show(t, units.Target, "ActiveState"); got != "active" {
		t.Errorf("a proxy runs, and %s is %s", units.Target, got)
	}

	// As typed in the documentation, without .service.
	systemctl(t, "stop", "ringlet-proxy@by-hand")
	// systemctl waits for the unit that it was given; what hangs on it follows.
	p.Is(s, service.Stopped)
	for range 5 {
		p.Closed()
	}
	systemctl(t, "start", "ringlet-proxy@by-hand")
	if again := p.Answers().PID; again == pid {
		t.Error("stop did not end the engine")
	} else {
		pid = again
	}
	systemctl(t, "restart", svc)
	if again := p.Answers().PID; again == pid {
		t.Error("restart did not replace the engine")
	}
	p.Is(s, service.Running)

	systemctl(t, "stop", units.Target)
	p.Is(s, service.Stopped)
	p.Closed()
	systemctl(t, "start", units.Target)
	p.Answers()

	// Only the port closed: the engine goes on, and a start mends it.
	systemctl(t, "stop", socket)
	must(t, s.Start(ctx, "by-hand"))
	p.Answers()
	p.Is(s, service.Running)

	// The engine alone gone, as at an idle exit: the port waits.
	systemctl(t, "kill", "--signal=TERM", svc)
	p.Is(s, service.Listening)
	systemctl(t, "stop", units.Target) // closes the port of an engine that sleeps
	p.Is(s, service.Stopped)
	p.Closed()
	must(t, s.Start(ctx, "by-hand"))
	systemctl(t, "kill", "--signal=TERM", svc)
	p.Is(s, service.Listening)
	p.Answers()
	p.Is(s, service.Running)

	systemctl(t, "disable", "ringlet-proxy@by-hand")
	if st := p.Is(s, service.Running); st.Enabled {
		t.Errorf("disabled by hand: %+v", st)
	}
	must(t, s.Stop(ctx, "by-hand"))
	if st := p.Is(s, service.Disabled); !st.Installed {
		t.Errorf("disabled by hand and stopped: %+v", st)
	}
}
