package session

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// A lock that comes in the moment when nobody wants it any more is let go of.
func TestALockThatComesTooLateIsLetGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		var both sync.WaitGroup
		both.Go(cancel)
		if late, err := wait(ctx, path, unix.LOCK_EX); err == nil {
			late.release()
		}
		both.Wait()
		eventually(t, "the lock is free", func() bool { return can(path, unix.LOCK_EX) })
	}
}
