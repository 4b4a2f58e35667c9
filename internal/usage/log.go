package usage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ringlet/ringlet/internal/safefile"
)

// Dir is the folder of a profile's usage files; engineDir is the one that its
// config.yaml lies in.
func Dir(engineDir string) string { return filepath.Join(engineDir, "usage") }

const month = "2006-01" // the name of a file, in local time

// Log appends records to the files in one folder. It is used by one goroutine;
// other processes may append to the same files.
type Log struct {
	dir     string
	name    string // of the open file
	file    *os.File
	info    fs.FileInfo // of file
	checked time.Time   // when the path was last compared with file
	torn    bool        // the file does not end with a line break
}

// recheck is how often the path is compared with the open file, which somebody
// may have moved away.
const recheck = time.Second

// NewLog is a log in dir, which is made when it is needed.
func NewLog(dir string) *Log { return &Log{dir: dir} }

// Append writes the record as one line, in one write, into the file of its
// month. A line that was cut short by a full disk stays one bad line: the next
// one begins anew.
func (l *Log) Append(r Record) error {
	line, err := encode(r)
	if err != nil {
		return err
	}
	if err := l.use(r.Time.Local().Format(month)+".jsonl", r.Time); err != nil {
		return err
	}
	if l.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := l.file.Write(line)
	if n > 0 {
		l.torn = n < len(line)
	}
	return err
}

func encode(r Record) ([]byte, error) {
	if r.Tried == nil {
		r.Tried = []string{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil { // ends with a line break
		return nil, fmt.Errorf("encode a usage record: %w", err)
	}
	return b.Bytes(), nil
}

// use makes name the open file.
func (l *Log) use(name string, now time.Time) error {
	path := filepath.Join(l.dir, name)
	if l.file != nil && (name != l.name || now.Sub(l.checked) >= recheck) {
		l.checked = now
		if there, err := os.Lstat(path); name != l.name || err != nil || !os.SameFile(there, l.info) {
			l.Close()
		}
	}
	if l.file != nil {
		return nil
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	if err := safefile.CheckDir(l.dir); err != nil {
		return err
	}
	f, err := safefile.OpenAppend(path)
	if err != nil {
		return err
	}
	info, torn, err := inspect(f)
	if err != nil {
		_ = f.Close() // nothing was written
		return err
	}
	l.file, l.name, l.info, l.torn, l.checked = f, name, info, torn, now
	return nil
}

// inspect says whether a file lacks its last line break: its writer was killed,
// or found the disk full.
func inspect(f *os.File) (info fs.FileInfo, torn bool, err error) {
	if info, err = f.Stat(); err != nil || info.Size() == 0 {
		return info, false, err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil {
		return nil, false, err
	}
	return info, last[0] != '\n', nil
}

// Close closes the open file. Nothing is buffered that could be lost.
func (l *Log) Close() {
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}

// months lists the files in dir whose month is not over before since, oldest
// first. A zero since is all of them.
func months(dir string, since time.Time) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	first := since.Local().Format(month)
	for _, e := range entries { // sorted by name, and so by time
		name := e.Name()
		if filepath.Ext(name) != ".jsonl" {
			continue
		}
		m := name[:len(name)-len(".jsonl")]
		if _, err := time.Parse(month, m); err != nil || !since.IsZero() && m < first {
			continue
		}
		out = append(out, filepath.Join(dir, name))
	}
	return out, nil
}
