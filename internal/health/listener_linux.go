package health

import (
	"errors"
	"io/fs"
	"os"
)

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
