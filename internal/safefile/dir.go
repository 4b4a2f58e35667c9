package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// CheckDir refuses a folder that is a link, is not the user's own or can be
// written by others: whoever can write in it can exchange the files in it. A
// missing folder is no error, for it is made private when it is needed.
func CheckDir(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return &TrustError{path, "is a symbolic link", "replace it with a folder of your own"}
	case !info.IsDir():
		return &TrustError{path, "is not a folder", "move it away; a folder will be put in its place"}
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Getuid() {
		return &TrustError{path, fmt.Sprintf("belongs to uid %d, not to you", st.Uid), TakeOver(path)}
	}
	if perm := info.Mode().Perm(); perm&0o022 != 0 {
		return &TrustError{path, fmt.Sprintf("can be written by others (mode %04o)", perm), "close it: chmod go-w " + path}
	}
	return nil
}
