package service

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

// What a hand changed is kept, each edition once and five at most; what ringlet
// wrote is kept once, and goes with the unit.
func TestBackups(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "backup")
	var told []Kept
	b := newBackups(ConnectOptions{Backups: dir, Kept: func(k Kept) { told = append(told, k) }}, slog.New(slog.DiscardHandler))
	const name = "ringlet-proxy@work.service"
	path := "/units/" + name
	names := func() (out []string) {
		entries, err := os.ReadDir(dir)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(b.replacing(ctx, path, nil, false))
	step(b.removing(ctx, path, nil, false))
	if got := names(); got != nil {
		t.Fatalf("kept %q of nothing", got)
	}
	for n := range 3 {
		step(b.replacing(ctx, path, fmt.Appendf(nil, "written %d", n), false))
	}
	if got := names(); len(got) != 1 || got[0] != name+".previous" || len(told) > 0 {
		t.Fatalf("kept %q, told %v", got, told)
	}
	for n := range 7 {
		for range 2 { // the second time it is there already
			step(b.replacing(ctx, path, fmt.Appendf(nil, "edited %d", n), true))
		}
	}
	want := []string{name + ".edited-3", name + ".edited-4", name + ".edited-5", name + ".edited-6", name + ".edited-7", name + ".previous"}
	if got := names(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("kept %q", got)
	}
	if last := told[len(told)-1]; last != (Kept{Path: path, Backup: filepath.Join(dir, name+".edited-7")}) {
		t.Errorf("told %+v", last)
	}
	for file, text := range map[string]string{".edited-3": "edited 2", ".edited-7": "edited 6", ".previous": "written 2"} {
		if got, err := os.ReadFile(filepath.Join(dir, name+file)); err != nil || string(got) != text {
			t.Errorf("%s holds %q, %v", file, got, err)
		}
	}
	step(b.removing(ctx, path, []byte("the last edit"), true))
	if last := told[len(told)-1]; !last.Removed || last.Backup != filepath.Join(dir, name+".edited-8") {
		t.Errorf("told %+v", last)
	}
	want = []string{name + ".edited-4", name + ".edited-5", name + ".edited-6", name + ".edited-7", name + ".edited-8"}
	if got := names(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("kept %q", got)
	}
}

// Without a folder nothing is kept, and the edit is told of all the same.
func TestBackupsWithoutAFolder(t *testing.T) {
	var told []Kept
	b := newBackups(ConnectOptions{Kept: func(k Kept) { told = append(told, k) }}, slog.New(slog.DiscardHandler))
	for _, edited := range []bool{false, true} {
		if err := b.replacing(t.Context(), "/units/x.service", []byte("x"), edited); err != nil {
			t.Fatal(err)
		}
		if err := b.removing(t.Context(), "/units/x.service", []byte("x"), edited); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 2 || told[0] != (Kept{Path: "/units/x.service"}) {
		t.Errorf("told %+v", told)
	}
}
