package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// serves waits until an engine other than pid serves, and returns its process id.
func (s *setup) serves(other int) (pid int) {
	s.t.Helper()
	eventually(s.t, "another engine serves", func() bool {
		r, err := s.Health.Check(s.t.Context())
		pid = r.PID
		return err == nil && !r.Draining && pid != other
	})
	return pid
}

// replaced is serves, and waits until a run of this process has seen that engine:
// one that is to end has only a moment for it.
func (s *setup) replaced(other int) (pid int) {
	s.t.Helper()
	pid = s.serves(other)
	eventually(s.t, "a run sees it", func() bool { return strings.Contains(s.log.text(), fmt.Sprintf(" now=%d ", pid)) })
	return pid
}

// keep has the leases keep their engine; the returned function ends that, and says
// how often all of them saw a new one.
func keep(t *testing.T, leases ...*Lease) func() int {
	ctx, end := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	seen := make([]int, len(leases))
	for i, l := range leases {
		wg.Go(func() { seen[i] = l.Keep(ctx) })
	}
	return func() int {
		end()
		wg.Wait()
		most := 0
		for _, n := range seen {
			most = max(most, n)
		}
		return most
	}
}

// An engine that is killed, or told to end, comes back where it was, once, however
// many runs there are.
func TestAnEngineThatEndsComesBack(t *testing.T) {
	for _, how := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(how.String(), func(t *testing.T) {
			s := newSetup(t)
			leases := []*Lease{s.ensure(), s.ensure(), s.ensure()}
			first := leases[0].Report.PID
			end := keep(t, leases...)
			if err := syscall.Kill(first, how); err != nil {
				t.Fatal(err)
			}
			second := s.replaced(first)
			if how == syscall.SIGTERM {
				ended(t, first)
			}
			// Started anew by whoever was first; the one that did so can go.
			if n := end(); n != 1 {
				t.Errorf("seen %d times, not once", n)
			}
			log, err := os.ReadFile(filepath.Join(s.dir, "logs", PrintedLog))
			if err != nil || len(log) > 0 {
				t.Errorf("%s, %v", log, err)
			}
			for _, l := range leases {
				l.Leave()
			}
			ended(t, second)
		})
	}
}

// One that does not come up is tried again, after a while.
func TestAnEngineThatEndsAgainAndAgain(t *testing.T) {
	s := newSetup(t)
	l := s.ensure()
	end := keep(t, l)
	first := l.Report.PID
	s.conf.Die = "no"
	s.write()
	killed := time.Now()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tries := func() int {
		log, err := os.ReadFile(filepath.Join(s.dir, "logs", PrintedLog))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(log), "starting\n")
	}
	eventually(t, "it is tried", func() bool { return tries() > 0 })
	s.conf.Die = ""
	s.write()
	s.replaced(first)
	// The first at once, the second after one pause, the third after two more, …
	took := time.Since(killed)
	if n, seen := tries(), end(); took < time.Duration(1<<(n-1)-1)*firstPause || seen != 1 {
		t.Errorf("%d tries in %v, seen %d times", n, took, seen)
	}
	l.Leave()
}

// The engine of a profile that was deleted stays away, and so do its files.
func TestNothingIsStartedForADeletedProfile(t *testing.T) {
	s := newSetup(t)
	l := s.ensure()
	kept := make(chan int)
	go func() { kept <- l.Keep(t.Context()) }()
	if err := os.Remove(s.ConfigPath); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(l.Report.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if n := <-kept; n != 0 {
		t.Errorf("seen %d times", n)
	}
}

// The last run leaves nothing behind, not even for a moment; one that others
// outlive does not wait for them.
func TestTheLastRunWaitsForItsEngine(t *testing.T) {
	s := newSetup(t)
	first, second := s.ensure(), s.ensure()
	pid := first.Report.PID
	if began := time.Now(); !first.Started {
		t.Fatal("the second one started it")
	} else if first.Leave(); time.Since(began) > leaveTimeout {
		t.Errorf("it waited %v for the others", time.Since(began))
	}
	if r := s.report(); r.PID != pid {
		t.Errorf("%+v", r)
	}
	second.Leave()
	ended(t, pid)

	l := s.ensure()
	l.Leave()
	if err := syscall.Kill(l.Report.PID, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the engine is there after its only run: %v", err)
	}
}

// The engine outlives a run that started it and is killed, for the other run, which
// takes over to look after it.
func TestAKilledStarterLeavesItsEngineToTheOthers(t *testing.T) {
	s := newSetup(t)
	starter, _, first := s.startRunner()
	l := s.ensure()
	end := keep(t, l)
	if err := starter.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = starter.Wait() // it was killed
	if r := s.report(); r.PID != first {
		t.Errorf("%+v", r)
	}
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	second := s.replaced(first)
	if n := end(); n != 1 {
		t.Errorf("seen %d times", n)
	}
	l.Leave()
	if err := syscall.Kill(second, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the engine is there after its last run: %v", err)
	}
}
