package cli

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/markdown"
	"github.com/spf13/cobra"
)

// TestDocumentedCommands holds every ringlet command that the documentation
// mentions, in a block or in a sentence, against the real command tree: its
// verbs, its flags and the number of its arguments.
func TestDocumentedCommands(t *testing.T) {
	count := 0
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := markdown.Blocks(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		mentions := markdown.Code(string(text))
		for _, b := range blocks {
			for _, c := range b.Commands() {
				mentions = append(mentions, markdown.Found(c))
			}
		}
		for _, m := range mentions {
			for _, words := range markdown.Shell(m.Text) {
				if words[0] != "ringlet" {
					continue
				}
				for _, words := range choices(words) {
					count++
					if err := understood(words[1:]); err != nil {
						t.Errorf("%s:%d: %s: %v", file, m.Line, m.Text, err)
					}
				}
			}
		}
	}
	if count < 30 {
		t.Errorf("only %d commands were found in the documentation", count)
	}
}

// documents are the README and all that is in docs.
func documents(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(list) == 0 {
		t.Fatalf("docs: %v, %v", list, err)
	}
	top, err := filepath.Glob("../../*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(top, list...)
}

// choices writes out words such as enable|disable.
func choices(words []string) [][]string {
	for i, w := range words {
		if strings.Contains(w, "|") && !strings.ContainsAny(w, " [") {
			var out [][]string
			for _, one := range strings.Split(w, "|") {
				out = append(out, choices(slices.Concat(words[:i], []string{one}, words[i+1:]))...)
			}
			return out
		}
	}
	return [][]string{words}
}

// understood parses a command line without running it. With an ellipsis the
// arguments are not counted, and a noun alone is a mention of the noun.
func understood(args []string) error {
	root := newRoot(&env{stdout: io.Discard, stderr: io.Discard})
	whole := len(args)
	args = slices.DeleteFunc(args, func(a string) bool { return a == "…" || a == "..." })
	short := len(args) < whole
	c, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil {
		return c.FlagErrorFunc()(c, err)
	}
	if c.HasSubCommands() {
		return help(quiet(c), c.Flags().Args())
	}
	if short || len(c.Flags().Args()) == 0 { // "ringlet proxy restart" is the verb, not what is typed
		return nil
	}
	return c.ValidateArgs(c.Flags().Args())
}

func quiet(c *cobra.Command) *cobra.Command {
	c.SetOut(io.Discard)
	return c
}
