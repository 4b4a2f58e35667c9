package providers

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var updateDocs = flag.Bool("update", false, "write the table in docs/providers.md anew")

// TestDocumented holds the table of docs/providers.md against the catalogue.
func TestDocumented(t *testing.T) {
	const path, begin, end = "../../docs/providers.md", "-update -->\n", "<!-- end -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", path)
	}
	want := before + begin + table(builtIn(t)) + end + after
	if *updateDocs {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("the table is not what the catalogue says; run: go test ./internal/providers -run Documented -update")
	}
}

func table(c *Catalogue) string {
	var b strings.Builder
	b.WriteString("\n| id | name | formats | key variable |\n|---|---|---|---|\n")
	for _, p := range c.List() {
		var formats []string
		order := []string{Messages, Chat, Responses}
		if len(p.Formats) == 1 {
			order = p.Formats[0].Formats
		}
		for _, f := range order {
			if _, ok := p.Endpoints[p.DefaultEndpoint][f]; ok {
				formats = append(formats, f)
			}
		}
		key := "`" + p.AuthEnv + "`"
		switch {
		case p.AuthHeader == AWS:
			key += ", or AWS credentials"
		case p.AuthHeader == Google:
			key = "Google credentials"
		case p.AuthHeader == Client:
			key = "the agent's own login"
		case p.AuthHeader == NoAuth:
			key = "none"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.ID, p.Name, strings.Join(formats, ", "), key)
	}
	b.WriteString("\n")
	return b.String()
}
