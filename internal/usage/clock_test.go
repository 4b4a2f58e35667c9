package usage

import (
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A clock that is set to another month and back costs no record: each is in the
// file of its own month, and is found by its own time.
func TestAClockThatJumps(t *testing.T) {
	dir := t.TempDir()
	l := NewLog(dir)
	t.Cleanup(l.Close)
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.Local)
	jumps := []time.Time{now, now.AddDate(0, 2, 0), now.Add(time.Second), now.AddDate(-1, 0, 0), now.Add(2 * time.Second)}
	for _, when := range jumps {
		if err := l.Append(at(when, "a/m")); err != nil {
			t.Fatal(err)
		}
	}
	files, err := months(dir, time.Time{})
	for i, path := range files {
		files[i] = filepath.Base(path)
	}
	if err != nil || !slices.Equal(files, []string{"2025-11.jsonl", "2026-11.jsonl", "2027-01.jsonl"}) {
		t.Errorf("%q, %v", files, err)
	}
	for since, want := range map[time.Time]int{{}: 5, now: 4, now.AddDate(0, 1, 0): 1} {
		got := 0
		if err := Read(dir, since, func(Record) { got++ }, func(b *BadLine) { t.Error(b) }); err != nil || got != want {
			t.Errorf("since %v: %d records, %v; want %d", since, got, err, want)
		}
	}
}
