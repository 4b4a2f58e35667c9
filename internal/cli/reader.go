package cli

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// readerPause is how often a command that goes on looks whether it was ended
// otherwise, in milliseconds.
const readerPause = 500

// whileRead is ctx, ended when nobody reads standard output any more: `… --follow |
// head -1` must not wait for a line that would tell it so. done ends the look-out.
func (e *env) whileRead(ctx context.Context) (_ context.Context, done func()) {
	out, ok := e.stdout.(*os.File)
	if !ok {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for ctx.Err() == nil {
			// Without events asked for, only what cannot be left out is told: poll(2).
			fds := []unix.PollFd{{Fd: int32(out.Fd())}}
			n, err := unix.Poll(fds, readerPause)
			switch {
			case err == unix.EINTR, err == nil && n == 0:
			case err == nil && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0:
				cancel()
			default:
				return // it cannot be looked at, as with terminals on macOS
			}
		}
	}()
	return ctx, cancel
}
