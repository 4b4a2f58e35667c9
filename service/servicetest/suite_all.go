package servicetest

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/service"
)

func testAll(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	var all []*Proxy
	for _, alias := range []string{"suite-a1", "suite-a2", "suite-a3"} {
		p := NewProxy(t, s, exe, alias)
		must(t, s.Install(ctx, p.Spec))
		all = append(all, p)
	}
	// One was started by itself: that must not keep the others from following.
	must(t, s.Start(ctx, all[0].Spec.Alias))
	all[1].Closed()

	must(t, s.StartAll(ctx))
	var pids []int
	for _, p := range all {
		st := p.Is(s, service.Running)
		pids = append(pids, st.PID)
	}
	must(t, s.StartAll(ctx))
	must(t, s.Stop(ctx, all[2].Spec.Alias))
	for i, p := range all[:2] {
		must(t, s.Restart(ctx, p.Spec.Alias))
		if st := p.Is(s, service.Running); st.PID == pids[i] {
			t.Errorf("%s was not restarted", p.Spec.Alias)
		}
	}
	all[2].Is(s, service.Stopped)

	for range 2 {
		must(t, s.StopAll(ctx))
		for _, p := range all {
			p.Closed()
			if st := p.Is(s, service.Stopped); !st.Enabled {
				t.Errorf("%s is no longer enabled", p.Spec.Alias)
			}
		}
	}
	must(t, s.StartAll(ctx))
	for _, p := range all {
		p.Answers()
	}
}

func testAllFailing(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	bad, good := NewProxy(t, s, exe, "suite-bad"), NewProxy(t, s, exe, "suite-good")
	bad.Refuse = "no target answers to that name"
	bad.Write()
	must(t, s.Install(ctx, bad.Spec))
	must(t, s.Install(ctx, good.Spec))
	err := s.StartAll(ctx)
	var job *service.JobError
	if !errors.As(err, &job) || job.Alias != "suite-bad" || !strings.Contains(err.Error(), bad.Refuse) {
		t.Errorf("start of all: %v", err)
	}
	good.Answers()
	must(t, s.StopAll(ctx))
	bad.Is(s, service.Stopped)
}

func (subject Subject) testLogs(t *testing.T, s service.Supervisor, exe string) {
	ctx := t.Context()
	p := NewProxy(t, s, exe, "suite-logs")
	p.Answer = "something to remember"
	p.Write()
	must(t, s.Install(ctx, p.Spec))
	must(t, s.Start(ctx, p.Spec.Alias))
	pid := p.Answers().PID

	find := func(wanted string) (found service.Line, n int, err error) {
		err = s.Logs(ctx, p.Spec.Alias, service.LogOptions{Lines: 50}, func(l service.Line) error {
			if n++; strings.Contains(l.Message, wanted) {
				found = l
			}
			return nil
		})
		return found, n, err
	}
	Eventually(t, func() error {
		l, _, err := find("serving something to remember")
		if subject.PlainLog && l.PID == 0 {
			l.PID = pid
		}
		if err == nil && (l.PID != pid || l.Manager || time.Since(l.Time) > time.Minute || !strings.Contains(l.Message, "serving something to remember")) {
			err = errors.New("not there: " + l.Message)
		}
		return err
	})

	// Following: what comes later arrives, and the context ends it.
	following, stop := context.WithCancel(ctx)
	defer stop()
	seen := make(chan string, 1000)
	ended := make(chan error, 1)
	go func() {
		ended <- s.Logs(following, p.Spec.Alias, service.LogOptions{Lines: 1, Follow: true}, func(l service.Line) error {
			seen <- l.Message
			return nil
		})
	}()
	<-seen
	p.Answer = "something new"
	p.Write()
	must(t, s.Restart(ctx, p.Spec.Alias))
	Eventually(t, func() error {
		select {
		case text := <-seen:
			if strings.Contains(text, "serving something new") {
				return nil
			}
		default:
		}
		return errors.New("the new line did not come")
	})
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("following ended with %v", err)
	}
	// A reader that has enough ends it too.
	enough := errors.New("enough")
	if err := s.Logs(ctx, p.Spec.Alias, service.LogOptions{}, func(service.Line) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("ended with %v", err)
	}
	var none *service.LogUnavailable
	if err := s.Logs(ctx, "suite-never", service.LogOptions{Lines: 5, Follow: true}, func(service.Line) error { return nil }); !errors.As(err, &none) {
		t.Errorf("log of nothing: %v", err)
	}
}

// nastyDir makes a folder of that name.
func nastyDir(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	must(t, os.Mkdir(dir, 0o700))
	return dir
}

// nastyExe copies the engine to a path with what an engine's path may contain.
func nastyExe(t *testing.T, exe string, i int) string {
	t.Helper()
	names := []string{"a b", "100%h", "$HOME", "é ü", "@-:+!"}
	to := filepath.Join(nastyDir(t, names[i%len(names)]), "engine")
	from, err := os.Open(exe)
	must(t, err)
	defer from.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o700)
	must(t, err)
	_, err = io.Copy(out, from)
	must(t, err)
	must(t, out.Close())
	return to
}
