package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ringlet/ringlet/internal/logfile"
	"github.com/ringlet/ringlet/routes"
	"golang.org/x/sys/unix"
)

// proxyLog is logs/proxy.log beside the configuration: 0600, appended to, and
// opened anew when it was moved away or deleted. Once it is full it becomes
// proxy.log.1, which becomes proxy.log.2, and so on. It is used by one goroutine.
type proxyLog struct {
	path    string
	size    int64 // of file, as far as this process knows
	bounds  routes.Log
	bounded bool // bounds were set, and what was beyond them removed
	file    *os.File
	info    fs.FileInfo // of file
	checked time.Time   // when path was last compared with file
	pending []byte      // lines of the next write
	torn    bool        // the last line has no end: the disk was full
}

// maxPending is the buffer for lines that is kept, in bytes.
const maxPending = 64 << 10

// recheck is how often the path is compared with the open file.
const recheck = time.Second

func newProxyLog(configPath string) *proxyLog {
	return &proxyLog{path: filepath.Join(filepath.Dir(configPath), "logs", "proxy.log"), bounds: routes.DefaultLog()}
}

func (l *proxyLog) open() error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	fd, err := unix.Open(l.path, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return fmt.Errorf("%s is a symbolic link; remove it", l.path)
	}
	if err != nil {
		return &fs.PathError{Op: "open", Path: l.path, Err: err}
	}
	f := os.NewFile(uintptr(fd), l.path)
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file; remove it", l.path)
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = f.Chmod(0o600) // made by someone else's tool; it holds what was asked when
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	l.file, l.info, l.size, l.torn = f, info, info.Size(), l.torn && info.Size() > 0
	return nil
}

// add puts a line into the next write.
func (l *proxyLog) add(at time.Time, line string) {
	l.pending = append(l.pending, "time="...)
	l.pending = at.AppendFormat(l.pending, "2006-01-02T15:04:05.000Z07:00")
	l.pending = append(l.pending, ' ')
	l.pending = append(l.pending, line...)
	l.pending = append(l.pending, '\n')
}

// flush appends the lines that were added in one write, so that lines of two
// processes never mix.
func (l *proxyLog) flush(now time.Time) error {
	if len(l.pending) == 0 {
		return nil
	}
	lines := l.pending
	l.pending = l.pending[:0]
	if cap(lines) > maxPending {
		l.pending = nil
	}
	if l.file != nil && now.Sub(l.checked) >= recheck {
		l.checked = now
		if there, err := os.Lstat(l.path); err != nil || !os.SameFile(there, l.info) {
			l.close()
		}
	}
	if l.file == nil {
		if err := l.open(); err != nil {
			return err
		}
		l.checked = now
	}
	if l.size > 0 && l.size+int64(len(lines)) > l.bounds.MaxBytes {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	if l.torn {
		lines = append([]byte{'\n'}, lines...)
	}
	n, err := l.file.Write(lines)
	l.size += int64(n)
	if n > 0 {
		l.torn = lines[n-1] != '\n'
	}
	return err
}

// rotate makes room: each log takes the place of the one that is older. Another
// engine of the profile, in its drain, may have done so already; then there is
// only a new file to open.
func (l *proxyLog) rotate() error {
	there, err := os.Lstat(l.path)
	if err == nil && os.SameFile(there, l.info) {
		for n := l.bounds.Keep; n > 1; n-- {
			if err := os.Rename(logfile.Older(l.path, n-1), logfile.Older(l.path, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if l.bounds.Keep == 0 {
			err = os.Remove(l.path)
		} else {
			err = os.Rename(l.path, logfile.Older(l.path, 1))
		}
		if err != nil {
			return err
		}
	}
	l.close()
	return l.open()
}

// bound sets the bounds, and removes older logs that are beyond them: of an engine
// before this one, too.
func (l *proxyLog) bound(to routes.Log) error {
	if l.bounded && to == l.bounds {
		return nil
	}
	l.bounds, l.bounded = to, true
	for n := to.Keep + 1; ; n++ {
		err := os.Remove(logfile.Older(l.path, n))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (l *proxyLog) close() {
	if l.file != nil {
		_ = l.file.Close() // nothing is buffered that could be lost
		l.file = nil
	}
}
