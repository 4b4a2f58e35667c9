package session

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func terminalRoles() map[string]func() int { return map[string]func() int{"shell": shellMain} }

// shellMain is a shell with job control and one job, ringlet: it says on
// descriptor 3 how the job fares, and continues it at a line on descriptor 4.
func shellMain() int {
	status, commands := os.NewFile(3, "status"), bufio.NewReader(os.NewFile(4, "commands"))
	signal.Ignore(syscall.SIGTTOU)
	exe, err := os.Executable()
	if err != nil {
		return 99
	}
	cmd := exec.Command(exe)
	cmd.Env = as("runchild")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(status, err)
		return 99
	}
	fmt.Fprintln(status, "pid", cmd.Process.Pid)
	for {
		var ws syscall.WaitStatus
		if _, err := syscall.Wait4(cmd.Process.Pid, &ws, unix.WUNTRACED, nil); err == syscall.EINTR {
			continue
		} else if err != nil {
			fmt.Fprintln(status, err)
			return 99
		}
		if !ws.Stopped() {
			fmt.Fprintln(status, "exited", ws.ExitStatus())
			return 0
		}
		fmt.Fprintln(status, "stopped")
		if _, err := commands.ReadString('\n'); err != nil {
			return 99
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT)
	}
}

// terminal is a pseudo-terminal with a shell in it.
type terminal struct {
	*output // what the screen shows
	t       *testing.T
	master  *os.File
	slave   *os.File
	status  *output
	command io.Writer
	pid     int // of the shell's job
}

func newTerminal(t *testing.T, child string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	statusR, statusW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	commandR, commandW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := role(t, "shell", child)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.ExtraFiles = []*os.File{statusW, commandR}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	statusW.Close()
	commandR.Close()
	tm := &terminal{&output{}, t, master, slave, &output{}, commandW, 0}
	go func() { _, _ = io.Copy(tm.output, master) }()
	go func() { _, _ = io.Copy(tm.status, statusR) }()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("screen: %q\nstatus: %q", tm.text(), tm.status.text())
		}
		_ = cmd.Process.Kill()
		if tm.pid > 1 {
			_ = syscall.Kill(-tm.pid, syscall.SIGKILL)
		}
		_ = cmd.Wait()
		master.Close()
		slave.Close()
		commandW.Close()
	})
	eventually(t, "the job starts", func() bool {
		_, err := fmt.Sscanf(tm.status.text(), "pid %d\n", &tm.pid)
		return err == nil
	})
	return tm
}

func (tm *terminal) types(keys string) {
	tm.t.Helper()
	if _, err := tm.master.WriteString(keys); err != nil {
		tm.t.Fatal(err)
	}
}

func (tm *terminal) shows(text string, times int) {
	tm.t.Helper()
	eventually(tm.t, "the screen shows "+text, func() bool { return strings.Count(tm.text(), text) >= times })
}

func (tm *terminal) job(text string, times int) {
	tm.t.Helper()
	eventually(tm.t, "the job has "+text, func() bool { return strings.Count(tm.status.text(), text+"\n") >= times })
}

func (tm *terminal) signal(s syscall.Signal) {
	tm.t.Helper()
	if err := syscall.Kill(tm.pid, s); err != nil {
		tm.t.Fatal(err)
	}
}

func TestTheTerminalIsTheAgents(t *testing.T) {
	tm := newTerminal(t, "report")
	tm.shows("ready, ignoring []", 1)
	tm.types("\x03") // Ctrl-C is the agent's
	tm.shows("got interrupt", 1)
	tm.types("\x1c") // and so is Ctrl-\
	tm.shows("got quit", 1)
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1} {
		tm.signal(s) // this goes to ringlet alone
		tm.shows("got "+s.String(), 1)
	}
	if n := strings.Count(tm.text(), "got interrupt"); n != 1 {
		t.Errorf("one Ctrl-C arrived %d times", n)
	}
	tm.signal(syscall.SIGTERM)
	tm.shows("got terminated", 1)
	tm.job("exited 42", 1)
}

func TestJobControl(t *testing.T) {
	tm := newTerminal(t, "report")
	tm.shows("ready", 1)
	suspend := func(round int, how func()) {
		t.Helper()
		how()
		tm.job("stopped", round)
		fmt.Fprintln(tm.command, "fg")
		tm.shows("got continued", round)
	}
	suspend(1, func() { tm.types("\x1a") })
	suspend(2, func() { tm.signal(syscall.SIGUSR2) }) // the agent suspends itself
	suspend(3, func() { tm.types("\x1a") })
	suspend(4, func() { tm.types("\x1a") })
	tm.types("\x03")
	tm.shows("got interrupt", 1)
	tm.signal(syscall.SIGTERM)
	tm.job("exited 42", 1)
	if n := strings.Count(tm.status.text(), "stopped\n"); n != 4 {
		t.Errorf("stopped %d times, want 4", n)
	}
}

func TestAKilledAgentLeavesAUsableTerminal(t *testing.T) {
	tm := newTerminal(t, "raw-and-die")
	tm.job("exited 137", 1)
	got, err := unix.IoctlGetTermios(int(tm.slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if got.Lflag&unix.ECHO == 0 || got.Lflag&unix.ICANON == 0 {
		t.Errorf("the terminal is left without echo: %x", got.Lflag)
	}
}
