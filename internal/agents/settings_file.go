package agents

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/ringlet/ringlet/internal/safefile"
	"golang.org/x/sys/unix"
)

// settingsFile is a settings file as it is on disk.
type settingsFile struct {
	absent bool
	text   []byte
	mode   fs.FileMode // permission bits
}

// readSettings reads a regular file of this user's own, without following a
// link: it is going to hold a token, and to be replaced, which a link into, say,
// a repository of dotfiles must not be. Unlike safefile.Read it takes a file that
// the group may write, as agents create them under umask 002.
func readSettings(path string) (settingsFile, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, unix.ENOENT):
		return settingsFile{absent: true}, nil
	case errors.Is(err, unix.ELOOP):
		return settingsFile{}, &safefile.TrustError{Path: path, Problem: "is a symbolic link", Remedy: "replace it with a regular file of your own; it will hold a token, which does not belong where the link leads"}
	case err != nil:
		return settingsFile{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return settingsFile{}, err
	}
	if !info.Mode().IsRegular() {
		return settingsFile{}, &safefile.TrustError{Path: path, Problem: "is not a regular file", Remedy: "remove it"}
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Getuid() {
		return settingsFile{}, &safefile.TrustError{Path: path, Problem: fmt.Sprintf("belongs to uid %d, not to you", st.Uid), Remedy: safefile.TakeOver(path)}
	}
	text, err := io.ReadAll(io.LimitReader(f, safefile.MaxSize+1))
	if err != nil {
		return settingsFile{}, err
	}
	if len(text) > safefile.MaxSize {
		return settingsFile{}, &safefile.TrustError{Path: path, Problem: fmt.Sprintf("is larger than %d MiB", safefile.MaxSize>>20), Remedy: "remove what does not belong there"}
	}
	return settingsFile{text: text, mode: info.Mode().Perm()}, nil
}

// privateDir makes dir if need be, and closes it to others: what an agent keeps
// in it beside its settings (history, login) is no less private.
func privateDir(dir string) error {
	if err := safefile.MakeDirs(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(dir, 0o700)
}
