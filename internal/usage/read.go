package usage

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ringlet/ringlet/internal/safefile"
)

// BadLine is a line of a usage file that is no record. It is left out of sums.
type BadLine struct {
	Path string
	Line int // from 1
	Err  error
}

func (e *BadLine) Error() string {
	return fmt.Sprintf("%s:%d: this line is no usage record: %v", e.Path, e.Line, e.Err)
}

func (e *BadLine) Unwrap() error { return e.Err }

// maxLine bounds a line that is read, in bytes; a record is some 500 long.
const maxLine = 1 << 20

// Read hands the records in dir from since on (all for a zero since) to take, in
// the order in which they were written: nearly, but not exactly, by time. A line
// that is no record goes to bad, and reading goes on. A folder that is not there
// has no records. A last line without its end is being written just now: it is
// left for the next time.
func Read(dir string, since time.Time, take func(Record), bad func(*BadLine)) error {
	if err := safefile.CheckDir(dir); err != nil {
		return err
	}
	files, err := months(dir, since)
	if err != nil {
		return err
	}
	for _, path := range files {
		if err := readFile(path, since, take, bad); err != nil {
			return err
		}
	}
	return nil
}

func readFile(path string, since time.Time, take func(Record), bad func(*BadLine)) error {
	f, err := safefile.Open(path, false)
	if errors.Is(err, os.ErrNotExist) {
		return nil // moved away since the folder was read
	}
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 64<<10)
	for n := 1; ; n++ {
		line, whole, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if !whole {
			bad(&BadLine{path, n, fmt.Errorf("it is longer than %d bytes", maxLine)})
			continue
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue // what follows a line that was cut short
		}
		r, err := parse(line)
		switch {
		case err != nil:
			bad(&BadLine{path, n, err})
		case since.IsZero() || !r.Time.Before(since):
			take(r)
		}
	}
}

// readLine reads up to a line break. whole is false for a line that is too long,
// of which nothing is kept.
func readLine(in *bufio.Reader) (line []byte, whole bool, err error) {
	whole = true
	for {
		part, err := in.ReadSlice('\n')
		if whole = whole && len(line)+len(part) <= maxLine; whole {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, whole, err
		}
	}
}

// parse reads a line. Fields that it does not know are a later version's.
func parse(line []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return Record{}, err
	}
	if r.Time.IsZero() || r.Outcome == "" {
		return Record{}, errors.New("it has no time or no outcome")
	}
	for name, n := range map[string]*int64{"input_tokens": r.Input, "output_tokens": r.Output,
		"cache_read_tokens": r.CacheRead, "cache_write_tokens": r.CacheWrite} {
		if n != nil && *n < 0 {
			return Record{}, fmt.Errorf("%s is negative", name)
		}
	}
	return r, nil
}
