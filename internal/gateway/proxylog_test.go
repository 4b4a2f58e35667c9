package gateway

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/logfile"
	"github.com/ringlet/ringlet/routes"
)

// A full log makes room for a new one; three files are kept, each readable by the
// user only, and no line is cut.
func TestProxyLogRotates(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	l := newProxyLog(config)
	l.bounds.MaxBytes = 1000
	defer l.close()
	now := time.Now()
	const lines = 60
	for i := range lines {
		l.add(now, fmt.Sprintf("level=info msg=%03d %s", i, strings.Repeat("x", 50)))
		if err := l.flush(now); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(l.path))
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d files, %v; three are wanted", len(entries), err)
	}
	next := -1
	for _, path := range []string{logfile.Older(l.path, 2), logfile.Older(l.path, 1), l.path} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() > l.bounds.MaxBytes {
			t.Errorf("%s: %v, %v", path, info, err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			var n int
			if _, err := fmt.Sscanf(line[strings.Index(line, "msg="):], "msg=%d", &n); err != nil || !strings.HasSuffix(line, "x\n") || next >= 0 && n != next {
				t.Fatalf("%s: after %d comes %q, %v", path, next-1, line, err)
			}
			next = n + 1
		}
	}
	if next != lines {
		t.Errorf("the last line is %d, want %d", next-1, lines-1)
	}
}

// Other bounds hold from the next line on; what is beyond them is removed at once.
func TestProxyLogBounds(t *testing.T) {
	l := newProxyLog(filepath.Join(t.TempDir(), "config.yaml"))
	defer l.close()
	now := time.Now()
	files := func() string {
		entries, err := os.ReadDir(filepath.Dir(l.path))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return strings.Join(names, " ")
	}
	for _, step := range []struct {
		to   routes.Log
		want string
	}{
		{routes.Log{MaxBytes: 100, Keep: 4}, "proxy.log proxy.log.1 proxy.log.2 proxy.log.3 proxy.log.4"},
		{routes.Log{MaxBytes: 100, Keep: 1}, "proxy.log proxy.log.1"},
		{routes.Log{MaxBytes: 100, Keep: 0}, "proxy.log"},
		{routes.Log{MaxBytes: 10000, Keep: 3}, "proxy.log"},
		{routes.Log{MaxBytes: 100, Keep: 3}, "proxy.log proxy.log.1 proxy.log.2 proxy.log.3"},
	} {
		if err := l.bound(step.to); err != nil {
			t.Fatal(err)
		}
		for range 8 {
			l.add(now, strings.Repeat("x", 80))
			if err := l.flush(now); err != nil {
				t.Fatal(err)
			}
		}
		if got := files(); got != step.want {
			t.Errorf("with %+v there are %s", step.to, got)
		}
	}
	// Taken back while no engine ran: the next one removes what the last one kept.
	if err := os.WriteFile(logfile.Older(l.path, 4), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	next := newProxyLog(filepath.Join(filepath.Dir(filepath.Dir(l.path)), "config.yaml"))
	if err := next.bound(routes.DefaultLog()); err != nil {
		t.Fatal(err)
	}
	if got := files(); got != "proxy.log proxy.log.1 proxy.log.2" {
		t.Errorf("after the default came back there are %s", got)
	}
}

// Two engines of a profile, one in its drain, write to one log: neither moves away
// what the other has just begun.
func TestProxyLogRotatedByAnother(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	a, b := newProxyLog(config), newProxyLog(config)
	a.bounds.MaxBytes, b.bounds.MaxBytes = 1000, 1000
	defer a.close()
	defer b.close()
	now := time.Now()
	put := func(l *proxyLog, text string) {
		t.Helper()
		l.add(now, text)
		if err := l.flush(now); err != nil {
			t.Fatal(err)
		}
	}
	put(a, "of a "+strings.Repeat("x", 700))
	put(b, "of b")
	put(a, "moves "+strings.Repeat("x", 700)) // a moves the file that b has open
	b.bounds.MaxBytes = 500                   // b's is full too, and was moved already
	put(b, "goes on "+strings.Repeat("y", 400))
	data, err := os.ReadFile(a.path)
	if err != nil || !strings.Contains(string(data), "moves") || !strings.Contains(string(data), "goes on") {
		t.Errorf("%v: %s", err, data)
	}
	if _, err := os.Stat(logfile.Older(a.path, 2)); err == nil {
		t.Error("the new file was moved away by the one who had the old one")
	}
}

// A disk that fills up in the middle of a line costs that line, and not the next
// one as well. A pipe that nobody empties stands for the disk.
func TestProxyLogAfterATornLine(t *testing.T) {
	l := newProxyLog(filepath.Join(t.TempDir(), "config.yaml"))
	defer l.close()
	now := time.Now()
	put := func(text string) error {
		l.add(now, text)
		return l.flush(now)
	}
	if err := put("level=info msg=first"); err != nil {
		t.Fatal(err)
	}
	log := l.file
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	defer in.Close()
	go func() { // ends the write once a part of it is written
		if _, err := out.Read(make([]byte, 1)); err == nil {
			_ = in.SetWriteDeadline(now)
		}
	}()
	l.file = in
	if err := put(strings.Repeat("x", 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a full pipe: %v", err)
	}
	l.file = log
	if err := put("level=info msg=after"); err != nil {
		t.Fatal(err)
	}
	if err := put("level=info msg=last"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(l.path)
	if lines := strings.Split(string(data), "\n"); err != nil || len(lines) != 5 || lines[1] != "" || !strings.HasSuffix(lines[2], "msg=after") || !strings.HasSuffix(lines[3], "msg=last") {
		t.Errorf("%v:\n%s", err, data)
	}
}
