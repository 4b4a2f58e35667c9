//go:build testbed

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// printed are the lines that a command has printed so far.
type printed struct {
	mu    sync.Mutex
	lines []string
}

// watch runs a command that goes on until it is interrupted, which has to be a
// success. With the returned function it is.
func (b *bed) watch(args ...string) (*printed, func()) {
	b.t.Helper()
	cmd := b.command(b.t.Context(), args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	w, read := &printed{}, make(chan struct{})
	go func() {
		defer close(read)
		s := bufio.NewScanner(out)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			w.mu.Lock()
			w.lines = append(w.lines, s.Text())
			w.mu.Unlock()
		}
	}()
	return w, func() {
		b.t.Helper()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			b.t.Error(err)
		}
		<-read
		if err := cmd.Wait(); err != nil {
			b.t.Errorf("ringlet %s: Ctrl-C should end it with 0: %v", strings.Join(args, " "), err)
		}
	}
}

// since are the lines from the nth on.
func (w *printed) since(n int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.lines[min(n, len(w.lines)):]...)
}

// sees waits for a line with the words after the nth.
func (w *printed) sees(t testing.TB, n int, words string) {
	t.Helper()
	eventually(t, patience, func() error {
		lines := w.since(n)
		for _, line := range lines {
			if strings.Contains(strings.Join(strings.Fields(line), " "), words) {
				return nil
			}
		}
		return fmt.Errorf("no %q in:\n%s", words, strings.Join(lines, "\n"))
	})
}

// Every change of state is shown when systemd tells of it; a sleeping engine is
// never woken by being watched.
func TestAcceptanceWatch(t *testing.T) {
	b := newBed(t)
	alias, later := b.alias("watch"), b.alias("watch-later")
	b.create(alias)
	port := b.is(alias, "running").Port
	lines, end := b.watch("proxy", "status", "--watch")
	arrays, endJSON := b.watch("proxy", "status", alias, "--watch", "--json")
	line := fmt.Sprintf("%s %d ", alias, port)
	lines.sees(t, 0, "Profile Port PID Status")
	lines.sees(t, 0, line)

	n := len(lines.since(0))
	b.ok("proxy", "stop", alias)
	lines.sees(t, n, line+"- stopped")
	arrays.sees(t, 0, `"status":"stopped"`)
	n = len(lines.since(0))
	b.ok("proxy", "start", alias)
	lines.sees(t, n, " running 0 ")

	// SIGTERM from outside ends the engine, and the port stays: it sleeps.
	n = len(lines.since(0))
	mustSystemctl(t, "kill", "--signal=TERM", unit(alias)+".service")
	lines.sees(t, n, line+"- listening")
	arrays.sees(t, 0, `"status":"listening"`)
	// The profiles' files are looked at every two seconds: a new one is seen while the
	// other sleeps on.
	b.create(later)
	lines.sees(t, n, later+" ")
	b.ok("profiles", "delete", later, "--force")
	lines.sees(t, n, later+" gone")
	b.is(alias, "listening")

	n = len(lines.since(0))
	b.client(alias, false).answered(t, "any", "first")
	lines.sees(t, n, " running 0 ")
	end()
	endJSON()
	words := map[string]bool{}
	for _, text := range arrays.since(0) {
		var list []bedStatus
		if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 {
			t.Errorf("%v in %s", err, text)
			continue
		}
		words[list[0].Status] = true
	}
	for _, word := range []string{"running", "stopped", "listening"} {
		if !words[word] {
			t.Errorf("no array says %s: %v", word, words)
		}
	}
}

// The journal has the manager's lines and the engine's, of several profiles in one
// order; what a filter leaves of them is what was asked for.
func TestAcceptanceLogs(t *testing.T) {
	b := newBed(t)
	one, two := b.alias("logs-one"), b.alias("logs-two")
	b.create(one)
	b.create(two)
	for _, alias := range []string{one, two} {
		b.client(alias, false).answered(t, "asked-of-"+alias, "first")
		journal(t, alias, func(f map[string]any) bool { return f["RINGLET_MODEL"] == "asked-of-"+alias })
	}
	o := b.ok("proxy", "logs", "--all", "--since", "5 min ago", "--json")
	if !strings.Contains(o.stderr, "from the journal") {
		t.Errorf("it should say where it is from\n%v", o)
	}
	seen, last := map[string]int{}, time.Time{}
	for text := range strings.Lines(o.stdout) {
		var l struct {
			Time                            time.Time
			Profile, Level, Source, Message string
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if l.Time.Before(last) {
			t.Errorf("it is not in the order of time: %s", text)
		}
		last = l.Time
		seen[l.Profile+" "+l.Source]++
	}
	for _, alias := range []string{one, two} {
		if seen[alias+" journal"] == 0 || seen[alias+" manager"] == 0 {
			t.Errorf("of %s something is missing: %v", alias, seen)
		}
	}
	o = b.ok("proxy", "logs", one, two, "--grep", "first/asked-of-"+two)
	if strings.Count(o.stdout, "\n") != 1 || !strings.Contains(o.stdout, "["+two+"] ") {
		t.Errorf("one line is wanted\n%v", o)
	}
	if o := b.ok("proxy", "logs", one, "--level", "error", "--since", "1h"); o.stdout != "" || strings.Contains(o.stderr, "not from the journal") {
		t.Errorf("nothing went wrong, and the journal can be read\n%v", o)
	}
	// Followed with a filter, nothing is missed and nothing told twice.
	followed, end := b.watch("proxy", "logs", one, two, "--follow", "--grep", "asked-of-|after-of-")
	followed.sees(t, 0, "asked-of-"+one)
	for _, alias := range []string{one, two} {
		b.client(alias, false).answered(t, "after-of-"+alias, "first")
		followed.sees(t, 0, "after-of-"+alias)
	}
	end()
	if lines := followed.since(0); len(lines) != 4 {
		t.Errorf("four lines are wanted:\n%s", strings.Join(lines, "\n"))
	}
}

// To be watched does not keep an engine that leaves when it is idle.
func TestAcceptanceWatchedEngineLeaves(t *testing.T) {
	b := newBed(t)
	alias := b.alias("watch-idle")
	b.create(alias)
	lines, end := b.watch("proxy", "status", "--watch")
	n := len(lines.since(0))
	// Longer than the pause between two looks.
	b.ok("proxy", "enable", alias, "--idle", "4s")
	lines.sees(t, n, fmt.Sprintf("%s %d - listening", alias, b.status(alias).Port))
	end()
}
