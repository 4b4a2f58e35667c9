// Package safefile reads and replaces the files that ringlet trusts: without
// following links, only when they are the user's own, atomically, and with
// their permissions set when they are created rather than afterwards.
package safefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// MaxSize bounds a file that is read whole, in bytes. Profiles, settings and
// configurations are a few kilobytes; what is larger is not one of them.
const MaxSize = 16 << 20

// TrustError says why a file is not trusted.
type TrustError struct{ Path, Problem, Remedy string }

func (e *TrustError) Error() string { return e.Path + " " + e.Problem }

// Hint names the command that makes the file trustworthy.
func (e *TrustError) Hint() string { return e.Remedy }

// Read returns the content of a regular file that belongs to this user, is not
// a link and that nobody else can write. With private set nobody else may be
// able to read it either (keys, tokens). A missing file is fs.ErrNotExist.
func Read(path string, private bool) ([]byte, error) {
	data, _, err := ReadDated(path, private)
	return data, err
}

// ReadDated is [Read], and says when the content was written.
func ReadDated(path string, private bool) (data []byte, modified time.Time, err error) {
	// Without an os.File, which asks the kernel twice as much: a list of a hundred
	// profiles reads three hundred files.
	fd, st, err := openFD(path, unix.O_RDONLY, 0)
	if err != nil {
		return nil, modified, err
	}
	defer unix.Close(fd)
	if err := trust(path, st, private); err != nil {
		return nil, modified, err
	}
	data = make([]byte, 0, min(st.Size, MaxSize)+1) // the one more shows that there is no more
	for {
		n, err := unix.Read(fd, data[len(data):cap(data)])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, modified, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		data = data[:len(data)+n]
		switch {
		case len(data) > MaxSize:
			return nil, modified, &TrustError{path, fmt.Sprintf("is larger than %d MiB", MaxSize>>20), "remove what does not belong there"}
		case n == 0, int64(len(data)) == st.Size && len(data) < cap(data):
			return data, time.Unix(st.Mtim.Unix()), nil
		}
		data = slices.Grow(data, 512)
	}
}

// Open opens a file for reading under the same conditions as [Read], for what
// may be too large to be read whole.
func Open(path string, private bool) (*os.File, error) {
	f, st, err := open(path, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	if err := trust(path, st, private); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// OpenAppend opens a file of this user's for appending (and reading), or makes
// it with mode 0600; links are not followed. A file that others can read is
// closed to them.
func OpenAppend(path string) (*os.File, error) {
	f, st, err := open(path, unix.O_RDWR|unix.O_APPEND|unix.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if err = trust(path, st, false); err == nil && st.Mode&0o077 != 0 {
		err = f.Chmod(0o600)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func open(path string, flags int, perm uint32) (*os.File, *unix.Stat_t, error) {
	fd, st, err := openFD(path, flags, perm)
	if err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd), path), st, nil
}

func openFD(path string, flags int, perm uint32) (int, *unix.Stat_t, error) {
	fd, err := unix.Open(path, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, perm)
	if err != nil {
		if errors.Is(err, unix.ELOOP) {
			return -1, nil, &TrustError{path, "is a symbolic link", "replace it with a regular file of your own"}
		}
		return -1, nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return fd, &st, nil
}

// TakeOver is what to do about a file that is another user's.
func TakeOver(path string) string {
	if os.Getuid() == 0 { // in another's home, as after su without "-"
		return "run ringlet as that user, not as root"
	}
	return fmt.Sprintf("take it over: sudo chown %d %s", os.Getuid(), path)
}

func trust(path string, st *unix.Stat_t, private bool) error {
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return &TrustError{path, "is not a regular file", "move it away, or name another file"}
	}
	if int(st.Uid) != os.Getuid() {
		return &TrustError{path, fmt.Sprintf("belongs to uid %d, not to you", st.Uid), TakeOver(path)}
	}
	if perm := st.Mode & 0o777; perm&0o022 != 0 {
		return &TrustError{path, fmt.Sprintf("can be written by others (mode %04o)", perm), "close it: chmod go-w " + path}
	} else if private && perm&0o077 != 0 {
		return &TrustError{path, fmt.Sprintf("holds a secret that others can read (mode %04o)", perm), "close it: chmod 600 " + path}
	}
	return nil
}

// Write replaces path with data: a temporary file in the same folder with mode
// perm from the start, fsync, rename, fsync of the folder. A crash leaves the
// old file or the new one. Missing folders are made with mode 0700.
func Write(path string, data []byte, perm fs.FileMode) error {
	dir := filepath.Dir(path)
	if err := MakeDirs(dir, 0o700); err != nil {
		return err
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return &TrustError{path, "is not a regular file", "remove it; a file will be put in its place"}
	}
	err := place(path, data, perm, renameFile, func(f *pending) error { return f.CloseAtomicallyReplace() })
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return SyncDir(dir)
}

// pending is a file that has no name of its own yet.
type pending = renameio.PendingFile

// place writes a temporary file beside path and has give name it path. It is
// renameio.WriteFile, but for the permissions: that keeps those of the file that
// is replaced, and a secret would be as readable as what it replaces was.
// IgnoreUmask: the mode asked for is the mode, from creation on.
func place(path string, data []byte, perm fs.FileMode, how change, give func(*pending) error) error {
	sweep(path)
	for {
		if err := step(createFile, path); err != nil {
			return err
		}
		f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(perm), renameio.IgnoreUmask())
		if err != nil {
			return err
		}
		release, ok := claim(f.File)
		if !ok {
			_ = f.Cleanup() // another command's sweep was quicker; it is gone already
			continue
		}
		defer release()
		defer func() { _ = f.Cleanup() }() // after a rename there is nothing to clean
		done(createFile, path)
		if err := step(writeFile, path); err != nil {
			return err
		}
		if _, err := f.Write(data); err != nil {
			return err
		}
		if err := step(how, path); err != nil {
			return err
		}
		if err := give(f); err != nil {
			return err
		}
		done(how, path)
		return nil
	}
}

// Remove deletes path, durably; a missing file is no error.
func Remove(path string) error {
	sweep(path)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := step(removeFile, path); err != nil {
		return err
	}
	switch err := os.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	done(removeFile, path)
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes renames and removals in dir durable.
func SyncDir(dir string) error {
	if err := step(syncFolder, dir); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Lock takes the exclusive lock file at path (created 0600), waiting until ctx
// ends. The returned function releases it. The lock goes with the process, so
// a killed command never leaves it behind.
func Lock(ctx context.Context, path string) (release func(), err error) {
	if err := MakeDirs(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	ok, err := l.TryLockContext(ctx, 5*time.Millisecond)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		return nil, fmt.Errorf("lock %s: not acquired", path)
	}
	return func() { _ = l.Close() }, nil
}
