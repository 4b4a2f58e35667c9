package session

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/health"
)

// runnerMain is "profiles run": it ensures, says so, starts a child where it is
// asked to, and waits until its standard input ends.
func runnerMain() int {
	var o Options
	if err := json.Unmarshal([]byte(os.Getenv("RINGLET_TEST_OPTIONS")), &o); err != nil {
		fmt.Println(err)
		return 1
	}
	o.Health = health.Client{Port: o.Port, Profile: "work", Token: "tok"}
	l, err := Ensure(context.Background(), o)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer l.Close()
	if os.Getenv("RINGLET_TEST_HOLDER") != "" {
		child := exec.Command(o.Exe)
		child.Env = as("holder")
		child.Stdin = os.Stdin
		if err := child.Start(); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	fmt.Println("engine", l.Report.PID)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// holderMain is an agent that outlives its runner.
func holderMain() int {
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// startRunner starts a runner and returns it with its engine's process id.
func (s *setup) startRunner(env ...string) (*exec.Cmd, io.Closer, int) {
	s.t.Helper()
	o := s.Options
	o.Health, o.Logger = nil, nil
	data, err := json.Marshal(o)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(s.Exe)
	cmd.Env = append(append(as("runner"), "RINGLET_TEST_OPTIONS="+string(data)), env...)
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	var pid int
	if _, scan := fmt.Sscanf(line, "engine %d", &pid); scan != nil {
		s.t.Fatalf("the runner says %q, %v", strings.TrimSpace(line), err)
	}
	return cmd, in, pid
}

func TestAKilledRunnerLetsGo(t *testing.T) {
	s := newSetup(t)
	// With an agent that lives on: it must not hold the lease.
	cmd, _, pid := s.startRunner("RINGLET_TEST_HOLDER=1")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended(t, pid)
	if l := s.ensure(); !l.Started {
		t.Errorf("%+v", l)
	}
}

func TestRunsInSeveralProcesses(t *testing.T) {
	s := newSetup(t)
	first, in, pid := s.startRunner()
	_, in2, pid2 := s.startRunner()
	if pid2 != pid {
		t.Fatalf("engines %d and %d", pid, pid2)
	}
	in.Close()
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	// The starter is gone, and its engine serves the other run.
	if r := s.report(); r.PID != pid {
		t.Errorf("%+v", r)
	}
	in2.Close()
	ended(t, pid)
}
