package doctor

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// docs/doctor.md has the table of checks, row by row, and every check has a row.
func TestDocumentedTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, row := range Table() {
		fixes := row.Fixes
		if fixes == "" {
			fixes = "-"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", row.Name, row.Looks, fixes)
	}
	if !strings.Contains(string(text), "|---|---|---|\n"+want.String()+"\n") {
		t.Errorf("docs/doctor.md is to have this table:\n%s", want.String())
	}
	names := map[string]bool{}
	for _, row := range Table() {
		names[row.Name] = true
	}
	checks := []Check{Permissions{}, Files{}, Disk{}, Manager{}, Linger{}, Units{}, State{}, Ports{}, Engines{}, Binary{}, Config{}, Keys{}, Agents{}, Loop{},
		Environment{}, Upstream{}, Clock{}, Journal{}, Orphans{}}
	for _, c := range checks {
		if !names[c.Name()] {
			t.Errorf("the check %q has no row", c.Name())
		}
		delete(names, c.Name())
	}
	for name := range names {
		t.Errorf("the row %q has no check", name)
	}
}
