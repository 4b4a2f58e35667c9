package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// RunChild runs the agent as a child that has the terminal, and returns its
// exit code: 128+n when signal n ended it, as shells have it. argv includes the
// program's name.
//
// The child is in this process's own group, so that the terminal's signals
// reach it as if it had been started by the shell. This process must not die of
// them: it ignores SIGINT and SIGQUIT, and passes on what only it gets, such as
// SIGTERM and SIGHUP. When the child is suspended, so is this process, and the
// shell's fg continues both. ctx is only looked at before the start: contexts
// end at the Ctrl-C that here belongs to the agent.
func RunChild(ctx context.Context, path string, argv, env []string) (exitCode int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, context.Cause(ctx)
	}
	terminal := hasTerminal()
	jobs := terminal && hasJobControl()
	restore := keepTerminal()

	// Caught, not ignored: an ignored signal stays ignored across exec, a caught
	// one is back at its default in the child. What was ignored already (nohup,
	// a job in the background of a script) stays so, for both.
	pass := caught(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)
	drop := caught(syscall.SIGINT, syscall.SIGQUIT)
	if !terminal {
		// No terminal sends these to the whole group: they came for this process alone.
		pass, drop = append(pass, drop...), nil
	}
	if jobs {
		// The child alone decides about Ctrl-Z; its being stopped stops this process.
		drop = append(drop, caught(syscall.SIGTSTP)...)
	}
	signals := make(chan os.Signal, 16)
	if all := slices.Concat(pass, drop); len(all) > 0 { // Notify without signals means all of them
		signal.Notify(signals, all...)
		defer signal.Stop(signals)
	}

	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)

	p, err := os.StartProcess(path, argv, &os.ProcAttr{Env: env, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		return 0, fmt.Errorf("start the agent: %w", err)
	}
	defer func() { _ = p.Release() }()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				if slices.Contains(pass, s) {
					_ = p.Signal(s) // an error means that it has ended, which Wait4 sees
				}
			}
		}
	}()
	for nowait := 0; ; {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(p.Pid, &status, unix.WUNTRACED|unix.WCONTINUED|nowait, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("wait for the agent: %w", err)
		}
		switch {
		case pid == 0:
			// This process was continued and the child was not: not by a shell's fg,
			// which continues the group, but by a kill -CONT of this process. Without
			// this question a late SIGCONT could undo a second Ctrl-Z.
			_ = p.Signal(syscall.SIGCONT)
			nowait = 0
		case status.Stopped() && jobs:
			suspend(continued)
			nowait = unix.WNOHANG
		case status.Stopped(), status.Continued():
			nowait = 0
		case status.Signaled():
			restore() // it had no chance to do so
			return 128 + int(status.Signal()), nil
		default:
			return status.ExitStatus(), nil
		}
	}
}

// suspend stops this process, and returns when it has been continued. kill(2)
// can return before the stop has reached the calling thread; SIGCONT, which
// comes on continued, cannot come before the stop is over.
func suspend(continued <-chan os.Signal) {
	select {
	case <-continued: // an old one
	default:
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-continued
}

// caught are those of the signals that this process does not ignore.
func caught(sigs ...os.Signal) []os.Signal {
	var out []os.Signal
	for _, s := range sigs {
		if !signal.Ignored(s) {
			out = append(out, s)
		}
	}
	return out
}

// hasTerminal reports whether this process has a controlling terminal.
func hasTerminal() bool {
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
}

// hasJobControl reports whether a shell could have put this process's group
// aside and bring it back. It cannot where the group is the session leader's,
// such as in a terminal or container that runs nothing but ringlet: nobody would
// continue what is suspended there.
func hasJobControl() bool {
	sid, err := unix.Getsid(0)
	return err == nil && sid != unix.Getpgrp()
}

// keepTerminal remembers the terminal's modes; an agent that is killed leaves
// it without echo.
func keepTerminal() (restore func()) {
	fd := int(os.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return func() {}
	}
	return func() {
		signal.Ignore(syscall.SIGTTOU) // or a job in the background would be stopped by this
		defer signal.Reset(syscall.SIGTTOU)
		_ = term.Restore(fd, state)
	}
}

// Exec replaces this process by the agent, which then has the terminal, the
// process id and the exit code. It returns only when that fails.
func Exec(path string, argv, env []string) error {
	if err := syscall.Exec(path, argv, env); err != nil {
		return fmt.Errorf("start the agent: %w", &os.PathError{Op: "exec", Path: path, Err: err})
	}
	return nil
}
