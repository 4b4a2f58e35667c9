package health

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// socketsOf lists the inodes of the sockets that a process has open (proc(5),
// /proc/pid/fd). It must be this user's.
func socketsOf(pid int) ([]uint64, error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, e := range entries {
		link, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // closed since
		}
		rest, ok := strings.CutPrefix(link, "socket:[")
		if inode, err := strconv.ParseUint(strings.TrimSuffix(rest, "]"), 10, 64); ok && err == nil {
			out = append(out, inode)
		}
	}
	return out, nil
}

// socketTable is every TCP socket of this network namespace. ok is false where
// the kernel has no such table.
func socketTable() (rows []tcpRow, ok bool, err error) {
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no IPv6, or a kernel without the table (WSL 1)
		}
		if err != nil {
			return nil, false, err
		}
		part, err := parseTCP(f)
		f.Close()
		if err != nil {
			return nil, false, err
		}
		rows, ok = append(rows, part...), true
	}
	return rows, ok, nil
}
