package cli

import (
	"fmt"
	"strings"

	"github.com/ringlet/ringlet/internal/app"
)

// plan prints what create would do.
func (e *env) plan(p app.Plan) error {
	if e.json {
		return e.printJSON(p)
	}
	e.warnings(p.Warnings)
	var b strings.Builder
	for _, f := range p.Files {
		fmt.Fprintf(&b, "%s", f.Path)
		if f.What != "" {
			fmt.Fprintf(&b, " (%s)", f.What)
		}
		b.WriteString("\n")
		if f.Content != "" {
			for line := range strings.Lines(strings.TrimRight(f.Content, "\n") + "\n") {
				b.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
			}
		}
		b.WriteString("\n")
	}
	for i, c := range p.Settings {
		if i == 0 || c.Path != p.Settings[i-1].Path {
			fmt.Fprintf(&b, "%s\n", c.Path)
		}
		if c.Before != "" {
			fmt.Fprintf(&b, "  - %s: %s\n", c.Key, c.Before)
		}
		if c.After != "" {
			fmt.Fprintf(&b, "  + %s: %s\n", c.Key, c.After)
		}
	}
	if _, err := fmt.Fprint(e.stdout, strings.TrimRight(b.String(), "\n")+"\n"); err != nil {
		return err
	}
	for _, n := range p.Notes {
		e.note("note: %s", n)
	}
	e.note("Nothing was written. Without --dry-run this is what would be.")
	return nil
}
