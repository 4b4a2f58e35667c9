package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOldProgram(t *testing.T) {
	there := filepath.Join(t.TempDir(), "ringlet")
	if err := os.WriteFile(there, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(t.TempDir(), "ringlet")
	for _, c := range []struct {
		path string
		err  error
		want string
	}{
		{path: there},
		{err: errors.New("no such process")},
		{path: there + " (deleted)", want: "still runs the " + there + " that was replaced"},
		{path: there + ".dpkg-tmp (deleted)", want: "still runs the " + there + " that was replaced"},
		{path: gone + " (deleted)", want: "runs from " + gone + ", which is not there any more"},
	} {
		got := oldProgram("work", 7, func(int) (string, error) { return c.path, c.err })
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("of %q (%v) it says %q, not %q", c.path, c.err, got, c.want)
		}
	}
}
