package safefile

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A command that is killed while it writes leaves its temporary file behind, and
// that may hold a token. So a writer locks its temporary file, and whoever
// writes or removes the same file later first sweeps away those that nobody
// has locked: the lock goes with the process.

// claim locks a temporary file until release is called. Not ok means that a
// sweep saw it between its creation and the lock, and removes it.
func claim(f *os.File) (release func(), ok bool) {
	// A second descriptor: f is closed before it is renamed, and the lock has to
	// last until then.
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return func() {}, true // out of descriptors: the write itself will say what is wrong
	}
	switch err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err {
	case nil:
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err == nil && st.Nlink == 0 {
			unix.Close(fd)
			return nil, false
		}
	case unix.EWOULDBLOCK:
		unix.Close(fd)
		return nil, false
	}
	// Where a file system has no locks nothing can be swept either.
	return func() { unix.Close(fd) }, true
}

// sweep removes the temporary files that killed writers of path left. What
// cannot be removed stays: it is in nobody's way.
func sweep(path string) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return
	}
	for _, e := range entries {
		random, ours := strings.CutPrefix(e.Name(), "."+base) // renameio's names
		if _, err := strconv.ParseUint(random, 10, 63); !ours || err != nil || !e.Type().IsRegular() {
			continue
		}
		left := filepath.Join(dir, e.Name())
		fd, err := unix.Open(left, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		if unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = os.Remove(left)
		}
		unix.Close(fd)
	}
}
