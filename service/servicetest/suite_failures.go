package servicetest

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/internal/porttest"
	"github.com/ringlet/ringlet/service"
)

func testFailingStart(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	p := NewProxy(t, s, exe, "suite-failing")
	p.Refuse = "config.yaml:1:1: nothing to serve"
	p.Write()
	must(t, s.Install(ctx, p.Spec))
	err := s.Start(ctx, p.Spec.Alias)
	var job *service.JobError
	if !errors.As(err, &job) || job.Result != "exit-code" || job.Code != 1 || !strings.Contains(err.Error(), p.Refuse) {
		t.Errorf("failing start: %v (%+v)", err, job)
	}
	if fault.ExitCode(err) != 4 || !strings.Contains(fault.Hint(err), "ringlet proxy logs suite-failing") {
		t.Errorf("exit code %d, hint %q", fault.ExitCode(err), fault.Hint(err))
	}
	// What was wrong is put right, and the same command works.
	p.Refuse = ""
	p.Write()
	must(t, s.Start(ctx, p.Spec.Alias))
	p.Answers()
}

func testSilent(t *testing.T, s service.Supervisor, exe string) {
	p := NewProxy(t, s, exe, "suite-silent")
	p.Silent = true
	p.Write()
	must(t, s.Install(t.Context(), p.Spec))
	err := s.Start(t.Context(), p.Spec.Alias)
	var job *service.JobError
	if !errors.As(err, &job) || !strings.Contains(err.Error(), "ended before it was ready") {
		t.Errorf("%v (%+v)", err, job)
	}
}

func testPortTaken(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	p := NewProxy(t, s, exe, "suite-taken")
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p.Port))
	must(t, err)
	must(t, s.Install(ctx, p.Spec))
	err = s.Start(ctx, p.Spec.Alias)
	var job *service.JobError
	if !errors.As(err, &job) || job.Port != p.Port || !strings.Contains(err.Error(), strconv.Itoa(p.Port)) || !strings.Contains(fault.Hint(err), "--port") {
		t.Errorf("%v (%+v)", err, job)
	}
	if st := p.State(s); st.Status != service.Failed {
		t.Errorf("port taken: %+v", st)
	}
	must(t, porttest.Close(l))
	must(t, s.Start(ctx, p.Spec.Alias))
	p.Answers()
}

func testWillNotEnd(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	p := NewProxy(t, s, exe, "suite-stubborn")
	p.IgnoreTerm = true
	p.Write()
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, p.Spec.Alias))
	p.Answers()
	start := time.Now()
	must(t, s.Stop(ctx, p.Spec.Alias))
	// Without the limit in the unit systemd would wait for 90 s.
	if took := time.Since(start); took < 4*time.Second || took > time.Minute {
		t.Errorf("stopping took %v, want about 5 s", took)
	}
	if st := p.State(s); st.Status != service.Stopped {
		t.Errorf("killed at its stop: %+v", st)
	}
}

func testNeverInstalled(t *testing.T, s service.Supervisor, _ string) {
	ctx := t.Context()
	for verb, err := range map[string]error{
		"start": s.Start(ctx, "suite-none"), "restart": s.Restart(ctx, "suite-none"), "reload": s.Reload(ctx, "suite-none"),
	} {
		if !errors.Is(err, service.ErrNotInstalled) || !strings.Contains(fault.Hint(err), "ringlet proxy enable suite-none") {
			t.Errorf("%s: %v (%s)", verb, err, fault.Hint(err))
		}
	}
	must(t, s.Stop(ctx, "suite-none"))
	must(t, s.Uninstall(ctx, "suite-none"))
	states, err := s.Status(ctx, []string{"suite-none", "suite-neither"})
	if err != nil || len(states) != 2 || states[0].Alias != "suite-none" || states[1].Status != service.Disabled {
		t.Errorf("status: %+v, %v", states, err)
	}
}
