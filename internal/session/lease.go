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

// leasePause is how often a run that waits for an engine to end tries again.
// Polling, because a blocking flock(2) cannot be ended by a context.
const leasePause = 10 * time.Millisecond

// lockFile is an open, locked file. It is a bare descriptor: an *os.File would
// let go of the lock whenever the garbage collector finds it unused.
type lockFile struct {
	fd   int
	once sync.Once
}

// openLock opens path (created 0600) without following links. The descriptor is
// closed on exec: what this process starts never holds the lock.
func openLock(path string) (*lockFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return &lockFile{fd: fd}, nil
}

// lock opens path and takes the lock how, unix.LOCK_SH or unix.LOCK_EX, trying
// again until ctx ends.
func lock(ctx context.Context, path string, how int) (*lockFile, error) {
	l, err := openLock(path)
	if err != nil {
		return nil, err
	}
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			l.release()
			return nil, fmt.Errorf("lock %s: %w", path, context.Cause(ctx))
		case <-t.C:
		}
		err := unix.Flock(l.fd, how|unix.LOCK_NB)
		switch {
		case err == nil:
			return l, nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			l.release()
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
		t.Reset(leasePause)
	}
}

// wait takes the lock how in the moment when it can be had, without looking again
// and again. When ctx ends first, whoever waits stays behind, and lets go of the
// lock as soon as he has it: it is for processes that end then.
func wait(ctx context.Context, path string, how int) (*lockFile, error) {
	l, err := openLock(path)
	if err != nil {
		return nil, err
	}
	got := make(chan error)
	go func() {
		err := unix.Flock(l.fd, how)
		for errors.Is(err, unix.EINTR) {
			err = unix.Flock(l.fd, how)
		}
		select {
		case got <- err:
		case <-ctx.Done():
			l.release() // nobody asks any more
		}
	}()
	select {
	case err = <-got:
	case <-ctx.Done():
		return nil, fmt.Errorf("lock %s: %w", path, context.Cause(ctx))
	}
	if err != nil {
		l.release()
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return l, nil
}

// can reports whether the lock can be had at this moment.
func can(path string, how int) bool {
	l, err := openLock(path)
	if err != nil {
		return false
	}
	defer l.release()
	return unix.Flock(l.fd, how|unix.LOCK_NB) == nil
}

func (l *lockFile) release() {
	l.once.Do(func() { unix.Close(l.fd) })
}

// file is a copy of the descriptor to hand over: the lock is held by both.
func (l *lockFile) file() (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(l.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "lock"), nil
}

// WaitReleased returns in the moment when nobody holds the lease at path any more,
// because the last holder let go or died, or with an error when ctx ends first.
// The engine calls it at its start and leaves when it returns.
//
// From then on the lease is locked for the caller, so that a new run waits for
// the caller's process to end instead of using an engine that is leaving. An
// engine never calls release; its end does.
func WaitReleased(ctx context.Context, path string) (release func(), err error) {
	l, err := wait(ctx, path, unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	return l.release, nil
}
