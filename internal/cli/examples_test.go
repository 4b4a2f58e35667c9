package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/ringlet/ringlet/internal/markdown"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// visible calls do for every command that help lists.
func visible(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		if !sub.Hidden && sub.Name() != "help" && sub.Name() != "completion" {
			visible(sub, do)
		}
	}
}

// Every verb about proxies has an example, and every example of every command is
// one that would run.
func TestExamples(t *testing.T) {
	root := newRoot(&env{stdout: io.Discard, stderr: io.Discard})
	for path := range examples() {
		if c, _, err := root.Find(strings.Fields(path)); err != nil || c.CommandPath() != "ringlet "+path {
			t.Errorf("there is no command %q", path)
		}
	}
	visible(root, func(c *cobra.Command) {
		noun, _, _ := strings.Cut(strings.TrimPrefix(c.CommandPath(), "ringlet "), " ")
		if c.Example == "" && !c.HasSubCommands() && (noun == "proxy" || noun == "daemon" || noun == "doctor") {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			for _, words := range markdown.Shell(strings.TrimSpace(line)) {
				if words[0] != "ringlet" {
					continue
				}
				if err := understood(words[1:]); err != nil {
					t.Errorf("%s: the example %q is not accepted: %v", c.CommandPath(), strings.TrimSpace(line), err)
				}
				if !strings.HasPrefix("ringlet "+strings.Join(words[1:], " ")+" ", c.CommandPath()+" ") {
					t.Errorf("%s has %q for an example", c.CommandPath(), strings.TrimSpace(line))
				}
			}
		}
	})
}

// No argument and no flag is completed by file names where none is meant.
func TestCompletionOffersNoFiles(t *testing.T) {
	root := newRoot(&env{stdout: io.Discard, stderr: io.Discard})
	visible(root, func(c *cobra.Command) {
		if c.ValidArgsFunction == nil && !c.HasSubCommands() {
			t.Errorf("%s completes its arguments by file names", c.CommandPath())
		}
		c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
			if _, ok := c.GetFlagCompletionFunc(f.Name); !ok && f.Value.Type() != "bool" && !takesFile(f) {
				t.Errorf("%s --%s is completed by file names", c.CommandPath(), f.Name)
			}
		})
	})
}
