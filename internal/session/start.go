package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/ringlet/ringlet/internal/health"
	"golang.org/x/sys/unix"
)

// The file descriptors of a started engine: its socket, and its lock that says
// that it serves.
const (
	ListenFD  = 3
	ServingFD = 4
)

// PrintedLog is the name, beside proxy.log, of the file that takes what an engine
// prints.
const PrintedLog = "engine.err"

// maxErrLog is the size in bytes beyond which engine.err is begun anew. The
// engine's own log is elsewhere; this file gets a few lines per start, and the
// trace of a crash.
const maxErrLog = 1 << 20

// Args is the command line of an engine that [Ensure] starts, without the
// program: the contract that "ringlet proxy serve" keeps.
func (o Options) Args() []string {
	return []string{"proxy", "serve", "--config", o.ConfigPath, "--credentials", o.CredentialsDir,
		"--lease", o.LeasePath, "--listen-fd", strconv.Itoa(ListenFD), "--serving-fd", strconv.Itoa(ServingFD)}
}

// start starts the engine on l and waits until it proves itself. l is closed.
// child is closed when the engine has ended, and this process has seen it.
func (o Options) start(ctx context.Context, l *net.TCPListener) (report health.Report, child <-chan struct{}, err error) {
	defer l.Close()
	socket, err := l.File()
	if err != nil {
		return report, nil, err
	}
	defer socket.Close()
	log, err := o.openErrLog()
	if err != nil {
		return report, nil, err
	}
	defer log.Close()
	begin, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return report, nil, err
	}
	// Held by the engine from its first moment, and by nobody else: a lock belongs to
	// the open file, of which it gets a copy. One that leaves lets go of it first.
	serving, err := lock(ctx, o.servingPath(), unix.LOCK_EX)
	if err != nil {
		return report, nil, &LeavingError{Alias: o.Alias, Lease: o.servingPath(), Err: err}
	}
	defer serving.release()
	handed, err := serving.file()
	if err != nil {
		return report, nil, err
	}
	defer handed.Close()
	fail := func(err error) error {
		return &StartError{Alias: o.Alias, Log: log.Name(), Said: lastLine(log, begin), Err: err}
	}

	// Not CommandContext: the engine outlives this call, and this process.
	cmd := exec.Command(o.Exe, o.Args()...)
	cmd.Env = withoutSystemd(o.Env)
	cmd.Dir = o.RunDir
	cmd.Stdout, cmd.Stderr = log, log // Stdin nil is /dev/null
	cmd.ExtraFiles = []*os.File{socket, handed}
	// A session of its own: the terminal's signals and its end are not for the engine.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return report, nil, fail(err)
	}
	// With the runner's copies open, an engine that dies would leave a port that
	// accepts and never answers.
	socket.Close()
	l.Close()
	handed.Close()
	serving.release()
	o.Logger.DebugContext(ctx, "started the engine", "profile", o.Alias, "pid", cmd.Process.Pid, "port", o.Port)

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan struct{})
	go func() {
		err := cmd.Wait()
		if err == nil {
			err = errors.New("it ended at once")
		}
		stop(err)
		close(ended)
	}()
	report, err = health.WaitFor(ctx, o.Health, o.current)
	if err == nil {
		return report, ended, nil
	}
	if cause := context.Cause(ctx); errors.As(err, new(*health.WaitError)) && !errors.Is(cause, context.DeadlineExceeded) {
		err = cause // it ended, which says more than that nothing listens
	}
	// Also an engine that ended by itself: Kill does nothing then.
	_ = cmd.Process.Kill()
	<-ended
	return health.Report{}, nil, fail(err)
}

// openErrLog opens the file that takes the engine's standard output and error.
func (o Options) openErrLog() (*os.File, error) {
	dir := filepath.Join(o.RunDir, "logs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, PrintedLog)
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_APPEND|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err == nil && info.Size() > maxErrLog {
		err = f.Truncate(0)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lastLine is the last line that was written to f since begin, shortened.
func lastLine(f *os.File, begin int64) string {
	const most = 4096
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	buf := make([]byte, min(max(info.Size()-begin, 0), most))
	if _, err := f.ReadAt(buf, info.Size()-int64(len(buf))); err != nil {
		return ""
	}
	buf = bytes.TrimSpace(buf)
	return string(buf[bytes.LastIndexByte(buf, '\n')+1:])
}

// withoutSystemd leaves out what an init system said to this process: an engine
// that is not its service must not report to it or take its sockets.
func withoutSystemd(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "CREDENTIALS_DIRECTORY", "INVOCATION_ID", "JOURNAL_STREAM":
			return true
		}
		return false
	})
}

// Serving takes the lock that a process was started with as file descriptor fd,
// see [Options.Args]: it says that the process serves. release is called when it
// begins to leave; its end does the same.
func Serving(fd int) (release func(), err error) {
	unix.CloseOnExec(fd)
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("file descriptor %d is not a lock file of its own (%w); --serving-fd is for ringlet's own use", fd, err)
	}
	l := &lockFile{fd: fd}
	return l.release, nil
}

// Listener takes the listening socket that a process was started with as file
// descriptor fd, see [Options.Args].
func Listener(fd int) (net.Listener, error) {
	unix.CloseOnExec(fd)
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || on == 0 {
		return nil, fmt.Errorf("file descriptor %d is not a listening socket; --listen-fd is for ringlet's own use", fd)
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	return net.FileListener(f)
}
