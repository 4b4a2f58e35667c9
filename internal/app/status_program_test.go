package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/service"
)

func TestOldProgram(t *testing.T) {
	there := filepath.Join(t.TempDir(), "ringlet")
	if err := os.WriteFile(there, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(t.TempDir(), "ringlet")
	for _, c := range []struct {
		unit, path string
		asleep     bool
		err        error
		want       string
	}{
		{unit: there, path: there},
		{path: there},
		{unit: there, asleep: true},
		{unit: there, err: errors.New("no such process")},
		{unit: there, path: there + " (deleted)", want: "still runs the " + there + " that was replaced"},
		{unit: there, path: there + ".dpkg-tmp (deleted)", want: "still runs the " + there + " that was replaced"},
		{unit: there, path: gone + " (deleted)", want: "runs from " + gone + ", which is not there any more"},
		{unit: gone, path: gone + " (deleted)", want: "its unit starts " + gone + ", which is not there any more"},
		{unit: gone, asleep: true, want: "its unit starts " + gone + ", which is not there any more"},
	} {
		st := service.State{Program: c.unit, PID: 7}
		if c.asleep {
			st.PID = 0
		}
		got := oldProgram("work", "unit", st, func(int) (string, error) { return c.path, c.err })
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) || c.want != "" && !strings.Contains(got, "ringlet proxy restart work") {
			t.Errorf("of %+v it says %q", c, got)
		}
	}
}
