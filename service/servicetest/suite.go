package servicetest

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/fault"
	"github.com/ringlet/ringlet/service"
)

// Subject is the Supervisor under test.
type Subject struct {
	Connect func(t testing.TB) service.Supervisor
	Exe     string // absolute path of a program that calls Main

	// OwnPort says that the engine opens its port by itself, as under launchd: then
	// a restart refuses connections in between.
	OwnPort bool
	// PlainLog says that the log is a file, which does not say who wrote a line.
	PlainLog bool
}

// Run checks that a Supervisor does what the interface promises.
func Run(t *testing.T, subject Subject) {
	for name, test := range map[string]func(*testing.T, service.Supervisor, string){
		"life":                 testLife,
		"never installed":      testNeverInstalled,
		"restart twenty times": subject.testRestarts,
		"killed":               subject.testKilled,
		"reload":               testReload,
		"failing start":        testFailingStart,
		"ended before ready":   testSilent,
		"port taken":           testPortTaken,
		"port changed":         testPortChanged,
		"will not end":         testWillNotEnd,
		"all at once":          testAll,
		"all with a failure":   testAllFailing,
		"concurrent":           testConcurrent,
		"logs":                 subject.testLogs,
		"nasty paths":          testNastyPaths,
		"drift":                testDrift,
		"marked":               testMarked,
		"environment":          testEnvironment,
		"measured":             testMeasured,
		"logs of several":      testLogsOf,
	} {
		t.Run(name, func(t *testing.T) {
			s := subject.Connect(t)
			t.Cleanup(s.Close)
			test(t, s, subject.Exe)
		})
	}
}

func testLife(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	p := NewProxy(t, s, exe, "suite-life")
	if st := p.State(s); st.Status != service.Disabled || st.Installed || st.Enabled {
		t.Errorf("before: %+v", st)
	}
	for range 2 {
		must(t, s.Install(ctx, p.Spec))
	}
	if st := p.State(s); st.Status != service.Stopped || !st.Installed || !st.Enabled || st.PID != 0 || st.Port != p.Port || !st.Started.IsZero() {
		t.Errorf("installed: %+v", st)
	}
	p.Closed()

	before := time.Now().Add(-time.Millisecond)
	must(t, s.Start(ctx, p.Spec.Alias))
	first := p.Answers()
	if st := p.State(s); st.Status != service.Running || st.PID != first.PID || st.Restarts != 0 || st.Started.Before(before) || st.Started.After(time.Now()) || st.Edited {
		t.Errorf("started, its pid %d: %+v", first.PID, st)
	}
	must(t, s.Start(ctx, p.Spec.Alias))
	must(t, s.Install(ctx, p.Spec))
	if again := p.Answers(); again.PID != first.PID {
		t.Error("a second start or install replaced the engine")
	}

	for range 2 {
		must(t, s.Stop(ctx, p.Spec.Alias))
		// A client that knocks must not start it again.
		for range 5 {
			p.Closed()
		}
		if st := p.State(s); st.Status != service.Stopped || st.PID != 0 || !st.Enabled {
			t.Errorf("stopped: %+v", st)
		}
	}
	must(t, s.Restart(ctx, p.Spec.Alias))
	if p.Answers(); p.State(s).Status != service.Running {
		t.Error("a restart did not start what was stopped")
	}
	for range 2 {
		must(t, s.Uninstall(ctx, p.Spec.Alias))
		p.Closed()
		if st := p.State(s); st.Status != service.Disabled || st.Installed || st.Enabled || st.Port != 0 {
			t.Errorf("uninstalled: %+v", st)
		}
	}
}

func (subject Subject) testRestarts(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	p := NewProxy(t, s, exe, "suite-restarts")
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, p.Spec.Alias))
	pid := p.Answers().PID
	refused := knock(p.Port)
	for i := range 20 {
		must(t, s.Restart(ctx, p.Spec.Alias))
		h, err := Ask(ctx, p.Port) // at once: the port was never closed, or is open again
		if err != nil || h.PID == pid {
			t.Fatalf("restart %d: pid %d after %d, %v", i+1, h.PID, pid, err)
		}
		pid = h.PID
	}
	if n, of := refused(); n > 0 && !subject.OwnPort || of < 20 {
		t.Errorf("of %d connections during 20 restarts %d were refused", of, n)
	}
	if st := p.State(s); st.Status != service.Running || st.PID != pid {
		t.Errorf("after 20 restarts: %+v", st)
	}
}

// knock opens connections to a port, one after the other, until the returned
// function is called, which says how many were refused, of how many.
func knock(port int) (stop func() (refused, of int)) {
	quit := make(chan struct{})
	done := make(chan [2]int)
	go func() {
		var refused, of int
		for {
			select {
			case <-quit:
				done <- [2]int{refused, of}
				return
			default:
			}
			c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
			of++
			if err != nil {
				refused++
				continue
			}
			// Let the engine have it, so that the queue does not fill up.
			_, _ = c.Write([]byte("GET /health HTTP/1.0\r\n\r\n"))
			_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
			_, _ = c.Read(make([]byte, 1))
			_ = c.Close()
		}
	}()
	return func() (int, int) {
		close(quit)
		n := <-done
		return n[0], n[1]
	}
}

func (subject Subject) testKilled(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	p := NewProxy(t, s, exe, "suite-killed")
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, p.Spec.Alias))
	pid := p.Answers().PID
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	Eventually(t, func() error {
		h, err := Ask(ctx, p.Port)
		if err == nil && h.PID == pid {
			err = errors.New("the old engine answers")
		}
		return err
	})
	if st := p.Is(s, service.Running); st.Restarts != 1 || st.PID == pid {
		t.Errorf("killed: %+v", st)
	}
}

func testReload(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	p := NewProxy(t, s, exe, "suite-reload")
	must(t, s.Install(ctx, p.Spec))
	if err := s.Reload(ctx, p.Spec.Alias); !errors.Is(err, service.ErrNotRunning) {
		t.Errorf("reload of what does not run: %v", err)
	}
	must(t, s.Start(ctx, p.Spec.Alias))
	pid := p.Answers().PID

	p.Answer = "second"
	p.Write()
	must(t, s.Reload(ctx, p.Spec.Alias))
	if h, err := Ask(ctx, p.Port); err != nil || h.Answer != "second" || h.PID != pid {
		t.Errorf("right after a reload: %+v, %v; pid was %d", h, err, pid)
	}
	p.Refuse = `config.yaml:7:3: unknown field "polciy"`
	p.Write()
	err := s.Reload(ctx, p.Spec.Alias)
	var job *service.JobError
	if !errors.As(err, &job) || job.Verb != "reload" || !strings.Contains(err.Error(), p.Refuse) || fault.ExitCode(err) != 4 || fault.Hint(err) == "" {
		t.Errorf("refused reload: %v (%+v)", err, job)
	}
	if strings.Contains(err.Error(), Chatter) {
		t.Errorf("the reason has more than the reason in it: %v", err)
	}
	if h := p.Answers(); h.Answer != "second" || h.PID != pid {
		t.Errorf("after a refused reload: %+v", h)
	}
	if st := p.State(s); st.Status != service.Running || st.Restarts != 0 {
		t.Errorf("after a refused reload: %+v", st)
	}
}
