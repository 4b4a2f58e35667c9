package logfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// write puts text into a file, anew.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// grow appends to a file.
func grow(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// rotate is what the engine does with a log that is full.
func rotate(t *testing.T, path string) {
	t.Helper()
	for n := Kept; n > 0; n-- {
		from := path
		if n > 1 {
			from = Older(path, n-1)
		}
		if err := os.Rename(from, Older(path, n)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// at is a line of second n.
func at(n int, text string) string {
	return time.Unix(int64(n), 0).UTC().Format("time=2006-01-02T15:04:05.000Z ") + text + "\n"
}

// messages are the messages of lines with the names of their sources.
func messages(lines []Line) string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Name+":"+l.Message)
	}
	return strings.Join(out, " ")
}

func read(t *testing.T, o Options, sources ...Source) string {
	t.Helper()
	var lines []Line
	if err := Read(t.Context(), sources, o, func(l Line) error { lines = append(lines, l); return nil }); err != nil {
		t.Fatal(err)
	}
	return messages(lines)
}

func TestSeveralLogsAreOneInTheOrderOfTime(t *testing.T) {
	dir := t.TempDir()
	a, b := Source{"a", filepath.Join(dir, "a"), Kept}, Source{"b", filepath.Join(dir, "b"), Kept}
	write(t, Older(a.Path, 2), at(1, "1"))
	write(t, Older(a.Path, 1), at(3, "3")+"trace\n")
	write(t, a.Path, at(5, "5")+at(4, "back")+at(7, "7"))
	write(t, b.Path, at(2, "2")+at(3, "later")+at(6, "6")+"time=no end")
	gone := Source{"gone", filepath.Join(dir, "gone"), Kept}
	const all = "a:1 b:2 a:3 a:trace b:later a:5 a:back b:6 a:7"
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{}, all},
		{Options{Lines: 3}, "a:back b:6 a:7"},
		{Options{Lines: 100}, all},
		{Options{Lines: -1}, ""},
		{Options{Since: time.Unix(5, 0)}, "a:5 b:6 a:7"},
		{Options{Lines: 2, Takes: func(l Line) bool { return l.Name == "b" }}, "b:later b:6"},
	} {
		if got := read(t, tt.o, a, gone, b); got != tt.want {
			t.Errorf("%+v: %s\nwant: %s", tt.o, got, tt.want)
		}
	}
}

// What has no times has those of the file, and of the arrival.
func TestLinesWithoutATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "printed")
	write(t, path, "ringlet: no\nhint: do\n")
	written := time.Unix(1000, 0)
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
	var lines []Line
	log := &tail{source: Source{Path: path}}
	defer log.close()
	take := func(l Line) { lines = append(lines, l) }
	if err := log.begin(take); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if !l.Time.Equal(written) || l.Priority != 3 {
			t.Errorf("%+v", l)
		}
	}
	began := time.Now()
	grow(t, path, "panic: x\n")
	if err := log.more(take); err != nil {
		t.Fatal(err)
	}
	if l := lines[len(lines)-1]; len(lines) != 3 || l.Time.Before(began) || l.Priority != 3 {
		t.Errorf("%+v", lines)
	}
}

// A log is followed wherever it goes: moved, exchanged, cut, gone and back.
func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "proxy.log")
	log := &tail{source: Source{"w", path, Kept}}
	defer log.close()
	var lines []Line
	look := func(want string) {
		t.Helper()
		lines = lines[:0]
		if err := log.more(func(l Line) { lines = append(lines, l) }); err != nil {
			t.Fatal(err)
		}
		if got := messages(lines); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	if err := log.begin(func(Line) { t.Error("there is nothing yet") }); err != nil {
		t.Fatal(err)
	}
	look("")
	grow(t, path, at(1, "first")+"time=2026-11-26T1")
	look("w:first")
	look("")
	grow(t, path, "0:00:00Z second\n")
	look("w:second")
	grow(t, path, at(3, "third"))
	rotate(t, path)
	grow(t, path, at(4, "fourth"))
	look("w:third w:fourth")
	// Twice between two looks.
	grow(t, path, at(5, "fifth"))
	rotate(t, path)
	grow(t, path, at(6, "sixth"))
	rotate(t, path)
	grow(t, path, at(7, "seventh"))
	look("w:fifth w:sixth w:seventh")
	// Moved to where nobody looks, with a line that has no end.
	grow(t, path, at(8, "eighth")+"half")
	if err := os.Rename(path, path+".mine"); err != nil {
		t.Fatal(err)
	}
	look("w:eighth")
	look("")
	grow(t, path, at(9, "ninth"))
	look("w:half w:ninth")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	look("")
	grow(t, path, at(10, "tenth"))
	look("w:tenth")
}

// A rotation between the looks at the old files and at the new one hides nothing:
// whatever is moved meanwhile, each line is read once.
func TestAFileThatIsSeenTwiceIsReadOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "proxy.log")
	write(t, path, at(1, "once"))
	if err := os.Link(path, Older(path, 1)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, Options{}, Source{"w", path, Kept}); got != "w:once" {
		t.Error(got)
	}
}

func TestReadFollows(t *testing.T) {
	dir := t.TempDir()
	a, b := Source{"a", filepath.Join(dir, "a"), Kept}, Source{"b", filepath.Join(dir, "b"), Kept}
	write(t, a.Path, at(1, "1"))
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	enough := errors.New("enough")
	var got []Line
	err := Read(ctx, []Source{a, b}, Options{Follow: true, Takes: func(l Line) bool { return l.Message != "no" }}, func(l Line) error {
		switch got = append(got, l); len(got) {
		case 1: // both between two looks
			grow(t, b.Path, at(2, "2")+at(4, "no"))
			grow(t, a.Path, at(3, "3"))
		case 3:
			cancel(enough)
		}
		return nil
	})
	if !errors.Is(err, enough) || messages(got) != "a:1 b:2 a:3" {
		t.Errorf("%v: %s", err, messages(got))
	}
	stop := errors.New("stop")
	if err := Read(t.Context(), []Source{a}, Options{}, func(Line) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Read(t.Context(), []Source{{"f", filepath.Join(dir, "folder"), 0}}, Options{}, func(Line) error { return nil }); err == nil {
		t.Error("a folder is no log")
	}
}

func TestParse(t *testing.T) {
	var last Line
	for _, tt := range []struct {
		text, time, message string
		priority            int
	}{
		{"a line before any time", "0001-01-01T00:00:00Z", "", 6},
		{"fatal error: all goroutines are asleep", "0001-01-01T00:00:00Z", "", 3},
		{`time=2026-11-26T10:00:00.5Z level=error msg="the new configuration was refused"`, "2026-11-26T10:00:00Z", `level=error msg="the new configuration was refused"`, 3},
		{"goroutine 1 [running]:", "2026-11-26T10:00:00Z", "", 3},
		{`time=2026-11-26T10:00:01Z level=warning msg=x`, "2026-11-26T10:00:01Z", "level=warning msg=x", 4},
		{`time=2026-11-26T10:00:02Z method=POST path=/v1/messages status=200 model="a outcome=failed"`, "2026-11-26T10:00:02Z", `method=POST path=/v1/messages status=200 model="a outcome=failed"`, 6},
		{`time=2026-11-26T10:00:03Z method=POST path=/v1/messages status=529 outcome=failed rule=x`, "2026-11-26T10:00:03Z", "method=POST path=/v1/messages status=529 outcome=failed rule=x", 4},
		{`time=not level=error`, "2026-11-26T10:00:03Z", "", 4},
	} {
		if tt.message == "" {
			tt.message = tt.text
		}
		last = Parse(tt.text, last)
		if got := last.Time.UTC().Format("2006-01-02T15:04:05Z"); got != tt.time || last.Priority != tt.priority || last.Message != tt.message || last.Text != tt.text {
			t.Errorf("%q: %s, %+v", tt.text, got, last)
		}
	}
}

// Whatever is written and however it is cut into pieces, each line comes once.
func FuzzTail(f *testing.F) {
	f.Add("a\nb\n\nc", 2)
	f.Add("time=2026-11-26T10:00:00Z x\r\n\n", 1)
	f.Fuzz(func(t *testing.T, text string, step int) {
		if step < 1 || len(text)/step > 50 {
			return
		}
		path := filepath.Join(t.TempDir(), "log")
		write(t, path, "")
		log := &tail{source: Source{Path: path}}
		defer log.close()
		var got []string
		take := func(l Line) { got = append(got, l.Text) }
		if err := log.begin(take); err != nil {
			t.Fatal(err)
		}
		for rest := text; rest != ""; {
			n := min(step, len(rest))
			grow(t, path, rest[:n])
			rest = rest[n:]
			if err := log.more(take); err != nil {
				t.Fatal(err)
			}
		}
		var want []string
		for line := range strings.Lines(text) {
			if strings.HasSuffix(line, "\n") {
				want = append(want, strings.TrimRight(line, "\r\n"))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q\n%q", got, want)
		}
	})
}

func ExampleOlder() {
	fmt.Println(Older("proxy.log", 1))
	// Output: proxy.log.1
}
