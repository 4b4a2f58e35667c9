package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// How often a lock that is taken is tried again. Polling, because a blocking
// flock(2) cannot be ended by a context.
const (
	leasePause    = 10 * time.Millisecond  // a run that waits for an engine to end
	releasedPause = 100 * time.Millisecond // an engine that waits for the last run to end
)

// lockFile is an open, locked file. It is a bare descriptor: an *os.File would
// let go of the lock whenever the garbage collector finds it unused.
type lockFile struct {
	fd   int
	once sync.Once
}

// lock opens path (created 0600) without following links and takes the lock
// how, unix.LOCK_SH or unix.LOCK_EX, trying again until ctx ends. The
// descriptor is closed on exec: what this process starts never holds the lock.
func lock(ctx context.Context, path string, how int, pause time.Duration) (*lockFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			unix.Close(fd)
			return nil, fmt.Errorf("lock %s: %w", path, context.Cause(ctx))
		case <-t.C:
		}
		err := unix.Flock(fd, how|unix.LOCK_NB)
		switch {
		case err == nil:
			return &lockFile{fd: fd}, nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			unix.Close(fd)
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
		t.Reset(pause)
	}
}

func (l *lockFile) release() {
	l.once.Do(func() { unix.Close(l.fd) })
}

// WaitReleased returns when nobody holds the lease at path any more, at most
// some 100 ms after the last holder let go or died, or with an error when ctx
// ends first. The engine calls it at its start and leaves when it returns.
//
// From then on the lease is locked for the caller, so that a new run waits for
// the caller's process to end instead of using an engine that is leaving. An
// engine never calls release; its end does.
func WaitReleased(ctx context.Context, path string) (release func(), err error) {
	l, err := lock(ctx, path, unix.LOCK_EX, releasedPause)
	if err != nil {
		return nil, err
	}
	return l.release, nil
}
