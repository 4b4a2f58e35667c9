// Package cli is the command line: it parses, calls internal/app, and prints.
// Nothing else happens here, so that what a command does can be tested without
// a terminal.
//
// The rules of its output:
//
//   - tables and values go to standard output, messages to standard error;
//   - every error is one sentence that says what is wrong, and a second one,
//     behind "hint:", that says what to do, naming the command;
//   - with --json a listing is an array, and anything else that is done an object
//     with "done": true, what it was about ("profile" or "provider") and "messages";
//   - colour only on a terminal, and never with NO_COLOR;
//   - exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such profile, rule or
//     provider, 4 the init system refused or cannot be reached.
//
// A command is a file per noun; start with root.go.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/ringlet/ringlet/internal/app"
	"github.com/ringlet/ringlet/internal/fault"
)

// Main runs the command that os.Args names and returns its exit code.
func Main() int { return MainOn(app.InitSystem{}) }

// MainOn is Main with an init system that need not be this machine's.
func MainOn(init app.InitSystem) int {
	args := os.Args[1:]
	// A SIGHUP that comes before anyone listens would kill the engine with
	// Result=success, so that nothing restarts it: catch it as the first act.
	var hangup chan os.Signal
	if slices.Contains(args, "serve") {
		hangup = make(chan os.Signal, 1)
		signal.Notify(hangup, syscall.SIGHUP)
	} else {
		// A command ends before its garbage is worth collecting; the engine sets its own.
		debug.SetGCPercent(400)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return run(ctx, &env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, hangup: hangup, init: init}, args)
}

func run(ctx context.Context, e *env, args []string) int {
	root := newRoot(e)
	root.SetArgs(args)
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	err := root.ExecuteContext(ctx)
	var exited *app.ExitError
	if errors.As(err, &exited) {
		return exited.Code
	}
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			fmt.Fprintln(e.stderr, "ringlet: interrupted; what was done so far stays, and the command can be repeated")
			return 130
		}
		if fault.Hint(err) == "" && !e.parsed {
			// One of cobra's own about the command line.
			err = fault.New(fault.Usage, "see: ringlet --help", "%w", err)
		}
		printError(e.stderr, err)
	}
	return fault.ExitCode(err)
}

func printError(w io.Writer, err error) {
	fmt.Fprintf(w, "ringlet: %v\n", err)
	hint := fault.Hint(err)
	if hint == "" {
		hint = systemHint(err)
	}
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}

// systemHint is what to do about an error of the operating system's that nobody
// on its way had a better word for.
func systemHint(err error) string {
	where := "the folder"
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		where = p.Path
	case errors.As(err, &l):
		where = l.New
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room on the disk, then repeat the command"
	case errors.Is(err, syscall.EROFS):
		return fmt.Sprintf("%s is on a file system that cannot be written; set HOME or XDG_CONFIG_HOME to one that can", where)
	case errors.Is(err, fs.ErrPermission):
		return "see whose it is and who may write there: ls -ld " + where
	case errors.Is(err, fs.ErrNotExist):
		return "see whether it is there: ls -ld " + where
	}
	return ""
}
