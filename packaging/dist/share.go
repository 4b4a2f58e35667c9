package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/ringlet/ringlet/internal/cli"
)

// Where shells look for completions, below a share folder. Debian's zsh reads
// what packages bring from vendor-completions; everybody else's, and what is
// below /usr/local, from site-functions.
const (
	bashCompletion = "bash-completion/completions/ringlet"
	zshCompletion  = "zsh/site-functions/_ringlet"
	fishCompletion = "fish/vendor_completions.d/ringlet.fish"
)

// writeShare writes a man page for every command and the shells' completions
// into a share folder.
func writeShare(dir, version string, at time.Time) error {
	files, err := manPages(cli.Command(), version, at)
	if err != nil {
		return err
	}
	root := cli.Command()
	for name, write := range map[string]func(*bytes.Buffer) error{
		bashCompletion: func(b *bytes.Buffer) error { return root.GenBashCompletionV2(b, true) },
		zshCompletion:  func(b *bytes.Buffer) error { return root.GenZshCompletion(b) },
		fishCompletion: func(b *bytes.Buffer) error { return root.GenFishCompletion(b, true) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		files[name] = b.Bytes()
	}
	return writeFiles(dir, files)
}

// manPages are the man pages by their place in a share folder.
func manPages(root *cobra.Command, version string, at time.Time) (map[string][]byte, error) {
	root.DisableAutoGenTag = true
	files := map[string][]byte{}
	plain := map[*pflag.Flag]bool{} // a command's flags are also those of the commands below it
	var walk func(c *cobra.Command) error
	walk = func(c *cobra.Command) error {
		var b bytes.Buffer
		c.Long, c.Use, c.Short = manText(c.Long), escaped(c.Use), escaped(c.Short)
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !plain[f] {
				f.Usage, plain[f] = escaped(f.Usage), true
			}
		})
		if c == root {
			c.Long += rootSections
		}
		header := &doc.GenManHeader{Section: "1", Date: &at, Source: "ringlet " + version, Manual: "ringlet"}
		if err := doc.GenMan(c, header, &b); err != nil {
			return fmt.Errorf("the man page of %s: %w", c.CommandPath(), err)
		}
		files["man/man1/"+strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"] = b.Bytes()
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() && !sub.IsAdditionalHelpTopicCommand() {
				if err := walk(sub); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return files, walk(root)
}

// rootSections are what ringlet(1) has besides: a heading of the first order is
// a section of its own.
const rootSections = `

# FILES
*~/.config/ringlet/* (or *$XDG_CONFIG_HOME/ringlet/*): profiles, keys, settings, providers of your own.

*~/.AGENT-profiles/ALIAS/.ultrallm/*: a proxy's generated config.yaml, its log, its usage records.

*~/.config/systemd/user/ringlet-proxy@ALIAS.service*, *.socket*, *ringlet.target*: the units.

# EXIT STATUS
0 done, 1 failed, 2 wrong usage, 3 no such profile, rule or provider, 4 the init system refused or cannot be reached.
`

// manText makes Markdown of a help text, in which lines that begin with two
// spaces or a tab are to be typed.
func manText(help string) string {
	var out strings.Builder
	before := false
	for line := range strings.Lines(help) {
		typed := strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t")
		if typed != before {
			out.WriteString("\n")
			before = typed
		}
		if typed {
			line = "    " + strings.TrimSpace(line) + "\n"
		} else {
			line = escaped(line)
		}
		out.WriteString(line)
	}
	return out.String()
}

// escaped is text in which Markdown sees neither tags nor emphasis.
func escaped(text string) string {
	return strings.NewReplacer("<", `\<`, "*", `\*`, "_", `\_`, "`", "\\`").Replace(text)
}

// writeFiles writes files, readable by all, by their names below dir.
func writeFiles(dir string, files map[string][]byte) error {
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
		if err := os.Chmod(path, 0o644); err != nil { // whatever the umask
			return err
		}
	}
	return nil
}
