package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/term"
)

const childVar = "RINGLET_TEST_CHILD"

// childMain is the agent: it does what childVar says.
func childMain() int {
	verb, arg, _ := strings.Cut(os.Getenv(childVar), " ")
	n, _ := strconv.Atoi(arg)
	switch verb {
	case "exit":
		fmt.Printf("arguments %q\n", os.Args)
		return n
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.Signal(n))
		select {}
	case "raw-and-die":
		if _, err := term.MakeRaw(0); err != nil {
			return 1
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	// "report": says which signals arrive; SIGTERM ends it with 42, SIGUSR2 has it
	// suspend its whole group, as Claude Code does on Ctrl-Z.
	c := make(chan os.Signal, 16)
	ignored := []os.Signal{}
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGTSTP} {
		if signal.Ignored(s) {
			ignored = append(ignored, s)
		}
	}
	signal.Notify(c, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCONT)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(c, syscall.SIGHUP)
	}
	fmt.Printf("ready, ignoring %v\n", ignored)
	for s := range c {
		fmt.Printf("got %v\n", s)
		switch s {
		case syscall.SIGTERM:
			return 42
		case syscall.SIGUSR2:
			_ = syscall.Kill(0, syscall.SIGTSTP)
		}
	}
	return 0
}

// runChildMain is ringlet, running an agent.
func runChildMain() int {
	exe, err := os.Executable()
	if err != nil {
		return 99
	}
	code, err := RunChild(context.Background(), exe, []string{"agent", "one", "two words"}, as("child"))
	if err != nil {
		fmt.Println(err)
		return 99
	}
	return code
}

// execMain is ringlet, making room for an agent.
func execMain() int {
	exe, err := os.Executable()
	if err == nil {
		err = Exec(exe, []string{"agent", "one"}, as("child"))
	}
	fmt.Println(err)
	return 99
}

// as is the environment of another role. Without the old role: of two, the
// first would count, and the process would start itself for ever.
func as(role string) []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, roleVar+"=") })
	// With the race detector each process would wait a second before it exits.
	return append(env, roleVar+"="+role, "GORACE=atexit_sleep_ms=0")
}

// role is this test binary in another role, without a terminal.
func role(t *testing.T, name, child string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(as(name), childVar+"="+child)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

func TestTheExitCodeIsPassedOn(t *testing.T) {
	for _, name := range []string{"runchild", "exec"} {
		for child, want := range map[string]int{"exit 0": 0, "exit 7": 7, "exit 255": 255} {
			cmd := role(t, name, child)
			out, err := cmd.Output()
			if got := cmd.ProcessState.ExitCode(); got != want {
				t.Errorf("%s %s: exit code %d (%v), want %d", name, child, got, err, want)
			}
			if !strings.HasPrefix(string(out), `arguments ["agent" "one"`) {
				t.Errorf("%s: %s", name, out)
			}
		}
	}
	for sig, want := range map[syscall.Signal]int{syscall.SIGKILL: 137, syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		cmd := role(t, "runchild", fmt.Sprintf("die %d", sig))
		_ = cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("killed by %v: exit code %d, want %d", sig, got, want)
		}
	}
}

func TestAnAgentThatCannotBeStarted(t *testing.T) {
	if code, err := RunChild(t.Context(), "/nowhere/claude", []string{"claude"}, nil); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/nowhere/claude") {
		t.Errorf("%d, %v", code, err)
	}
	if err := Exec("/nowhere/claude", []string{"claude"}, nil); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/nowhere/claude") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := RunChild(ctx, "/bin/true", []string{"true"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestSignalsWithoutATerminalArePassedOn(t *testing.T) {
	p := start(t, role(t, "runchild", "report"))
	p.says("ready, ignoring []")
	for _, s := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH} {
		p.signal(s)
		p.says("got " + s.String())
	}
	p.signal(syscall.SIGTERM)
	p.says("got terminated")
	p.exits(42)
}

// What was ignored when ringlet was started stays ignored, for the agent too.
func TestNohupIsRespected(t *testing.T) {
	cmd := role(t, "runchild", "report")
	cmd.Args = []string{"sh", "-c", `trap "" HUP; exec "$0"`, cmd.Path}
	cmd.Path = "/bin/sh"
	p := start(t, cmd)
	p.says("ready, ignoring [hangup]")
	p.signal(syscall.SIGHUP)
	p.signal(syscall.SIGTERM)
	p.says("got terminated")
	if strings.Contains(p.text(), "got hangup") {
		t.Error("the hangup arrived")
	}
	p.exits(42)
}
