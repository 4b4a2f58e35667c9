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
	restore := keepTerminal()

	// Caught, not ignored: an ignored signal stays ignored across exec, a caught
	// one is back at its default in the child. What was ignored already (nohup,
	// a job in the background of a script) stays so, for both.
	pass := caught(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)
	drop := caught(syscall.SIGINT, syscall.SIGQUIT)
	if terminal {
		// The child alone decides about Ctrl-Z; its being stopped stops this process.
		drop = append(drop, caught(syscall.SIGTSTP)...)
	} else {
		// No terminal sends these to the whole group: they came for this process alone.
		pass, drop = append(pass, drop...), nil
	}
	signals := make(chan os.Signal, 16)
	if all := slices.Concat(pass, drop); len(all) > 0 { // Notify without signals means all of them
		signal.Notify(signals, all...)
		defer signal.Stop(signals)
	}

	p, err := os.StartProcess(path, argv, &os.ProcAttr{Env: env, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		return 0, fmt.Errorf("start the agent: %w", err)
	}
	defer p.Release()
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
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(p.Pid, &status, unix.WUNTRACED, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, fmt.Errorf("wait for the agent: %w", err)
		case status.Stopped():
			if terminal {
				_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
				// Continued. The shell continues the whole group; a bare kill -CONT of
				// this process would leave the child stopped.
				_ = p.Signal(syscall.SIGCONT)
			}
		case status.Signaled():
			restore() // it had no chance to do so
			return 128 + int(status.Signal()), nil
		default:
			return status.ExitStatus(), nil
		}
	}
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
