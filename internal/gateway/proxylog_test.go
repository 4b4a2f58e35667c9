package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A full log makes room for a new one; three files are kept, each readable by the
// user only, and no line is cut.
func TestProxyLogRotates(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	l := newProxyLog(config)
	l.most = 1000
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
	for _, path := range append(OldLogs(l.path), l.path) {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() > l.most {
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

// Two engines of a profile, one in its drain, write to one log: neither moves away
// what the other has just begun.
func TestProxyLogRotatedByAnother(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	a, b := newProxyLog(config), newProxyLog(config)
	a.most, b.most = 1000, 1000
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
	b.most = 500                              // b's is full too, and was moved already
	put(b, "goes on "+strings.Repeat("y", 400))
	data, err := os.ReadFile(a.path)
	if err != nil || !strings.Contains(string(data), "moves") || !strings.Contains(string(data), "goes on") {
		t.Errorf("%v: %s", err, data)
	}
	if _, err := os.Stat(OldLog(a.path, 2)); err == nil {
		t.Error("the new file was moved away by the one who had the old one")
	}
}
