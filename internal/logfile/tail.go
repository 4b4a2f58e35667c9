package logfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// tail reads a source's files, and goes on where it ended.
type tail struct {
	source Source
	file   *os.File // the newest; nil while there is none
	in     *bufio.Reader
	at     int64  // bytes read of file
	part   string // a line whose end has not come yet
	last   Line   // the line before
	timed  bool   // a line of file had a time of its own
}

// begin reads all that is there, oldest first. The files are opened in the other
// order: what a rotation moves meanwhile is then seen twice, and not missed.
func (t *tail) begin(line func(Line)) error {
	var files []*os.File
	defer func() {
		for _, f := range files {
			if f != t.file {
				_ = f.Close() // it was only read
			}
		}
	}()
	for n := 0; n <= t.source.Kept; n++ {
		f, err := open(t.source, n)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		if n > 0 && len(files) > 0 && same(f, files[len(files)-1]) {
			_ = f.Close() // it was only read
			continue
		}
		if n == 0 {
			t.file = f
		}
		files = append(files, f)
	}
	newest := t.file
	for _, f := range slices.Backward(files) {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		t.take(f)
		if err := t.rest(info.ModTime(), line); err != nil {
			return err
		}
		if f != newest {
			t.ends(info.ModTime(), line)
		}
	}
	t.file = newest
	return nil
}

// open opens the file of a source (0), or an older one; nil when it is not there.
func open(s Source, n int) (*os.File, error) {
	path := s.Path
	if n > 0 {
		path = Older(path, n)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}

func same(a, b *os.File) bool {
	one, err := a.Stat()
	if err != nil {
		return false
	}
	other, err := b.Stat()
	return err == nil && os.SameFile(one, other)
}

// take makes f the file that is read, from its beginning.
func (t *tail) take(f *os.File) {
	t.file, t.in, t.at, t.timed = f, bufio.NewReader(f), 0, false
}

// rest reads what has come to the open file. at is for lines without a time.
func (t *tail) rest(at time.Time, line func(Line)) error {
	for {
		text, err := t.in.ReadString('\n')
		t.at += int64(len(text))
		t.part += text
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t.ends(at, line)
	}
}

// ends passes on a line that has its end, or gets none.
func (t *tail) ends(at time.Time, line func(Line)) {
	if t.part == "" {
		return
	}
	if !t.timed {
		t.last.Time = at
	}
	t.last = Parse(strings.TrimRight(t.part, "\r\n"), t.last)
	t.last.Name, t.last.Path = t.source.Name, t.source.Path
	t.timed = t.timed || t.last.Timed
	t.part = ""
	line(t.last)
}

// more reads what has come since, to the file and to the one that has taken its
// place.
func (t *tail) more(line func(Line)) error {
	now := time.Now()
	if t.file != nil {
		if err := t.rest(now, line); err != nil {
			return err
		}
	}
	there, err := os.Stat(t.source.Path)
	if err != nil {
		return nil // moved away; a new one will come
	}
	if t.file == nil {
		return t.next(0, now, line)
	}
	have, err := t.file.Stat()
	switch {
	case err != nil:
		return err
	case !os.SameFile(have, there):
		return t.exchanged(have, now, line)
	case have.Size() < t.at: // it was cut to nothing
		t.ends(now, line)
		if _, err := t.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		t.take(t.file)
		return t.rest(now, line)
	}
	return nil
}

// exchanged goes on with the files that have taken the place of the open one:
// more than one where nobody looked for long, as when the reader was suspended.
func (t *tail) exchanged(have fs.FileInfo, now time.Time, line func(Line)) error {
	// What was written between the last look and the exchange.
	if err := t.rest(now, line); err != nil {
		return err
	}
	newer := 0 // how many older files are newer than the open one
	for n := 1; n <= t.source.Kept; n++ {
		if info, err := os.Stat(Older(t.source.Path, n)); err == nil && os.SameFile(have, info) {
			newer = n - 1
		}
	}
	for n := newer; n >= 0; n-- {
		if err := t.next(n, now, line); err != nil {
			return err
		}
	}
	return nil
}

// next goes on with the file (0), or an older one, from its beginning.
func (t *tail) next(n int, now time.Time, line func(Line)) error {
	f, err := open(t.source, n)
	if err != nil || f == nil {
		return err
	}
	t.ends(now, line)
	t.close()
	t.take(f)
	return t.rest(now, line)
}

func (t *tail) close() {
	if t.file != nil {
		_ = t.file.Close() // it was only read
		t.file = nil
	}
}
